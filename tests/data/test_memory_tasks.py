"""Every memory task's answer is the one that its tokens tell, and the last segment alone does not tell it."""

import numpy as np
import pytest

from minicrt.data import TASKS
from minicrt.errors import ConfigurationError
from minicrt.training import recall_accuracy

NAMES = list(TASKS)


def episodes(name, seed=0, batch=200, **sizes):
    task = TASKS[name](**sizes)
    window = task.window(np.random.default_rng(seed), batch)
    return task, np.concatenate([t for t, _ in window], axis=1), np.concatenate([y for _, y in window], axis=1)


@pytest.mark.parametrize("distance", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_ids(name, distance):
    task, tokens, targets = episodes(name, distance=distance)
    assert tokens.shape == targets.shape == (200, 6 * (distance + 1)) and tokens.dtype == targets.dtype == np.int32
    assert tokens.min() >= 0 and tokens.max() < task.vocabulary_size and targets.max() < task.vocabulary_size
    assert (targets[:, :-task.length] == -1).all() and (targets[:, -1] >= 0).all()
    again = episodes(name, distance=distance)[1]
    assert np.array_equal(tokens, again) and not np.array_equal(tokens, episodes(name, 1, distance=distance)[1])


def test_copy():
    _, tokens, targets = episodes("copy", distance=2)
    assert np.array_equal(targets[:, -2:], tokens[:, :2])
    assert (tokens[:, 2:-2] == 8).all() and (tokens[:, -2:] == 9).all()


def test_denoise():
    _, tokens, targets = episodes("denoise", distance=2)
    assert (tokens[:, 12:16] == 8).all()
    for row, answer in zip(tokens, targets):
        assert row[row < 8].tolist() == answer[-2:].tolist()


def test_multi_query():
    _, tokens, targets = episodes("multi-query", distance=2)
    for row, answer in zip(tokens, targets):
        value_of = dict(zip(row[0:4:2].tolist(), row[1:4:2].tolist()))
        assert [value_of[key] for key in row[-2:].tolist()] == answer[-2:].tolist()
        assert len(set(row[-2:].tolist())) == 2


def test_adding():
    _, tokens, targets = episodes("adding", distance=2)
    for row, answer in zip(tokens, targets):
        marks, = np.nonzero(row == 15)
        assert len(marks) == 2 and marks[0] < 5 and 12 <= marks[1] < 16
        assert answer[-1] == row[marks + 1].sum() and row[-1] == 16


def test_parenthesis():
    task, tokens, targets = episodes("parenthesis", symbols=4, distance=3)
    for row, answer in zip(tokens, targets):
        kind, count = (row[-1] - 6) // 3, 0
        for token in row[:-1]:
            count += int(token == 6 + 3 * kind) - int(token == 7 + 3 * kind)
            count = min(max(count, 0), 3)
        assert answer[-1] == count
    _, _, many = episodes("parenthesis", symbols=4, distance=3, batch=20_000)
    assert np.bincount(many[:, -1]).max() / 20_000 == pytest.approx(task.chance, abs=0.02)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "parenthesis"])
def test_the_answer_is_even_for_whoever_sees_the_last_segment_alone(name):
    task, tokens, targets = episodes(name, batch=20_000)
    own = tokens[np.arange(20_000), 6 + np.argmax(tokens[:, 6:] == 15, axis=1) + 1] if name == "adding" else 0
    counts = np.bincount(targets[:, -1] - own, minlength=task.symbols) / 20_000
    np.testing.assert_allclose(counts[:task.symbols], task.chance, atol=0.02)


class Guessing:
    memory_entries = position_entries = frozenset()

    def logits(self, parameters, tokens, state):
        return np.eye(30)[np.zeros_like(tokens)], state


def test_accuracy_counts_every_scored_target():
    assert recall_accuracy(Guessing(), None, TASKS["copy"](), np.random.default_rng(0), 20_000) == pytest.approx(
        1 / 8, abs=0.01)


@pytest.mark.parametrize(("name", "sizes", "message"), [
    ("copy", {"length": 7}, "segment_length"), ("multi-query", {"length": 4}, "segment_length"),
    ("adding", {"segment_length": 3}, "segment_length"), ("denoise", {"distance": 0}, "distance"),
    ("parenthesis", {"symbols": 1}, "symbols")])
def test_sizes_that_do_not_fit_are_refused(name, sizes, message):
    with pytest.raises(ConfigurationError, match=message):
        TASKS[name](**sizes)
