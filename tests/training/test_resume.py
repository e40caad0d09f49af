import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minicrt.errors import CheckpointError
from minicrt.training import Interrupted, load_run, read_checkpoint, resume, train
from minicrt.training.checkpoint import write_checkpoint
from tests.training import tiny

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def corpus():
    return tiny.corpus()


VARIANTS = {
    "plain": ({}, {}),
    "average": ({}, {"ema_decay": 0.9}),
    "sgd": ({}, {"optimizer": "sgd", "learning_rate": 0.1}),
    "float64": ({}, {"precision": "float64"}),
    "orthogonal": ({"memory": "ncgru", "orthogonal": "candidate+reset"}, {}),
    "random start": ({}, {"random_start": True}),
    "restarts": ({}, {"restart_rate": 0.3}),
    "writer": ({"memory_gradient": "writer", "memory_vectors": 2}, {"bptt_segments": 1}),
}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, corpus):
    """What a run of these changes is when nothing stops it, made once for each"""
    made = {}

    def outcome(model=(), config=()):
        key = (str(dict(model)), str(dict(config)))
        if key not in made:
            folder = tmp_path_factory.mktemp("whole")
            train(folder, tiny.model(**dict(model)), corpus, tiny.config(**dict(config)))
            made[key] = tiny.outcome(folder)
        return made[key]
    return outcome


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("at", [1, 9, 24])
def test_resumed_after_ctrl_c_equals_uninterrupted(tmp_path, corpus, uninterrupted, variant, at):
    model, config = VARIANTS[variant]
    with pytest.raises(Interrupted, match=f"stopped after step {at} and saved"):
        train(tmp_path / "parts", tiny.model(**model), corpus, tiny.config(**config), tiny.Meddler(at, tiny.ctrl_c))
    with pytest.raises(Interrupted, match="stopped after step 27"):
        resume(tmp_path / "parts", corpus=corpus, progress=tiny.Meddler(27, tiny.ctrl_c))
    resume(tmp_path / "parts", corpus=corpus)
    assert tiny.outcome(tmp_path / "parts") == uninterrupted(model, config)


@pytest.mark.parametrize("at", [3, 8, 9, 29, 30])
@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1000.0])
def test_resumed_after_a_crash_equals_uninterrupted(tmp_path, corpus, uninterrupted, at, checkpoint_seconds):
    config = {"ema_decay": 0.9, "checkpoint_seconds": checkpoint_seconds}
    with pytest.raises(tiny.Crash):
        train(tmp_path / "parts", tiny.model(), corpus, tiny.config(**config), tiny.Meddler(at, tiny.crash))
    resume(tmp_path / "parts", corpus=corpus)
    assert tiny.outcome(tmp_path / "parts") == uninterrupted({}, config)


class DiesAfterEvaluation(tiny.Meddler):
    """Gone between the line in metrics.jsonl and the checkpoint, after step `at`."""

    def step(self, step, loss, tokens):
        pass

    def evaluated(self, record):
        if record["step"] == self.at:
            tiny.crash()


@pytest.mark.parametrize("at", [8, 23, 30])
def test_metrics_ahead_of_the_checkpoint_are_not_doubled(tmp_path, corpus, uninterrupted, at):
    with pytest.raises(tiny.Crash):
        train(tmp_path / "parts", tiny.model(), corpus, tiny.config(), DiesAfterEvaluation(at))
    resume(tmp_path / "parts", corpus=corpus)
    assert tiny.outcome(tmp_path / "parts") == uninterrupted()


class StopsInEvaluation(tiny.Meddler):
    """Ctrl-C in the middle of evaluation number `at`."""

    evaluations = 0

    def task(self, name, total):
        self.evaluations += 1
        if self.evaluations == self.at:
            tiny.ctrl_c()
        return super().task(name, total)

    def step(self, step, loss, tokens):
        pass


@pytest.mark.parametrize("at", [1, 2, 4, 5, 7, 9])                      # four of the run, five of the summary
def test_stopped_in_an_evaluation(tmp_path, corpus, uninterrupted, at):
    with pytest.raises(Interrupted):
        train(tmp_path / "parts", tiny.model(), corpus, tiny.config(), StopsInEvaluation(at))
    assert not (tmp_path / "parts" / "summary.json").exists()
    resume(tmp_path / "parts", corpus=corpus)
    assert tiny.outcome(tmp_path / "parts") == uninterrupted()


def test_seconds_add_up_over_resumptions(tmp_path, corpus):
    with pytest.raises(Interrupted):
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(), tiny.Meddler(20, tiny.ctrl_c))
    checkpoint = tmp_path / "run" / "checkpoint.safetensors"
    before = json.loads(read_checkpoint(checkpoint).metadata["position"])["seconds"]
    assert before > 0
    assert resume(tmp_path / "run", corpus=corpus).summary["seconds"] > before


