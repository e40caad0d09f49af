"""Which models are one compiled call a token; that the call computes the same is tests/inference/test_stream.py's"""

import numpy as np
import pytest

from minicrt import engines
from minicrt.inference import Stream
from minicrt.inference.steps import layers_for, steps_by
from minicrt.models import create_model
from minicrt.quantisation import quantise

USUAL = [{}, {"memory": "ncgru"}, {"memory_norm": "on"}, {"memory_position": "last"}, {"position_carry": False},
         {"activation": "relu"}, {"tied": False}]
OTHER = [{"memory": "mingru"}, {"memory": "none"}, {"memory_vectors": 2}, {"memory_update": "per_segment"},
         {"readout": "transformer"}, {"reset_after": False}, {"positions": "learned"}, {"position_width": 4},
         {"norm": "post"}, {"model": "transformer"}]


SIZES = {"model": "crt", "vocabulary": 11, "width": 8, "layers": 1, "heads": 2, "inner": 8, "segment_length": 4}
NUMBA = engines.name_of(engines.get()) == "numba"


def in_one_call(settings, engine="numba", dtype=np.float32, bits=None):
    model = create_model({**SIZES, **settings}, engine)
    parameters = model.initialize(np.random.default_rng(0), dtype)
    parameters = parameters if bits is None else quantise(parameters, bits)
    return steps_by(model, layers_for(model, parameters)).__name__ == "CompiledCRTSteps"


@pytest.mark.skipif(not NUMBA, reason="there are kernels with Numba alone")
def test_the_usual_crt_is():
    assert all(in_one_call(settings) for settings in USUAL)
    assert in_one_call({}, dtype=np.float64) and in_one_call({}, bits=8) and in_one_call({}, bits=4)
    assert not any(in_one_call(settings) for settings in OTHER)


@pytest.mark.skipif(not NUMBA, reason="there are kernels with Numba alone")
def test_one_code_is_good_for_every_number_of_layers_and_network():
    from minicrt.kernels.steps import crt

    for settings in ({}, {"layers": 3, "memory_norm": "on"}, {"memory": "ncgru"},
                     {"memory": "ncgru", "candidate": "tanh"}):
        model = create_model({**SIZES, **settings}, "numba")
        stream = Stream(model, model.initialize(np.random.default_rng(0), np.float32))
        stream.step(1)
        if not settings:
            compiled = list(crt.step.signatures)
    assert crt.step.signatures == compiled


def test_the_specification_is_not():
    assert not in_one_call({}, engine="numpy")
