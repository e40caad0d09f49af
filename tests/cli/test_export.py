import json
import sys

import pytest

from minicrt.cli import main
from tests.cli.running import SMALL, refused, write_text


def test_a_c_program_is_a_new_folder(trained, tmp_path, capsys):
    _, run, _ = trained
    assert main(["export", str(run), "--format", "c", "--out", str(tmp_path / "device")]) == 0
    assert {path.name for path in (tmp_path / "device").iterdir()} == {"model.h", "model.c", "vocabulary.h", "main.c"}
    assert [path.name for path in tmp_path.iterdir()] == ["device"]
    assert "to compile it: cc -std=c99" in capsys.readouterr().out


def test_an_onnx_file_holds_the_vocabulary(trained, tmp_path, capsys):
    onnx = pytest.importorskip("onnx")
    _, run, _ = trained
    assert main(["export", str(run), "--format", "onnx", "--out", str(tmp_path / "model.onnx")]) == 0
    model = onnx.load(tmp_path / "model.onnx")
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert set(json.loads(properties["vocabulary"])) >= {"red", "green", "blue", "<unk>"}
    assert properties["segment_length"] == "5" and json.loads(properties["model"])["model"] == "crt"
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"] and "bytes" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["onnx", "c"])
def test_nothing_is_written_over(form, trained, tmp_path, capsys):
    _, run, _ = trained
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder"):
        assert "is there already" in refused(capsys, "export", run, "--format", form, "--out", tmp_path / name)
    assert "is no folder" in refused(capsys, "export", run, "--format", form, "--out", tmp_path / "no" / "x")
    assert "can have no such name" in refused(capsys, "export", run, "--format", form, "--out", f"{tmp_path}/a\0b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine" and not list((tmp_path / "folder").iterdir())


def test_without_onnx_a_line_says_what_to_install(trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    error = refused(capsys, "export", trained[1], "--format", "onnx", "--out", tmp_path / "model.onnx")
    assert "pip install 'minicrt[export]'" in error and not list(tmp_path.iterdir())


def test_another_model_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = write_text(tmp_path / "colours.txt")
    assert main(["train", "--corpus", str(text), "--epochs", "1", "--out", "run", *SMALL, "--set", "model=rmt"]) == 0
    capsys.readouterr()
    assert "setting `model`" in refused(capsys, "export", "run", "--format", "c", "--out", "device")
    assert not (tmp_path / "device").exists()


def test_what_is_asked_for_is_checked(trained, capsys, tmp_path):
    assert "--format" in refused(capsys, "export", trained[1], "--out", tmp_path / "x")
    assert "invalid choice" in refused(capsys, "export", trained[1], "--format", "tflite", "--out", tmp_path / "x")
    assert "empty text" in refused(capsys, "export", trained[1], "--format", "c", "--out", "")
