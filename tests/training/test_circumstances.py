"""A run that goes on with other means than it was begun with says so: resumed, it will not be the run never stopped."""

import os
import signal

import pytest

from minicrt import engines
from minicrt.models import CRT
from minicrt.parallel import threads
from minicrt.training import Interrupted, resume, train
from minicrt.training.circumstances import circumstances, what_changed
from tests.training import tiny


@pytest.fixture
def stopped(tmp_path):
    """The folder of a run on NumPy that was stopped after step 9."""
    def stop():
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        train(tmp_path / "run", on("numpy"), tiny.corpus(), tiny.config(), tiny.Meddler(9, stop))
    return tmp_path / "run"


def on(engine):
    return CRT(tiny.model().config, engines.get(engine))


def said(folder, engine):
    watcher = tiny.Meddler()
    resume(folder, corpus=tiny.corpus(), model=on(engine), progress=watcher)
    return watcher.said


def test_the_same_again_says_nothing(stopped):
    assert said(stopped, "numpy") == []


def test_another_number_of_threads(stopped, monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 2)
    line, = said(stopped, "numpy")
    assert line.startswith("until here the run had threads 1, and it goes on with threads 2: ")
    assert "of dropout the masks are others" in line


def test_another_engine(stopped):
    pytest.importorskip("numba")
    line, = said(stopped, "numba")
    assert line.startswith("until here the run had engine numpy, and it goes on with engine numba: ")


def test_a_checkpoint_that_says_nothing_of_it():
    now = circumstances(engines.get("numpy"))
    assert what_changed({}, now) is None
    assert "BLAS kernel Cray, NumPy 1.0, and" in what_changed({"BLAS kernel": "Cray", "NumPy": "1.0"}, now)
