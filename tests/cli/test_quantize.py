"""`minicrt quantize`: the run that it makes, the table, and what takes such a run or refuses it"""

import re
import shutil

import pytest

from minicrt.cli import main
from minicrt.training import load_run
from tests.cli.running import copy_of_run, refused


@pytest.fixture(autouse=True)
def a_short_measurement(monkeypatch):
    for name in ("WARM", "LONG"):
        monkeypatch.setattr(f"minicrt.accounting.measured.{name}", 0.0)


@pytest.fixture(scope="module")
def quantised(trained, tmp_path_factory):
    """The run of 8 bits"""
    folder = tmp_path_factory.mktemp("quantised") / "small"
    assert main(["quantize", str(trained[1]), "--bits", "8", "--out", str(folder), "--engine", "numpy"]) == 0
    return folder


@pytest.mark.parametrize("bits", [8, 4])
def test_the_table_says_size_perplexity_and_time(trained, tmp_path, capsys, bits):
    folder = tmp_path / "small"
    assert main(["quantize", str(trained[1]), "--bits", str(bits), "--out", str(folder), "--engine", "numpy"]) == 0
    out = capsys.readouterr().out
    file = folder / "quantised.safetensors"
    assert f"{file}: {file.stat().st_size:,} bytes" in out
    stays = r"float32 stay \d+ of 1,438 values, [\d.]+ %: .*blocks\.\*\.attention\.b_qkv"
    assert re.search(stays, " ".join(out.split()))
    assert re.search(rf"\n +float32 +{bits} bits\nweights, bytes +5,752 +[12],\d+   1 / [23]\.\d\d\n", out)
    perplexities = re.search(r"validation perplexity +([\d.]+) +([\d.]+)   [+-][\d.]+ %\n", out).groups()
    assert re.search(r"milliseconds per token +[\d.]+ +[\d.]+   [\d.]+ times as fast\n", out)
    for run, said in zip((trained[1], folder), perplexities):
        assert main(["eval", str(run), "--engine", "numpy"]) == 0
        assert f"valid perplexity {said} " in capsys.readouterr().out


def test_what_reads_a_run_takes_it(quantised, capsys):
    for arguments in (["generate", quantised, "--tokens", "3"], ["info", quantised / "quantised.safetensors"],
                      ["surprise", quantised, __file__]):
        assert main([*map(str, arguments), "--engine", "numpy"]) == 0
    out = capsys.readouterr().out
    assert f"{quantised / 'quantised.safetensors'}: weights of step" in out and ", quantised to 8 bits\n" in out
    assert "a training step's memory" not in out


def test_it_is_not_trained(trained, quantised, capsys):
    for more in ([], ["--epochs", "9"]):
        assert "is quantised, and such weights are neither" in refused(capsys, "train", "--resume", quantised, *more)
    assert "exists and is not an empty folder" in refused(capsys, "train", "--corpus", trained[0], "--out", quantised)
    assert "--dynamic trains the weights" in refused(capsys, "eval", quantised, "--dynamic")
    assert "has weights of 8 bits already" in refused(capsys, "quantize", quantised, "--bits", 4, "--out", "other")
    assert [file.name for file in quantised.iterdir()] == ["quantised.safetensors"]


@pytest.mark.parametrize("options, words", [
    (["--bits", "3", "--out", "x"], "invalid choice"), (["--out", "x"], "required: --bits"),
    (["--bits", "8"], "required: --out"), (["--bits", "8", "--out", ""], "empty text"),
    (["--bits", "8", "--out", "x", "--data-dir"], "--data-dir")])
def test_half_a_command_is_refused(trained, options, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert words in refused(capsys, "quantize", trained[1], *options)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays(trained, capsys):
    before = {file: file.read_bytes() for file in trained[1].iterdir()}
    assert "not an empty folder" in refused(capsys, "quantize", trained[1], "--bits", 8, "--out", trained[1])
    assert "not an empty folder" in refused(capsys, "quantize", trained[1], "--bits", 8, "--out", trained[0])
    assert before == {file: file.read_bytes() for file in trained[1].iterdir()}


def test_without_its_corpus_a_run_is_quantised_and_said_to_be_unmeasured(trained, tmp_path, capsys):
    run = copy_of_run(trained[1], tmp_path)
    text = tmp_path / "moved.txt"
    shutil.copy(trained[0], text)
    content = trained[0].read_text(encoding="utf-8")
    trained[0].unlink()
    try:
        assert main(["quantize", str(run), "--bits", "8", "--out", str(tmp_path / "small"), "--engine", "numpy"]) == 0
    finally:
        trained[0].write_text(content, encoding="utf-8")
    out, error = capsys.readouterr()
    assert "validation is not measured: " in error and "milliseconds per token" in out and "perplexity" not in out
    assert load_run(tmp_path / "small").parameters.bits == 8
