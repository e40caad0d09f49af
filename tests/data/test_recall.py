import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import RecallTask
from minicrt.errors import ConfigurationError, InputError
from minicrt.training import recall_accuracy


@st.composite
def tasks(draw):
    pairs = draw(st.integers(1, 3))
    return RecallTask(values=draw(st.integers(1, 9)), keys=draw(st.integers(pairs, 6)), pairs=pairs,
                      fillers=draw(st.integers(1, 4)), segment_length=draw(st.integers(2 * pairs, 9)),
                      distance=draw(st.integers(1, 3)))


@given(tasks(), st.integers(1, 20), st.integers(0, 2**32))
def test_the_answer_stands_behind_its_key_in_the_first_segment_alone(task, batch, seed):
    window = task.window(np.random.default_rng(seed), batch)
    assert len(window) == task.segments == task.distance + 1
    for tokens, targets in window:
        assert tokens.shape == targets.shape == (batch, task.segment_length)
        assert tokens.dtype == targets.dtype == np.int32
        assert tokens.min() >= 0 and tokens.max() < task.vocabulary_size
    scored = np.concatenate([targets for _, targets in window], axis=1) != -1
    assert scored[:, -1].all() and not scored[:, :-1].any()

    filler = task.values + task.keys
    for between, _ in window[1:-1]:
        assert (between >= filler).all()
    last, targets = window[-1]
    assert (last[:, :-1] >= filler).all()                   # nothing there tells the value, nor another key
    first = window[0][0]
    for row, key, value in zip(first, last[:, -1], targets[:, -1], strict=True):
        assert task.values <= key < filler
        places, = np.nonzero(row == key)
        assert len(places) == 1 and row[places[0] + 1] == value < task.values
        assert (row < task.values).sum() == task.pairs == ((row >= task.values) & (row < filler)).sum()


def test_the_query_says_nothing_about_the_value():
    """All key-value combinations are equally likely: chi-square with 31 degrees of freedom is under 83.6 but once
    in a million draws."""
    task = RecallTask(values=8, keys=4, pairs=2, segment_length=8)
    n = 20_000
    (first, _), (last, targets) = task.window(np.random.default_rng(0), n)
    value, key = targets[:, -1], last[:, -1] - task.values
    place = (first == last[:, -1:]).argmax(1)
    joint = np.bincount(key * 8 + value, minlength=32)
    assert ((joint - n / 32) ** 2 / (n / 32)).sum() < 83.6
    assert set(place) == set(range(7))


class Oracle:
    """Stands for a model: remembers the first segment it sees in `memory` and looks the last token up there."""

    memory_entries, position_entries = frozenset({"memory"}), frozenset({"other"})

    def __init__(self, task):
        self.task = task

    def state_shapes(self, batch):
        return {"memory": (batch, None), "other": (batch, None)}

    def logits(self, parameters, tokens, state):
        memory = state.get("memory", tokens)
        logits = np.zeros((*tokens.shape, self.task.vocabulary_size))
        for row, (asked, seen) in enumerate(zip(tokens[:, -1], memory, strict=True)):
            places, = np.nonzero(seen[:-1] == asked)
            logits[row, -1, seen[places[0] + 1] if len(places) else 0] = 1
        return logits, {"memory": memory, "other": tokens}


@pytest.mark.parametrize("distance", [1, 3])
def test_accuracy_with_memory_and_without(distance):
    task = RecallTask(distance=distance)
    assert recall_accuracy(Oracle(task), None, task, np.random.default_rng(0), 4000) == 1
    assert recall_accuracy(Oracle(task), None, task, np.random.default_rng(0), 4000, cut="positions") == 1
    for cut in "memory", "state":
        alone = recall_accuracy(Oracle(task), None, task, np.random.default_rng(0), 4000, cut)
        assert abs(alone - task.chance) < 5 * np.sqrt(task.chance * (1 - task.chance) / 4000)


@pytest.mark.parametrize("cut", ["memry", "other", {"memory"}, ("memory",), ""])
def test_a_cut_that_there_is_not(cut):
    task = RecallTask()
    with pytest.raises(InputError, match="cut is .*, expected one of 'memory', 'positions', 'state'"):
        recall_accuracy(Oracle(task), None, task, np.random.default_rng(0), 4000, cut)


def test_windows_depend_on_the_generator_alone():
    task = RecallTask()
    one, other = (task.windows(np.random.default_rng(3), 5) for _ in range(2))
    windows = [next(one) for _ in range(3)]
    for window in windows:
        for (tokens, targets), (same_tokens, same_targets) in zip(window, next(other), strict=True):
            assert np.array_equal(tokens, same_tokens) and np.array_equal(targets, same_targets)
    assert not np.array_equal(windows[0][0][0], windows[1][0][0])


@pytest.mark.parametrize("sizes", [
    {"values": 0}, {"keys": 0}, {"fillers": 0}, {"pairs": 0}, {"distance": 0}, {"segment_length": 0},
    {"pairs": 3, "keys": 2}, {"pairs": 4, "keys": 4, "segment_length": 7},
])
def test_sizes_that_do_not_fit(sizes):
    with pytest.raises(ConfigurationError, match="recall task: "):
        RecallTask(**sizes)
