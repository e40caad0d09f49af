"""Runs that go on, and the folders they go on in."""

import json
import os
import signal
import subprocess
import time

import pytest

from minicrt.cli import main
from minicrt.cli.train import next_folder
from minicrt.training import Lines
from tests.cli.running import SMALL, assignments, command, environment, run_minicrt, write_text


def test_a_finished_run_is_only_shown_again(trained, capsys):
    _, run, printed = trained
    before = {file: file.stat().st_mtime_ns for file in run.iterdir()}
    assert main(["train", "--resume", str(run)]) == 0
    assert printed.endswith(capsys.readouterr().out.replace(str(run), "run"))
    assert before == {file: file.stat().st_mtime_ns for file in run.iterdir()}


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_saves_and_resuming_gives_the_uninterrupted_result(tmp_path):
    text = write_text(tmp_path / "colours.txt")
    arguments = ["train", "--corpus", text, *SMALL, *assignments("steps=400", "evaluations=20")]
    whole = run_minicrt(*arguments, "--out", "whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr

    process = subprocess.Popen(command(*arguments, "--out", "cut"), cwd=tmp_path, env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    while not (tmp_path / "cut" / "metrics.jsonl").exists():             # after 20 of 400 steps
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert error.splitlines()[-1].startswith("minicrt: stopped after step ")
    assert error.splitlines()[-1].endswith("minicrt train --resume cut")

    resumed = run_minicrt("train", "--resume", "cut", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    first, second = (json.loads((tmp_path / run / "summary.json").read_text(encoding="utf-8"))
                     for run in ("whole", "cut"))
    for measured in ("seconds", "tokens_per_second"):
        first.pop(measured), second.pop(measured)
    assert first == second


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_run_that_is_told_to_end_saves_and_says_how_to_go_on(tmp_path, capsys, monkeypatch, name, code):
    def step(self, step, loss, tokens):
        if step == 3:
            os.kill(os.getpid(), getattr(signal, name))

    monkeypatch.setattr(Lines, "step", step)
    text, run = write_text(tmp_path / "colours.txt"), tmp_path / "a run"
    assert main(["train", "--corpus", str(text), *SMALL, *assignments("steps=9"), "--out", str(run)]) == code
    error = capsys.readouterr().err
    assert error.startswith("minicrt: stopped after step 3 ") and error.endswith(f": minicrt train --resume '{run}'\n")
    monkeypatch.undo()
    assert main(["train", "--resume", str(run), "--quiet"]) == 0
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))["steps"] == 9


def test_next_folder_counts_on(tmp_path):
    assert next_folder(tmp_path / "runs", "ptb-tiny") == tmp_path / "runs" / "ptb-tiny-001"
    for name in ("ptb-tiny-002", "ptb-tiny-x", "ptb-tiny-large-007", "other-009"):
        (tmp_path / name).mkdir()
    assert next_folder(tmp_path, "ptb-tiny") == tmp_path / "ptb-tiny-003"