def test_a_finished_run_is_only_loaded(tmp_path, corpus):
    run = train(tmp_path / "run", tiny.model(), corpus, tiny.config())
    before = {entry.name: entry.read_bytes() for entry in (tmp_path / "run").iterdir()}
    again = resume(tmp_path / "run")                                    # the corpus is not even looked for
    assert np.array_equal(again.parameters.flat, run.parameters.flat) and again.summary == run.summary
    assert {entry.name: entry.read_bytes() for entry in (tmp_path / "run").iterdir()} == before


@pytest.fixture
def stopped(tmp_path, corpus):
    with pytest.raises(Interrupted):
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(), tiny.Meddler(20, tiny.ctrl_c))
    return tmp_path / "run"


def refused(folder, corpus, complaint):
    for attempt in (lambda: resume(folder, corpus=corpus), lambda: load_run(folder)):
        with pytest.raises(CheckpointError, match=complaint) as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_a_damaged_checkpoint_is_refused(stopped, corpus):
    checkpoint = stopped / "checkpoint.safetensors"
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(data[:-1])
    refused(stopped, corpus, "damaged")
    checkpoint.write_bytes(data[:40])
    refused(stopped, corpus, "not a minicrt checkpoint")


@pytest.mark.parametrize("old, new, key", [("width = 4", "width = 8", "model.width is 4 there and 8"),
                                           ("seed = 0", "seed = 1", "training.seed is 0 there and 1")])
def test_a_checkpoint_of_another_configuration_is_refused(stopped, corpus, old, new, key):
    config = stopped / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    refused(stopped, corpus, key)


def test_another_corpus_is_refused(stopped):
    with pytest.raises(CheckpointError, match="not the one"):
        resume(stopped, corpus=tiny.corpus(701))


def test_no_run(tmp_path, corpus):
    refused(tmp_path / "nothing", corpus, "no run in")


def test_a_run_without_a_checkpoint_cannot_be_loaded_but_resumed(tmp_path, corpus):
    with pytest.raises(tiny.Crash):
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(), tiny.Meddler(2, tiny.crash))
    with pytest.raises(CheckpointError, match="no checkpoint yet"):
        load_run(tmp_path / "run")
    assert resume(tmp_path / "run", corpus=corpus).summary["steps"] == 30


@pytest.mark.parametrize("there", ["nothing", pytest.param("a link", marks=pytest.mark.skipif(
    sys.platform == "win32", reason="links are for administrators"))])
def test_a_run_whose_checkpoint_is_gone_does_not_begin_anew(tmp_path, corpus, there):
    run = tmp_path / "run"
    train(run, tiny.model(), corpus, tiny.config())
    (run / "checkpoint.safetensors").unlink()
    (run / "summary.json").unlink()
    if there == "a link":
        (run / "checkpoint.safetensors").symlink_to(tmp_path / "not mounted")
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.exists()}
    with pytest.raises(CheckpointError, match="has 4 evaluations, but checkpoint.safetensors is gone; put it back" if
                       there == "nothing" else "checkpoint.safetensors is a link that leads nowhere"):
        resume(run, corpus=corpus)
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.exists()} == before


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_at_random_file_operations(tmp_path):
    """kill -9 again and again; each time there is no run yet or it goes on, and the end is the same."""
    def run(folder, *at):                                    # in NumPy, which is imported sooner
        told = subprocess.run([sys.executable, "-m", "tests.training.killed_run", str(folder), *map(str, at)], cwd=ROOT,
                              env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MINICRT_ENGINE": "numpy"},
                              stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
        return [int(word) for word in told.split()]

    assert run(tmp_path / "whole" / "run", 0) == [0]
    draw = random.Random(4)
    at = [1, 4, 5, 7, *(draw.randint(8, 18) for _ in range(4))]
    assert run(tmp_path / "parts" / "run", *at, 0) == [-signal.SIGKILL] * 8 + [0]
    assert {path.name for path in (tmp_path / "parts" / "run").iterdir()} == {
        "config.toml", "metrics.jsonl", "summary.json", "checkpoint.safetensors"}
    assert tiny.outcome(tmp_path / "parts" / "run") == tiny.outcome(tmp_path / "whole" / "run")


@pytest.mark.parametrize("change, words", [
    ({"later": 1}, "a position with 'later', which this version does not know"), ({"step": "7"}, "step = '7'"),
    ({"total": 1.5}, "total = 1.5"), ({"nll": None, "norm": "x"}, "norm = 'x'"), ({"metrics": 3}, "metrics = 3")])
def test_a_position_that_is_none_is_refused(stopped, corpus, change, words):
    path = stopped / "checkpoint.safetensors"
    checkpoint = read_checkpoint(path)
    position = json.dumps({**checkpoint.described("position"), **change})
    write_checkpoint(path, checkpoint.arrays, {**checkpoint.metadata, "position": position})
    refused(stopped, corpus, words)
