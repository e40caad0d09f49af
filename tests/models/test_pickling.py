"""Models, configurations, parameters and engines go through pickle and copy, and to a process that has nothing yet"""

import copy
import multiprocessing
import pickle  # noqa: S403

import numpy as np
import pytest

from minicrt import engines, ops
from minicrt.gradcheck.configurations import CONFIGURATIONS, small_model, small_segment
from minicrt.models import CRT, CRTConfig
from minicrt.training import AdamW, TrainingConfig, train_step

WAYS = {"pickle": lambda what: pickle.loads(pickle.dumps(what)),  # noqa: S301
        "deepcopy": copy.deepcopy, "copy": copy.copy}


@pytest.fixture(params=WAYS)
def through(request):
    return WAYS[request.param]


def window(model):
    return [small_segment(model, np.random.default_rng(3), 2, 4)]


def step(model, parameters):
    """(loss, parameters after one step): what two equal models have in common to the last bit"""
    parameters = parameters.copy()
    loss, _, _ = train_step(model, parameters, parameters.zeros_like(), AdamW(parameters, engine=model.engine),
                            window(model), {}, np.random.default_rng(4))
    return loss, parameters.flat.tobytes()


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_model_and_its_parameters(through, name):
    model = small_model(CONFIGURATIONS[name])
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    again, same = through(model), through(parameters)
    assert type(again) is type(model) and again.config == model.config and again.engine is model.engine
    assert again.initialize(np.random.default_rng(0), np.float64).flat.tobytes() == parameters.flat.tobytes()
    assert list(same) == list(parameters) and same.dtype == parameters.dtype
    assert step(again, same) == step(model, parameters)


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_views_of_a_copy_are_views_of_its_own_buffer(way, dtype):
    parameters = CRT(CRTConfig(vocabulary=5, width=4, heads=1)).initialize(np.random.default_rng(0), dtype)
    before, other = parameters.flat.copy(), WAYS[way](parameters)
    other["output.bias"] = 7
    assert (other.flat[other.slice("output.bias")] == 7).all()
    other.flat[:] = 8
    assert (other.scope("memory.0.")["w"] == 8).all() and other.dtype == dtype
    assert np.array_equal(parameters.flat, before)


@pytest.mark.parametrize("name", engines.NAMES)
def test_an_engine_is_the_same_module(through, name):
    if name == "numba":
        pytest.importorskip("numba")
    engine = engines.get(name)
    assert through(engine) is engine
    assert through(AdamW(CRT(CRTConfig(vocabulary=5)).initialize(np.random.default_rng(0)), engine=engine)
                   ).engine is engine


def test_an_engine_given_as_a_module_goes_by_its_name_too(through):
    assert through(CRT(CRTConfig(vocabulary=5), ops)).engine is ops


def test_configurations(through):
    for config in (CRTConfig(vocabulary=5, memory="ncgru"), TrainingConfig(steps=3)):
        assert through(config) == config


def test_a_new_process_computes_the_same():
    """`spawn` starts one in which nothing is imported, the engine neither."""
    model = CRT(CRTConfig(vocabulary=5, width=4, heads=1, layers=1, inner=4, dropout=0.3))
    parameters = model.initialize(np.random.default_rng(0))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply_async(step, (model, parameters)).get(120) == step(model, parameters)
