"""Standard streams that are closed or full, and a Ctrl-C before there is anything to interrupt"""

import io
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from tqdm import TMonitor

from minicrt.cli import main
from minicrt.training import load_run
from minicrt.training.fitted_bar import FittedBar
from tests.cli.running import SMALL, assignments, command, environment, run_minicrt, write_text

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs the device /dev/full")
needs_posix = pytest.mark.skipif(os.name != "posix", reason="closes descriptors, sends SIGINT")
FLOPS = ["flops", "--segment-lengths", "5", "--preset", "tiny"]


@pytest.fixture
def full():
    with FULL.open("w", encoding="utf-8") as stream:
        yield stream


@pytest.fixture
def training(tmp_path):
    return ["train", "--corpus", str(write_text(tmp_path / "t.txt")), "--out", str(tmp_path / "run"), *SMALL,
            *assignments("steps=4", "evaluations=1")]


def test_closed_streams_are_done_without(monkeypatch, training, tmp_path):
    """Python has None for a stream that was closed when it started."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(FLOPS) == 0 and main(training) == 0 and main(["eval", str(tmp_path / "none")]) == 2
    assert load_run(tmp_path / "run").summary is not None
    assert sys.stdout is None and sys.stderr is None


@needs_posix
def test_no_file_gets_the_number_of_a_closed_stream(training, tmp_path):
    """What is written to standard error from anywhere would be written into that file."""
    training[2] = "t.txt"
    result = subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&- <&-', "sh", *command(*training)], cwd=tmp_path,
                            env=environment(), check=False)
    assert result.returncode == 0
    assert json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))["steps"] == 4
    code = "import os; from minicrt.cli.streams import occupy_closed; occupy_closed(); " \
           "raise SystemExit(0 if os.open('.', os.O_RDONLY) > 2 else 1)"
    assert subprocess.run(["sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, "-c", code], env=environment(),
                          check=False).returncode == 0


@needs_full
def test_messages_that_cannot_be_written_are_dropped(monkeypatch, full, training, tmp_path):
    monkeypatch.setattr(sys, "stderr", full)
    assert main(training) == 0
    assert load_run(tmp_path / "run").summary is not None
    assert main(["eval", str(tmp_path / "none")]) == 2


@needs_full
@pytest.mark.parametrize("arguments", [FLOPS, ["--help"], ["train", "--help"], ["--version"], []])
def test_output_that_cannot_be_written_is_an_error_in_one_line(monkeypatch, capsys, full, arguments):
    monkeypatch.setattr(sys, "stdout", full)
    assert main(arguments) == 2
    assert capsys.readouterr().err == "minicrt: error: No space left on device: standard output\n"


@needs_full
@pytest.mark.parametrize("redirection, code", [(">/dev/full", 2), ("2>/dev/full", 0), (">/dev/full 2>/dev/full", 2)])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_end_of_the_interpreter_says_nothing_of_a_full_stream(redirection, code, unbuffered):
    result = subprocess.run(["sh", "-c", f'exec "$@" {redirection}', "sh", *command("--version")], check=False,
                            env=environment(PYTHONUNBUFFERED=unbuffered), capture_output=True, text=True,
                            encoding="utf-8")
    assert result.returncode == code and len(result.stderr.splitlines()) == (redirection == ">/dev/full")


def test_a_bar_for_which_no_thread_can_be_started(monkeypatch):
    """tqdm warns of it; the bar is as good without."""
    def refuse(monitor):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(FittedBar, "monitor", None)
    monkeypatch.setattr(FittedBar, "monitor_interval", 10, raising=False)
    monkeypatch.setattr(TMonitor, "start", refuse)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(FLOPS) == 0
        FittedBar(total=1, file=io.StringIO()).close()


RAISING = """
import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except BaseException as error:
    raise ImportError("half of it is there") from error
"""


@needs_posix
@pytest.mark.parametrize("module", ["argparse", "numpy"])       # what is imported first, what a command imports
def test_ctrl_c_while_modules_are_imported(tmp_path, module):
    """Libraries catch what is raised while they are imported, and raise another thing."""
    (tmp_path / f"{module}.py").write_text(RAISING, encoding="utf-8")
    result = run_minicrt("train", cwd=tmp_path,
                         PYTHONPATH=os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]]))
    assert (result.returncode, result.stderr) == (130, "minicrt: interrupted\n")


@needs_posix
def test_ctrl_c_outside_of_imports_is_raised(monkeypatch):
    from minicrt.__main__ import interrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
