"""The rows of a batch shared out among threads"""

import threading

import numpy as np
import pytest

from minicrt import engines
from minicrt.data import TokenStream
from minicrt.errors import InputError, TrainingError
from minicrt.models import CRT, CRTConfig
from minicrt.parallel import threads, workers
from minicrt.parallel.ranks import ALONE
from minicrt.training import AdamW, evaluate, train_step, window_gradients
from minicrt.training.window import own_share


@pytest.fixture(autouse=True)
def every_row_is_worth_a_thread(monkeypatch):
    monkeypatch.setattr("minicrt.training.window.WORTH_A_THREAD", 0)


ENGINES = ["numpy", pytest.param("numba", marks=pytest.mark.skipif(not engines._numba_is_installed(), reason="Numba"))]
CONFIG = CRTConfig(vocabulary=9, width=8, layers=1, heads=2, inner=12, segment_length=4)


def started(engine, dtype=np.float64):
    model = CRT(CONFIG, engines.get(engine))
    parameters = model.initialize(np.random.default_rng(0), dtype)
    parameters.flat += 0.1 * np.random.default_rng(5).standard_normal(parameters.size).astype(dtype)
    return model, parameters


def window(batch=5, seed=1):
    rng = np.random.default_rng(seed)
    segments = [tuple(rng.integers(0, 9, (2, batch, 4))) for _ in range(2)]
    segments[0][1][0, :3] = -1                               # rows of unequal weight
    return segments


def gradients_with(number, engine, segments, state, rng=None):
    model, parameters = started(engine)
    gradients = parameters.zeros_like()
    with threads.limit(number) if number == 1 else several(number):
        loss, state = window_gradients(model, parameters, gradients, segments, state, rng)
    return loss, state, gradients.flat


class several:
    """However many cores the machine has."""

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        self.before, threads.count = threads.count, lambda: self.number

    def __exit__(self, *_):
        threads.count = self.before


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("number", [2, 3, 8])
def test_the_sum_is_that_of_one_thread(engine, number):
    _, state, _ = gradients_with(1, engine, window(), {})
    expected = gradients_with(1, engine, window(seed=2), state)
    found = gradients_with(number, engine, window(seed=2), state)
    assert found[0] == pytest.approx(expected[0], rel=1e-13)
    assert found[1].keys() == expected[1].keys()
    for name, entry in expected[1].items():
        np.testing.assert_allclose(found[1][name], entry, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found[2], expected[2], rtol=0, atol=1e-12 * np.abs(expected[2]).max())


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_threads_give_the_same_bits(engine):
    runs = [gradients_with(2, engine, window(), {}, np.random.default_rng(4)) for _ in range(2)]
    assert runs[0][0] == runs[1][0] and np.array_equal(runs[0][2], runs[1][2])


@pytest.mark.parametrize("number", [1, 2])
def test_evaluation(number):
    model, parameters = started("numpy")
    stream = TokenStream(np.random.default_rng(0).integers(0, 9, 103).astype(np.int32), 3, 4)
    expected = evaluate(model, parameters, stream)
    with several(number):
        found = evaluate(model, parameters, stream)
    assert found.nll == pytest.approx(expected.nll, rel=1e-13) and found.tokens == expected.tokens == 102


@pytest.mark.parametrize("change", ["state", "targets", "second segment"])
def test_what_does_not_fit_is_refused_and_not_cut(change):
    segments, state = window(), {"positions": np.zeros((5, 8))}
    if change == "state":
        state = {"positions": np.zeros((6, 8))}
    elif change == "targets":
        segments[0] = (segments[0][0], segments[0][1][:4])
    else:
        segments[1] = tuple(array[:4] for array in segments[1])
    with pytest.raises(InputError, match="shape"):
        gradients_with(2, "numpy", segments, state)


def test_a_bad_loss_on_another_thread_is_reported():
    model, parameters = started("numpy")
    parameters["output.bias"][3] = np.inf
    with several(2), pytest.raises(TrainingError, match="step 1: the loss is"):
        train_step(model, parameters, parameters.zeros_like(), AdamW(parameters), window(), {})


@pytest.mark.parametrize("engine", ENGINES)
def test_several_callers_at_once(engine):
    """Each trains a model of its own; all come out as if they had been alone."""
    def train(seed):
        model, parameters = started(engine, np.float32)
        gradients, optimizer, state = parameters.zeros_like(), AdamW(parameters, engine=model.engine), {}
        for step in range(15):
            _, state, _ = train_step(model, parameters, gradients, optimizer, window(seed=seed + step), state)
        return parameters.flat

    with several(2):
        alone = [train(seed) for seed in range(4)]
        together = [None] * 4

        def run(seed):
            together[seed] = train(seed)

        callers = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    for a, b in zip(alone, together):
        assert np.array_equal(a, b)


def test_what_a_range_raises_is_raised():
    def work(part, start, stop):
        if part == 1:
            raise ValueError("here")

    with several(3):
        with pytest.raises(ValueError, match="here"):
            workers.run(work, workers.ranges(3))
        assert workers.ranges(3) == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("tokens, ranges", [(0, 3), (4, 3), (8, 3), (12, 2), (24, 1), (100, 1)])
def test_little_work_stays_on_one_thread(tokens, ranges):
    """Six rows of four tokens on three threads, if a range is to have at least so many tokens."""
    with several(3):
        assert len(own_share(window(6), tokens, ALONE).parts) == ranges


def test_ranges_do_not_nest():
    seen = []
    with several(2):
        workers.run(lambda part, start, stop: seen.append(workers.ranges(10)), workers.ranges(2))
    assert seen == [[(0, 10)], [(0, 10)]]
