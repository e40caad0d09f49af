"""What a token of a stream takes, by the accountant, against what a Stream does and holds"""

import tracemalloc

import numpy as np
import pytest

from minicrt import accounting, engines, ops
from minicrt.inference import SensorStream, Stream
from minicrt.models import create_model, create_sensor_model
from minicrt.quantisation import quantise
from tests.test_flops import MODELS as COUNTED
from tests.test_flops import SIZES, STACK, Counted

MODELS = {**COUNTED, "crt, memory behind": {"model": "crt", "memory_position": "last", **STACK},
          "rmt, sinusoidal": {"model": "rmt", "positions": "sinusoidal", **STACK},
          "transformer_xl, same length": {"model": "transformer_xl", "cache_length": 3, "same_length": True, **STACK},
          "crt, sinusoidal": {"model": "crt", "positions": "sinusoidal", **STACK}}
SENSORS = {"width": 6, "segment_length": 5, **STACK}
NUMBA = engines.name_of(engines.get()) == "numba"
DOMAIN = np.lib.tracemalloc_domain


@pytest.mark.parametrize("name", MODELS)
def test_the_multiply_adds_are_those_that_are_performed(name, monkeypatch):
    ncgru = ops.ncgru
    monkeypatch.setattr(ops, "ncgru", lambda x, h0, w, u, *rest: ncgru(x, h0, w, u.view(Counted), *rest))
    model = create_model({**SIZES, **MODELS[name]}, ops)
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    stream, T = Stream(model, parameters.with_flat(parameters.flat.view(Counted))), model.config.segment_length
    for kept in ("keys", "values"):
        if hasattr(stream._steps, "blocks"):
            setattr(stream._steps.blocks, kept, getattr(stream._steps.blocks, kept).view(Counted))
    if "memory_form" in MODELS[name]:
        stream._steps.y = stream._steps.y.view(Counted)      # the segment's outputs, from which it is written
        query = ops.attention                                # np.broadcast_to makes a plain array of the queue's
        monkeypatch.setattr(ops, "attention", lambda q, *rest: query(q.view(Counted), *rest))
    stream.feed(np.zeros(2 * T + 1, int))                    # a third segment finds a full cache
    Counted.performed = 0
    stream.feed(np.zeros(T, int))
    assert Counted.performed == pytest.approx(T * sum(accounting.token_multiply_adds(model).values()))


def test_those_of_a_reading_are_too():
    model = create_sensor_model(3, 4, "classification", **{**SENSORS, "engine": ops})
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    stream, T = SensorStream(model, parameters.with_flat(parameters.flat.view(Counted))), model.config.segment_length
    for kept in ("keys", "values"):
        setattr(stream._steps.blocks, kept, getattr(stream._steps.blocks, kept).view(Counted))
    stream.feed(np.zeros((T + 1, 3)))
    Counted.performed = 0
    stream.feed(np.zeros((T, 3)))
    assert Counted.performed == pytest.approx(T * sum(accounting.token_multiply_adds(model).values()))
    moved = accounting.token_bytes(model, parameters)["weights"]
    blocks = sum(array.nbytes for name, array in parameters.items() if name.startswith("blocks."))
    rare = parameters["memory.read"].nbytes * (1 - 1 / T) + parameters["memory.start"].nbytes
    assert moved == pytest.approx(8 * parameters.size + blocks / T - rare)       # each once, the memory's row as well


@pytest.mark.skipif(not NUMBA, reason="the NumPy operations make arrays as they go")
@pytest.mark.parametrize("name", MODELS)
def test_the_memory_is_that_of_a_streams_arrays(name):
    larger = {"width": 64, "vocabulary": 50, "segment_length": 30, "inner": 90, "hidden": 48}
    settings = {**SIZES, **MODELS[name]}
    model = create_model({**settings, **{key: larger[key] for key in settings if key in larger}}, "numba")
    parameters = model.initialize(np.random.default_rng(0))
    check_memory(Stream, model, parameters, np.zeros(2 * model.config.segment_length + 1, int))


@pytest.mark.skipif(not NUMBA, reason="the NumPy operations make arrays as they go")
def test_so_is_that_of_a_stream_of_readings():
    model = create_sensor_model(20, 4, "classification", engine="numba", **{
        **SENSORS, "width": 64, "inner": 90, "segment_length": 30})
    check_memory(SensorStream, model, model.initialize(np.random.default_rng(0)), np.zeros((61, 20)))


def check_memory(kind, model, parameters, inputs):
    kind(model, parameters).feed(inputs[:1])                 # compiled
    tracemalloc.start()
    try:
        stream = kind(model, parameters)
        stream.feed(inputs)
        traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.DomainFilter(True, DOMAIN)]).traces
        held = sum(trace.size for trace in traces)
    finally:
        tracemalloc.stop()
    assert sum(accounting.stream_memory(model).values()) == pytest.approx(held, rel=0.1)


def test_the_bytes_of_a_crt_by_hand():
    """Six rows of five tokens and a memory go through the blocks, each reads the rows before it and itself."""
    model = create_model({**SIZES, **MODELS["crt"]}, ops)
    parameters = model.initialize(np.random.default_rng(0))
    D, T, R, L = 6, 5, 6, 2
    blocks = sum(array.nbytes for name, array in parameters.items() if name.startswith("blocks."))
    once, never = parameters["memory.read"].nbytes, parameters["memory.start"].nbytes
    moved = accounting.token_bytes(model, parameters)
    assert moved["weights"] == pytest.approx(4 * parameters.size + blocks / T - once * (1 - 1 / T) - never)
    assert moved["keys and values"] == pytest.approx(4 * L * 2 * D * ((1 + 2 + 3 + 4 + 5 + 6) + R) / T)


def test_a_table_that_is_not_the_outputs_is_read_by_the_row():
    def weights(**changes):
        model = create_model({**SIZES, **MODELS["transformer"], "vocabulary": 100, **changes}, ops)
        return accounting.token_bytes(model, model.initialize(np.random.default_rng(0)))["weights"]

    assert weights(tied=False) - weights() == pytest.approx(4 * 6)


@pytest.mark.parametrize("bits, least, most", [(8, 3.6, 4), (4, 6.4, 8)])
def test_small_weights_move_a_quarter_and_less_than_a_sixth(bits, least, most):
    model = create_model({**SIZES, **MODELS["crt"], "width": 128, "inner": 512, "vocabulary": 1000}, ops)
    parameters = model.initialize(np.random.default_rng(0))
    small = quantise(parameters, bits)
    assert least < accounting.weight_bytes(parameters) / accounting.weight_bytes(small) < most
    ratio = accounting.token_bytes(model, parameters)["weights"] / accounting.token_bytes(model, small)["weights"]
    assert least < ratio < most
