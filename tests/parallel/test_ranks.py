"""A training that several processes share by MPI"""

import numpy as np
import pytest

from minicrt.parallel import threads
from minicrt.training import Trained, load_run, read_checkpoint, resume, train, window
from tests.parallel import mpi
from tests.training import tiny

pytestmark = mpi.needed


@pytest.fixture(autouse=True)
def as_in_the_ranks(monkeypatch):
    """Rows shared out however few their tokens are, and the same engine"""
    monkeypatch.setattr(window, "WORTH_A_THREAD", 1)
    monkeypatch.setenv("MINICRT_ENGINE", mpi.ENVIRONMENT["MINICRT_ENGINE"])


@pytest.fixture(scope="module")
def corpus():
    return tiny.corpus()


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The folder of 30 steps on two ranks, uninterrupted"""
    folder = tmp_path_factory.mktemp("two") / "run"
    result = mpi.ranked_run(2, folder)
    assert result.returncode == 0, result.stderr
    return folder


def furthest(one: Trained, other: Trained) -> float:
    return float(np.abs(one.parameters.flat - other.parameters.flat).max())


def test_three_ranks_are_three_threads(tmp_path, corpus):
    """100 steps with dropout, of a batch of five rows, over the short ends of several epochs"""
    with threads.limit(3):
        whole = train(tmp_path / "threads", tiny.model(), corpus, tiny.config(steps=100, batch=5),
                      progress=False)
    result = mpi.ranked_run(3, tmp_path / "ranks", steps=100, batch=5)
    assert result.returncode == 0, result.stderr
    shared = load_run(tmp_path / "ranks")
    assert furthest(whole, shared) < 1e-6
    assert shared.summary["ranks"] == 3 and shared.summary["steps"] == 100
    for key in ("valid_perplexity", "test_perplexity", "valid_perplexity_state_cut"):
        assert abs(whole.summary[key] / shared.summary[key] - 1) < 1e-6
    carried = [read_checkpoint(tmp_path / name / "checkpoint.safetensors").group("state.")
               for name in ("threads", "ranks")]
    assert carried[0].keys() == carried[1].keys()
    for name, entry in carried[0].items():
        assert entry.shape == carried[1][name].shape and np.abs(entry - carried[1][name]).max() < 1e-6


def test_a_killed_rank_ends_all_and_the_run_goes_on_to_the_same_bits(tmp_path, two):
    """mpi.run would raise where a rank was left waiting."""
    result = mpi.ranked_run(2, tmp_path / "run", kill="1,17", checkpoint_seconds=0.0)
    assert result.returncode != 0
    assert load_run(tmp_path / "run").position.step in (16, 17)
    assert mpi.ranked_run(2, tmp_path / "run").returncode == 0
    assert tiny.outcome(tmp_path / "run") == tiny.outcome(two)


def test_ctrl_c_of_one_rank_stops_all_and_another_number_goes_on(tmp_path, corpus):
    """Without dropout, whose masks depend on how many share the batch, the number of ranks is of no account; in
    float64, for Adam makes steps of what rounding leaves of gradients that are 0."""
    whole = train(tmp_path / "one", tiny.model(dropout=0.0), corpus, tiny.config(precision="float64"), progress=False)
    result = mpi.ranked_run(2, tmp_path / "run", signal="1,11", dropout=0.0, precision="float64")
    assert result.returncode == 130
    assert len(mpi.ours(result)) == 1 and "stopped after step 11 and saved" in mpi.ours(result)[0]
    assert mpi.ranked_run(3, tmp_path / "run", signal="0,22").returncode == 130
    with threads.limit(2):
        assert furthest(whole, resume(tmp_path / "run", corpus=corpus, progress=False)) < 1e-6


@pytest.mark.parametrize("event, words", [({"full": "0,9"}, "No space left on device"),
                                          ({"mistake": "1,9"}, "a mistake in the program")])
def test_what_goes_wrong_on_one_rank_ends_all(tmp_path, event, words):
    result = mpi.ranked_run(2, tmp_path / "run", **event)
    assert result.returncode != 0
    assert words in result.stderr
    assert load_run(tmp_path / "run").position.step == 8     # the last that was evaluated before
