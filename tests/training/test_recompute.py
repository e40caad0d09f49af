"""A window of which one segment is held at a time: the same bits, for less memory"""

import tracemalloc

import numpy as np
import pytest

from minicrt import engines
from minicrt.accounting import run_again, step_memory
from minicrt.errors import InputError
from minicrt.models import create_model
from minicrt.parallel import threads
from minicrt.training import AdamW, TrainingConfig, train_step, window_gradients

ENGINES = ["numpy", pytest.param("numba", marks=pytest.mark.skipif(not engines._numba_is_installed(), reason="Numba"))]
STACK = {"vocabulary": 9, "width": 8, "layers": 2, "heads": 2, "inner": 12, "segment_length": 4, "dropout": 0.3}
MODELS = {"crt": {}, "crt, words dropped": {"embedding_dropout": 0.2, "locked_dropout": False},
          "crt, writer's gradient": {"memory_gradient": "writer"}, "crt, Mamba": {"memory": "mamba"},
          "transformer_xl": {"model": "transformer_xl"}, "rmt": {"model": "rmt"},
          "adaptive": {"output": "adaptive"}}
OTHERS = {"lstm": {"model": "recurrent"}, "mamba": {"model": "mamba", "states": 2},
          "s4d": {"model": "s4d", "states": 2}}
SETTINGS = {name: STACK | own for name, own in MODELS.items()} | {
    name: {"vocabulary": 9, "width": 8, "layers": 2, "segment_length": 4, "dropout": 0.3} | own
    for name, own in OTHERS.items()}


def window(count, batch=3, length=4):
    rng = np.random.default_rng(1)
    return [tuple(rng.integers(0, 9, (2, batch, length))) for _ in range(count)]


def found(settings, engine, recompute, count=4):
    """Loss, state and gradients of a window that follows another, and what the generator draws next"""
    model, rng = create_model(settings, engine=engine), np.random.default_rng(3)
    parameters = model.initialize(np.random.default_rng(0))
    gradients = parameters.zeros_like()
    _, state = window_gradients(model, parameters, gradients, window(1), {}, rng)
    loss, state = window_gradients(model, parameters, gradients, window(count), state, rng, recompute=recompute)
    return loss, state, gradients.flat.copy(), rng.random()


@pytest.mark.parametrize("name", SETTINGS)
def test_the_same_bits(name):
    compare(found(SETTINGS[name], "numpy", False), found(SETTINGS[name], "numpy", True))


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_bits_by_every_engine_and_with_threads(engine, number, monkeypatch):
    monkeypatch.setattr("minicrt.training.window.WORTH_A_THREAD", 0)
    monkeypatch.setattr(threads, "count", lambda: number)    # however many cores the machine has
    compare(found(SETTINGS["crt"], engine, False), found(SETTINGS["crt"], engine, True))


def compare(kept, again):
    assert kept[0] == again[0] and kept[3] == again[3]
    assert kept[1].keys() == again[1].keys()
    assert all(np.array_equal(kept[1][name], again[1][name]) for name in kept[1])
    assert np.any(kept[2]) and np.array_equal(kept[2], again[2])


def test_a_window_of_one_segment_is_run_once(monkeypatch):
    model, runs = create_model(STACK, engine="numpy"), []
    parameters = model.initialize(np.random.default_rng(0))
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda *arguments: runs.append(1) or forward(*arguments))
    for count, passes in ((1, 1), (4, 4 + 3)):
        runs.clear()
        window_gradients(model, parameters, parameters.zeros_like(), window(count), {}, None, recompute=True)
        assert len(runs) == passes


@pytest.mark.parametrize("engine", ENGINES)
def test_memory_falls_to_what_the_accountant_says(engine):
    """Four segments, whose caches are most of a step's memory; of a process that has run a step before"""
    found(STACK | {"dropout": 0.0}, engine, True)            # compiled, imported
    settings = STACK | {"width": 32, "inner": 128, "segment_length": 40, "layers": 4, "dropout": 0.0}
    peaks = {}
    for recompute in (False, True):
        model = create_model(settings, engine=engine)
        if engine == "numba":
            from minicrt.kernels import pool
            pool.release()
        tracemalloc.start()
        try:
            parameters = model.initialize(np.random.default_rng(0))
            gradients, optimizer = parameters.zeros_like(), AdamW(parameters, engine=engine)
            for _ in range(2):
                train_step(model, parameters, gradients, optimizer, window(4, 8, 40), {}, recompute=recompute)
            peaks[recompute] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        training = TrainingConfig(steps=1, batch=8, bptt_segments=4, recompute=recompute)
        said = sum(step_memory(model.config, training, model.size, engine, 1).values())
        assert said == pytest.approx(peaks[recompute], rel=0.25)
    assert peaks[True] < 0.6 * peaks[False]


def test_what_is_computed_again_counts_as_operations():
    config = {"steps": 1, "bptt_segments": 4}
    assert run_again(TrainingConfig(**config)) == 0
    assert run_again(TrainingConfig(recompute=True, **config)) == 0.75
    assert run_again(TrainingConfig(steps=1, bptt_segments=1, recompute=True)) == 0


def test_recompute_is_true_or_false():
    model = create_model(STACK, engine="numpy")
    parameters = model.initialize(np.random.default_rng(0))
    with pytest.raises(InputError, match="recompute is 'yes', expected True or False"):
        train_step(model, parameters, parameters.zeros_like(), AdamW(parameters), window(1), {}, recompute="yes")
