"""Runs that go on, and the folders they go on in."""

import json
import os
import re
import signal
import sys
import threading

import pytest

from minicrt.cli import main
from minicrt.cli.numbering import numbered_folder
from minicrt.training import Lines
from tests.cli.running import SMALL, assignments, copy_of_run, refused, write_text
from tests.training import tiny


def test_a_finished_run_is_only_shown_again(trained, capsys):
    _, run, printed = trained
    before = {file: file.stat().st_mtime_ns for file in run.iterdir()}
    assert main(["train", "--resume", str(run)]) == 0
    assert printed.endswith(capsys.readouterr().out.replace(str(run), "run"))
    assert before == {file: file.stat().st_mtime_ns for file in run.iterdir()}


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_run_that_is_told_to_end_saves_and_resuming_gives_the_uninterrupted_result(tmp_path, capsys, monkeypatch,
                                                                                    name, code):
    def step(self, step, loss, tokens):
        if step == 3:
            os.kill(os.getpid(), getattr(signal, name))

    text, run = write_text(tmp_path / "colours.txt"), tmp_path / "a run"
    arguments = ["train", "--corpus", str(text), *SMALL, *assignments("steps=9", "evaluations=3")]
    with monkeypatch.context() as patched:
        patched.setattr(Lines, "step", step)
        assert main([*arguments, "--out", str(run)]) == code
    error = capsys.readouterr().err
    assert re.search(rf"^minicrt: stopped after step 3 .*: minicrt train --resume '{run}'$", error, re.MULTILINE)
    assert main(["train", "--resume", str(run), "--quiet"]) == 0
    assert main([*arguments, "--out", str(tmp_path / "whole"), "--quiet"]) == 0
    resumed, whole = (json.loads((folder / "summary.json").read_text(encoding="utf-8"))
                      for folder in (run, tmp_path / "whole"))
    assert resumed["steps"] == 9 and tiny.without_times(resumed) == tiny.without_times(whole)


def test_the_next_folder_counts_on(tmp_path):
    with numbered_folder(tmp_path / "runs", "ptb-tiny") as folder:
        assert folder == tmp_path / "runs" / "ptb-tiny-001" and folder.is_dir()
    for name in ("ptb-tiny-002", "ptb-tiny-x", "ptb-tiny-large-007", "other-009"):
        (tmp_path / name).mkdir()
    with numbered_folder(tmp_path, "ptb-tiny") as folder:
        assert folder == tmp_path / "ptb-tiny-003"


def test_a_numbered_folder_stays_where_something_is_in_it(tmp_path):
    for _ in range(2):
        with numbered_folder(tmp_path / "runs", "a") as folder:
            pass
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), numbered_folder(tmp_path / "runs", "a") as folder:
        (folder / "config.toml").touch()
        raise KeyboardInterrupt
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a-001"]


def test_several_at_once_have_a_number_each(tmp_path):
    folders, start = [], threading.Barrier(8)

    def work():
        start.wait()
        with numbered_folder(tmp_path / "runs", "a") as folder:
            folders.append(folder.name)
            (folder / "config.toml").touch()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(folders) == [f"a-{number:03}" for number in range(1, 9)]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_parent_that_is_no_folder_is_an_error(tmp_path):
    (tmp_path / "runs").symlink_to("nothing")
    with pytest.raises(OSError, match="exists"), numbered_folder(tmp_path / "runs", "a"):
        pass


def test_torn_pictures_and_samples_are_made_again(trained, tmp_path, capsys):
    run = copy_of_run(trained[1], tmp_path)
    whole = {name: (run / name).read_bytes() for name in ("curves.png", "sample.txt")}
    for name, data in whole.items():
        (run / name).write_bytes(data[:len(data) // 2])
    assert main(["train", "--resume", str(run)]) == 0
    assert "warning" not in capsys.readouterr().err
    assert {name: (run / name).read_bytes() for name in whole} == whole


def test_a_finished_run_is_trained_on(trained, tmp_path, capsys):
    _, run, _ = trained
    copy = copy_of_run(run, tmp_path)
    before = (copy / "curves.png").read_bytes()
    assert main(["train", "--resume", str(copy), "--epochs", "4"]) == 0
    captured = capsys.readouterr()
    assert "(4 epochs) by the schedule of a run of that length" in captured.err
    assert "\n4.00 epochs in " in captured.out and (copy / "curves.png").read_bytes() != before
    assert "steps in all; give more" in refused(capsys, "train", "--resume", copy, "--set", "steps=3")
    assert "got --seed and --set width" in refused(capsys, "train", "--resume", copy, "--seed", "1", "--set", "width=8")
    assert "both given" in refused(capsys, "train", "--resume", copy, "--epochs", "9", "--set", "epochs=8")
