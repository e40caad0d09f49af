"""Which models are one compiled call a token; that the call computes the same is tests/inference/test_stream.py's"""

import numpy as np
import pytest

from minicrt import engines
from minicrt.inference.steps import layers_for, steps_by
from minicrt.models import create_model
from minicrt.quantisation import quantise

USUAL = [{}, {"memory": "ncgru"}, {"memory_norm": "on"}, {"memory_position": "last"}, {"position_carry": False},
         {"activation": "relu"}, {"tied": False}]
OTHER = [{"memory": "mingru"}, {"memory": "none"}, {"memory_vectors": 2}, {"memory_update": "per_segment"},
         {"readout": "transformer"}, {"reset_after": False}, {"positions": "learned"}, {"position_width": 4},
         {"norm": "post"}, {"model": "transformer"}]


def in_one_call(settings, engine="numba", dtype=np.float32, bits=None):
    sizes = {"vocabulary": 11, "width": 8, "layers": 1, "heads": 2, "inner": 8, "segment_length": 4}
    model = create_model({**sizes, "model": "crt", **settings}, engine)
    parameters = model.initialize(np.random.default_rng(0), dtype)
    parameters = parameters if bits is None else quantise(parameters, bits)
    return steps_by(model, layers_for(model, parameters)).__name__ == "CompiledCRTSteps"


@pytest.mark.skipif(engines.name_of(engines.get()) != "numba", reason="there are kernels with Numba alone")
def test_the_usual_crt_is():
    assert all(in_one_call(settings) for settings in USUAL)
    assert in_one_call({}, dtype=np.float64) and in_one_call({}, bits=8) and in_one_call({}, bits=4)
    assert not any(in_one_call(settings) for settings in OTHER)


def test_the_specification_is_not():
    assert not in_one_call({}, engine="numpy")
