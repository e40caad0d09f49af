import gc
import sys
import tracemalloc

import numpy as np
import pytest

from minicrt import engines, ops
from minicrt.errors import CheckpointError, InputError
from minicrt.inference import SensorStream, Stream
from minicrt.inference.stream import FORM
from minicrt.models import CRT, create_model, create_sensor_model
from minicrt.sealed import opened, sealed
from tests.inference.arrays_held import bytes_of_arrays

V, T = 11, 4
ENGINES = ["numpy", *(["numba"] if engines.name_of(engines.get()) == "numba" else [])]
ATTENTION = {"vocabulary": V, "width": 8, "layers": 2, "heads": 2, "inner": 12, "segment_length": T}
RECURRENT = {"vocabulary": V, "width": 8, "layers": 2, "segment_length": T}
CRTS = [{}, {"memory": "ncgru"}, {"memory": "mingru"}, {"memory": "lru"}, {"memory": "s4d", "memory_states": 1},
        {"memory": "mamba", "memory_states": 2, "memory_vectors": 2}, {"memory": "none"}, {"memory_vectors": 3},
        {"memory_vectors": 2, "memory_update": "per_segment"}, {"memory_position": "last"}, {"readout": "transformer"},
        {"memory_gradient": "writer"}, {"reset_after": False}, {"positions": "learned"}, {"positions": "sinusoidal"},
        {"positions": "none"}, {"position_width": 6}, {"position_carry": False}, {"activation": "gelu_tanh"},
        {"memory": "ncgru", "orthogonal": "candidate+reset", "candidate": "tanh"},
        {"norm": "post", "activation": "relu", "memory_norm": "on", "tied": False},
        {"memory_form": "slots", "memory_vectors": 3}, {"memory_form": "matrix", "memory_keys": 5},
        {"memory_form": "slots", "memory_vectors": 3, "memory_top_k": 1, "memory": "lru", "positions": "learned"},
        {"memory_form": "queue", "memory_vectors": 3, "memory_norm": "on"}]
OTHERS = [{"model": "transformer"}, {"model": "transformer", "norm": "post", "positions": "sinusoidal"},
          {"model": "transformer_xl"}, {"model": "transformer_xl", "cache_length": 6, "same_length": True},
          {"model": "transformer_xl", "cache_length": 0},
          {"model": "transformer_xl", "norm": "post", "clamp_length": 3, "shared_biases": False, "cache_length": 3},
          {"model": "rmt"}, {"model": "rmt", "memory_vectors": 3, "positions": "sinusoidal"},
          {"model": "rmt", "memory_vectors": 2, "positions": "none", "norm": "post"}]
SETTINGS = [{**ATTENTION, "model": "crt", **crt} for crt in CRTS] + [{**ATTENTION, **other} for other in OTHERS] + [
    {**RECURRENT, "model": "recurrent", "cell": "lstm", "hidden": 6},
    {**RECURRENT, "model": "recurrent", "cell": "gru"},
    {**RECURRENT, "model": "linear_recurrent", "cell": "mingru", "inner": 0},
    {**RECURRENT, "model": "linear_recurrent", "cell": "lru", "hidden": 6},
    {**RECURRENT, "model": "s4d", "states": 2}, {**RECURRENT, "model": "mamba", "states": 2}]


def made(settings, engine=None, dtype=np.float32, model_class=None):
    model = create_model(settings, engine=engine)
    if model_class:
        model = model_class(model.config, engine)
    parameters = model.initialize(np.random.default_rng(0), dtype)
    parameters.flat += 0.2 * np.random.default_rng(1).standard_normal(parameters.size).astype(dtype)
    return model, parameters


def in_segments(model, parameters, tokens):
    """The logits at each token, (B, N, V), segment by segment"""
    state, found = {}, []
    for start in range(0, tokens.shape[1], T):
        logits, state = model.logits(parameters, tokens[:, start:start + T], state)
        found.append(logits)
    return np.concatenate(found, axis=1)


def drawn(rows, length, seed=2):
    return np.random.default_rng(seed).integers(0, V, (rows, length))


def described(settings):
    return ", ".join(f"{name}={value}" for name, value in settings.items()
                     if name == "model" or ATTENTION.get(name) != value)


