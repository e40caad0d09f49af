import json
import os
import signal
import threading

import pytest

from minicrt.training import Interrupted, load_run, read_checkpoint, resume, train
from minicrt.training.interrupt import SIGNALS
from tests.training import tiny


@pytest.fixture(scope="module")
def corpus():
    return tiny.corpus()


def test_signals_are_given_back(tmp_path, corpus):
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(), tiny.Meddler(2, tiny.ctrl_c))
    assert [signal.getsignal(number) for number in SIGNALS] == before


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_every_signal_to_stop_saves_and_is_told_of(tmp_path, corpus, name, code):
    with pytest.raises(Interrupted, match="stopped after step 5 and saved") as caught:
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(),
              tiny.Meddler(5, lambda: os.kill(os.getpid(), getattr(signal, name))))
    assert caught.value.exit_code == code
    assert json.loads(read_checkpoint(tmp_path / "run" / "checkpoint.safetensors").metadata["position"])["step"] == 5


@pytest.mark.skipif(os.name != "posix", reason="sends SIGTERM")
def test_a_second_sigterm_does_not_keep_the_first_from_saving(tmp_path, corpus):
    def twice():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match="stopped after step 10 and saved"):
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(), tiny.Meddler(10, twice))


@pytest.mark.skipif(os.name != "posix", reason="sends SIGHUP")
def test_a_signal_that_is_ignored_stays_ignored(tmp_path, corpus):
    """nohup minicrt train"""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run = train(tmp_path / "run", tiny.model(), corpus, tiny.config(),
                    tiny.Meddler(5, lambda: os.kill(os.getpid(), signal.SIGHUP)))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert run.summary["steps"] == 30


def test_a_second_ctrl_c_stops_at_once(tmp_path, corpus):
    def twice():
        tiny.ctrl_c()
        tiny.ctrl_c()

    with pytest.raises(KeyboardInterrupt) as caught:
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(), tiny.Meddler(10, twice))
    assert not isinstance(caught.value, Interrupted)
    resume(tmp_path / "run", corpus=corpus)
    train(tmp_path / "whole", tiny.model(), corpus, tiny.config())
    assert tiny.outcome(tmp_path / "run") == tiny.outcome(tmp_path / "whole")


def test_outside_the_main_thread(tmp_path, corpus):
    failures = []

    def work():
        try:
            train(tmp_path / "run", tiny.model(), corpus, tiny.config(steps=5))
        except ValueError as error:                                     # "signal only works in main thread"
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failures and load_run(tmp_path / "run").summary is not None
