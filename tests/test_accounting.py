"""What the accountant says a training step holds is what it holds, to a fifth"""

import tracemalloc

import numpy as np
import pytest

from minicrt import engines
from minicrt.accounting import step_memory, table
from minicrt.models import CRT, CRTConfig
from minicrt.parallel import threads
from minicrt.training import TrainingConfig, make_optimizer, train_step

ENGINES = ["numpy", pytest.param("numba", marks=pytest.mark.skipif(not engines._numba_is_installed(), reason="Numba"))]
CASES = {
    "small": ({"width": 64, "layers": 2, "inner": 256, "segment_length": 35, "vocabulary": 2000}, {"batch": 8}),
    "two segments": ({"width": 64, "layers": 3, "inner": 256, "segment_length": 35, "vocabulary": 3000},
                     {"batch": 16, "bptt_segments": 2}),
    "many words": ({"width": 48, "layers": 1, "inner": 192, "segment_length": 20, "vocabulary": 10000}, {"batch": 10}),
    "long segments": ({"width": 32, "layers": 2, "inner": 128, "segment_length": 128, "vocabulary": 500}, {"batch": 8}),
    "no memory": ({"width": 64, "layers": 3, "inner": 256, "segment_length": 35, "vocabulary": 1000, "memory": "none",
                   "positions": "learned"}, {"batch": 16}),
    "in float64": ({"width": 64, "layers": 2, "inner": 128, "segment_length": 32, "vocabulary": 1000},
                   {"batch": 12, "precision": "float64", "optimizer": "sgd"}),
}


def measured(config, training, engine, number):
    """The most that is traced from before the parameters are made to the end of a second step, and their number. Two
    threads need not hold the most at the same moment, so that they take more steps."""
    chosen = engines.get(engine)
    if engine == "numba":
        from minicrt.kernels import pool
        pool.release()
    rng = np.random.default_rng(0)
    segments = [tuple(rng.integers(0, config.vocabulary, (2, training.batch, config.segment_length)))
                for _ in range(training.bptt_segments)]
    with threads.limit(number):
        warm = CRT(CRTConfig(vocabulary=5, width=4, heads=1, layers=1, inner=4), chosen)
        parameters = warm.initialize(np.random.default_rng(0), training.precision)
        train_step(warm, parameters, parameters.zeros_like(), make_optimizer(training, parameters, chosen),
                   [(np.zeros((2, 3), int), np.zeros((2, 3), int))], {})         # compiled, imported
        tracemalloc.start()
        try:
            model = CRT(config, chosen)
            parameters = model.initialize(np.random.default_rng(0), training.precision)
            gradients, optimizer, state = parameters.zeros_like(), make_optimizer(training, parameters, chosen), {}
            tracemalloc.reset_peak()
            for _ in range(2 if number == 1 else 12):
                _, state, _ = train_step(model, parameters, gradients, optimizer, segments, state)
            return tracemalloc.get_traced_memory()[1], parameters.size
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_the_peak(name, engine, number, monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")             # so that two share the rows on a machine with one core
    monkeypatch.setattr("minicrt.training.window.WORTH_A_THREAD", 0)
    model_changes, training_changes = CASES[name]
    config = CRTConfig(**model_changes)
    training = TrainingConfig(steps=1, **{"bptt_segments": 1, **training_changes})
    peak, parameters = measured(config, training, engine, number)
    said = sum(step_memory(config, training, parameters, engine, number).values())
    assert said == pytest.approx(peak, rel=0.2)


def test_the_table_adds_up():
    assert table({"a": 2 ** 20, "b": 3 * 2 ** 20}).splitlines()[-1].split()[-2:] == ["4.0", "MiB"]