def by_passes():
    """A model's settings, an engine and a precision. In float64 it takes a minute to compile what hardly anybody runs:
    but for one small model that is tried with the exhaustive tests."""
    for settings in SETTINGS:
        for engine in ENGINES:
            for dtype in (np.float64, np.float32):
                long = engine == "numba" and dtype is np.float64 and settings.get("cell") != "mingru"
                yield pytest.param(settings, engine, dtype, id=f"{described(settings)}-{engine}-{dtype.__name__}",
                                   marks=[pytest.mark.exhaustive] if long else [])


@pytest.mark.parametrize("settings, engine, dtype", list(by_passes()))
def test_a_stream_is_the_segments_forward_pass_at_every_token_and_over_boundaries(settings, engine, dtype):
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    model, parameters = made(settings, engine, dtype)
    tokens = drawn(3, 3 * T + 2)
    expected = in_segments(model, parameters, tokens)
    stream = Stream(model, parameters, batch=3)
    for t in range(tokens.shape[1]):
        np.testing.assert_allclose(stream.step(tokens[:, t]), expected[:, t], rtol=0,
                                   atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("settings", SETTINGS, ids=described)
def test_one_that_is_saved_and_restored_after_every_token_has_the_same_bits(settings):
    model, parameters = made(settings)
    tokens = drawn(2, 3 * T)
    once, often = Stream(model, parameters, batch=2), Stream(model, parameters, batch=2)
    for t in range(tokens.shape[1]):
        expected, got = once.step(tokens[:, t]), often.step(tokens[:, t])
        np.testing.assert_array_equal(got, expected)
        saved = often.save()
        often = Stream(model, parameters, batch=2)
        often.restore(saved)
        assert often.tokens == t + 1


def test_the_state_of_a_stream_of_width_128_is_small():
    model, parameters = made({"model": "crt", "vocabulary": V, "width": 128, "segment_length": 35})
    stream = Stream(model, parameters)
    stream.feed(drawn(1, 100)[0])
    assert sum(array.nbytes for array in stream._state.values()) == 2 * 128 * 4
    assert len(stream.save()) < 1536


@pytest.mark.parametrize("engine, dtype, tolerance", [("numpy", np.float64, 1e-12), (None, np.float32, 1e-5)])
def test_many_streams_side_by_side_are_as_each_alone(engine, dtype, tolerance):
    model, parameters = made(SETTINGS[0], engine, dtype)
    tokens = drawn(4, 2 * T + 1)
    together = Stream(model, parameters, batch=4).feed(tokens)
    for row, alone in zip(tokens, together):
        np.testing.assert_allclose(Stream(model, parameters).feed(row), alone, rtol=0,
                                   atol=tolerance * np.abs(together).max())


def test_two_streams_of_one_model_do_not_disturb_each_other():
    model, parameters = made(SETTINGS[0])
    one, other = Stream(model, parameters), Stream(model, parameters)
    tokens = drawn(2, 3 * T)
    for a, b in tokens.T:
        one.step(int(a))
        other.step(int(b))
    np.testing.assert_array_equal(one.step(0), Stream(model, parameters).feed([*tokens[0], 0]))


def test_reset_is_a_new_text():
    model, parameters = made(SETTINGS[0])
    stream = Stream(model, parameters)
    first = stream.feed([1, 2, 3, 4, 5]).copy()
    stream.reset()
    assert stream.tokens == 0
    np.testing.assert_array_equal(stream.feed([1, 2, 3, 4, 5]), first)


@pytest.mark.parametrize("settings", [SETTINGS[0], SETTINGS[1], SETTINGS[19]], ids=described)
def test_a_step_leaves_nothing_behind(settings):
    model, parameters = made(settings)
    stream = Stream(model, parameters)

    def held(segments):
        for t in range(segments * T):
            stream.step(t % V)
        return bytes_of_arrays()

    tracemalloc.start()
    try:
        few = held(5)
        assert held(100) == few
    finally:
        tracemalloc.stop()


def readings_and_stream():
    model = create_sensor_model(3, 1, width=8, layers=1, heads=2, inner=8, segment_length=T)
    return SensorStream(model, model.initialize(np.random.default_rng(0))), [[0.5, np.nan, -1.0], [1.0, 0.0, 2.0]]


def tokens_and_stream():
    return Stream(*made(SETTINGS[0])), list(range(V))


@pytest.mark.parametrize("prepared", [tokens_and_stream, readings_and_stream])
def test_after_five_thousand_steps_there_are_no_more_objects_than_after_a_thousand(prepared):
    stream, inputs = prepared()
    for t in range(1000):
        stream.step(inputs[t % len(inputs)])
    gc.collect()
    before = sys.getallocatedblocks()
    for t in range(4000):
        stream.step(inputs[t % len(inputs)])
    gc.collect()
    assert sys.getallocatedblocks() - before < 2000          # one a step would be 4000; some fill stores of Python's


def test_a_model_of_ones_own_runs_its_segment_again():
    class Doubled(CRT):
        def encode(self, parameters, e, state, rng, with_gradient):
            z, after, cache = super().encode(parameters, e, state, rng, with_gradient)
            return 2 * z, after, cache

    model, parameters = made(SETTINGS[0], dtype=np.float64, model_class=Doubled)
    tokens = drawn(1, 2 * T + 1)
    np.testing.assert_allclose(Stream(model, parameters).feed(tokens[0]), in_segments(model, parameters, tokens)[0, -1],
                               rtol=0, atol=1e-12)


def test_complex_parameters_take_the_operations_themselves():
    model, parameters = made(SETTINGS[0], dtype=np.complex128)
    tokens = drawn(1, 2 * T + 1)
    np.testing.assert_allclose(Stream(model, parameters).feed(tokens[0]), in_segments(model, parameters, tokens)[0, -1],
                               rtol=0, atol=1e-12)
    assert Stream(create_model(SETTINGS[0], engine=ops), parameters).step(1).dtype == np.complex128


@pytest.mark.parametrize("token, words", [
    (11, "token 11 is out of range, expected 0 to 10"), (-1, "token -1"), (1.0, "float64"), ("a", "<U1"),
    (np.array([1, 2]), r"shape \(2,\)"), (True, "bool"), (None, "object"),
])
def test_what_is_no_token_is_refused_and_changes_nothing(token, words):
    model, parameters = made(SETTINGS[0])
    stream = Stream(model, parameters)
    stream.feed([1, 2, 3])
    with pytest.raises(InputError, match=words):
        stream.step(token)
    assert stream.tokens == 3
    np.testing.assert_array_equal(stream.step(4), Stream(model, parameters).feed([1, 2, 3, 4]))


@pytest.mark.parametrize("tokens", [[], [[1], [2]], [1.5], [1, 99], "ab"])
def test_what_are_no_tokens_is_refused(tokens):
    model, parameters = made(SETTINGS[0])
    with pytest.raises(InputError, match="token"):
        Stream(model, parameters).feed(tokens)


@pytest.mark.parametrize("batch", [0, -1, 1.5, "two"])
def test_a_batch_is_a_number_of_texts(batch):
    with pytest.raises(InputError, match="batch"):
        Stream(*made(SETTINGS[0]), batch=batch)


def test_what_is_restored_is_of_this_model_and_whole():
    model, parameters = made(SETTINGS[0])
    stream = Stream(model, parameters)
    stream.feed([1, 2, 3, 4, 5, 6])
    saved = stream.save()
    other = Stream(*made(SETTINGS[1]))
    two = Stream(model, parameters, batch=2)
    two.feed(drawn(2, 6))
    for target, data, words, error in [
            (other, saved, "another model", InputError), (stream, two.save(), "batch=2", InputError),
            (stream, saved[:-1], "damaged|lost its end", CheckpointError),
            (stream, b"", "lost its end", CheckpointError), (stream, "text", "bytes", InputError),
            (stream, saved[:-1] + bytes([saved[-1] ^ 1]), "damaged", CheckpointError)]:
        with pytest.raises(error, match=words):
            target.restore(data)
    arrays, metadata = opened(saved, FORM, "", "")
    kept = {"model": metadata["model"], "tokens": metadata["tokens"]}
    for segment in (None, np.array([[99]], np.uint8), np.zeros((1, T + 1), np.uint8), np.zeros((1, 2), np.float32),
                    np.zeros(1, np.uint8)):
        forged = {name: array for name, array in {**arrays, "segment": segment}.items() if array is not None}
        with pytest.raises(InputError, match="for its segment, expected ids below 11"):
            stream.restore(sealed(forged, kept, FORM))
    for tokens in ({}, {"tokens": "many"}):
        with pytest.raises(InputError, match="expected a whole number"):
            stream.restore(sealed(arrays, {"model": kept["model"], **tokens}, FORM))
    np.testing.assert_array_equal(stream.step(7), Stream(model, parameters).feed([1, 2, 3, 4, 5, 6, 7]))
    assert other.tokens == 0
    changed = parameters.zeros_like()
    with pytest.raises(InputError, match="other weights"):
        Stream(model, changed).restore(saved)
