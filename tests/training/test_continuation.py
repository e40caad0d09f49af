import json
import os
import signal

import numpy as np
import pytest

from minicrt.errors import CheckpointError, ConfigurationError
from minicrt.training import Interrupted, load_run, read_checkpoint, resume, train, train_on
from minicrt.training.budget import steps_within
from minicrt.training.position import Position
from tests.training import tiny


@pytest.fixture(scope="module")
def corpus():
    return tiny.corpus()


class Crash(BaseException):
    """The process is gone."""


@pytest.fixture
def run(tmp_path, corpus):
    train(tmp_path / "run", tiny.model(), corpus, tiny.config(ema_decay=0.9), progress=False)
    return tmp_path / "run"


def test_by_a_constant_schedule_it_is_the_run_that_was_so_long_from_the_start(tmp_path, corpus):
    """But for when it was evaluated, and so for which weights were the best."""
    config = {"schedule": "constant", "evaluations": 1}
    train(tmp_path / "long", tiny.model(), corpus, tiny.config(steps=45, **config), progress=False)
    train(tmp_path / "run", tiny.model(), corpus, tiny.config(steps=30, **config), progress=False)
    trained = train_on(tmp_path / "run", steps=45, corpus=corpus, progress=False)
    first, second = (read_checkpoint(tmp_path / name / "checkpoint.safetensors") for name in ("long", "run"))
    for group in ("parameters.", "optimizer.", "state."):
        assert first.group(group).keys() == second.group(group).keys()
        assert all(np.array_equal(first.group(group)[name], second.group(group)[name]) for name in first.group(group))
    assert trained.training.steps == trained.summary["steps"] == 45
    assert [record["step"] for record in trained.metrics] == [30, 45]


def test_the_learning_rate_is_that_of_a_run_of_the_new_length_and_said(run, corpus):
    watcher = tiny.Meddler()
    trained = train_on(run, epochs=60 / 13, corpus=corpus, progress=watcher)
    assert watcher.said == ["training on from step 30 to step 60 (4.615 epochs) by the schedule of a run of that "
                            "length: the learning rate was 0.001 and is 0.011 now. A run that was so long from the "
                            "start would be another."]
    rates = {record["step"]: record["learning_rate"] for record in trained.metrics}
    assert rates.keys() == {8, 15, 23, 30, 45, 60} and rates[30] == rates[60] == pytest.approx(0.05 * 0.02)
    assert rates[45] == pytest.approx(0.02 * (0.05 + 0.95 * (1 + np.cos(np.pi * 41 / 56)) / 2))
    assert trained.training.epochs == 60 / 13 and trained.training.steps == 0
    assert trained.summary["valid_perplexity"] == min(record["valid_perplexity"] for record in trained.metrics)


@pytest.mark.parametrize("at", [31, 45, 59])
def test_stopped_and_resumed_it_is_as_if_never_stopped(run, tmp_path, corpus, at):
    copy(run, tmp_path / "whole")
    train_on(tmp_path / "whole", steps=60, corpus=corpus, progress=False)
    with pytest.raises(Interrupted):
        train_on(run, steps=60, corpus=corpus,
                 progress=tiny.Meddler(at, lambda: os.kill(os.getpid(), signal.SIGINT)))
    assert load_run(run).summary is None
    resume(run, corpus=corpus, progress=False)
    assert tiny.outcome(run) == tiny.outcome(tmp_path / "whole")


def copy(run, other):
    other.mkdir()
    for file in run.iterdir():
        (other / file.name).write_bytes(file.read_bytes())


@pytest.mark.parametrize("place", ["snapshot.RunFolder.write_configuration", "snapshot.RunFolder.remove_summary",
                                   "continuation.Trainer.run"])
def test_a_crash_between_what_it_writes_loses_nothing(run, tmp_path, corpus, monkeypatch, place):
    copy(run, tmp_path / "whole")
    train_on(tmp_path / "whole", steps=60, corpus=corpus, progress=False)
    shorter = load_run(run)

    def crash(*_):
        raise Crash

    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(f"minicrt.training.{place}", crash)
        train_on(run, steps=60, corpus=corpus, progress=False)
    assert np.array_equal(load_run(run).parameters.flat, shorter.parameters.flat)
    resume(run, corpus=corpus, progress=False)
    assert tiny.outcome(run) == tiny.outcome(tmp_path / "whole")
    assert load_run(run).training.steps == 60


def test_minutes_are_planned_by_the_speed_so_far(run, corpus, monkeypatch):
    position = Position(step=100, total=100, seconds=50.0)
    assert steps_within(2.0, position, seconds=55.0) == 100 + int(0.98 * (120 - 60) * 2)
    assert steps_within(0.5, position, seconds=55.0) == 100
    asked, seconds = [], load_run(run).summary["seconds"]
    monkeypatch.setattr("minicrt.training.continuation.steps_within", lambda *values: asked.append(values) or 40)
    trained = train_on(run, minutes=3.0, corpus=corpus, progress=False)
    assert trained.summary["steps"] == trained.training.steps == 40
    (minutes, position, before), = asked
    assert (minutes, position.step, before) == (3.0, 30, seconds)


@pytest.mark.parametrize(("budget", "complaint"), [
    ({"steps": 30}, r"30 steps \(2.308 epochs, .* minutes\) and what was asked for makes 30 steps in all; give more"),
    ({"epochs": 1.0}, "makes 13 steps in all"), ({"minutes": 1e-9}, "makes 30 steps in all"),
    ({}, "got none"), ({"steps": 60, "epochs": 8.0}, "got epochs and steps"), ({"epochs": -1.0}, "epochs")])
def test_a_budget_that_adds_nothing_changes_nothing(run, corpus, budget, complaint):
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    with pytest.raises(ConfigurationError, match=complaint):
        train_on(run, **budget, corpus=corpus, progress=False)
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


def test_a_run_that_is_not_finished_is_resumed_first(run, corpus):
    (run / "summary.json").unlink()
    with pytest.raises(CheckpointError, match="not finished; resume it as it is"):
        train_on(run, steps=60, corpus=corpus, progress=False)


def test_a_configuration_of_another_hand_is_refused_as_ever(run, corpus):
    """What train_on changes is known by the checkpoint; all else is a mistake."""
    train_on(run, steps=60, corpus=corpus, progress=False)
    config = run / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("steps = 60", "steps = 90"), encoding="utf-8")
    with pytest.raises(CheckpointError, match="training.steps is 60 there and 90"):
        train_on(run, steps=90, corpus=corpus, progress=False)
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))["steps"] == 60
