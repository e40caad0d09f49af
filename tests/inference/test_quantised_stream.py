"""Streams of quantised runs: small integers read by the kernels, against the same weights in float32"""

import numpy as np
import pytest

from minicrt import engines
from minicrt.errors import InputError
from minicrt.inference import Stream
from minicrt.quantisation import quantise
from tests.inference.test_stream import ATTENTION, V, drawn, in_segments, made

NUMBA = engines.name_of(engines.get()) == "numba"
WIDE = {"width": 72, "inner": 100}                           # two groups of 32 and a part of one
LSTM = {"vocabulary": V, "width": 72, "layers": 1, "segment_length": 4, "model": "recurrent", "cell": "lstm",
        "hidden": 100}
COMPILED = [({**ATTENTION, **WIDE, "model": "crt"}, 8), (LSTM, 4), ({**LSTM, "tied": False}, 4)]
LONG = [({**ATTENTION, **WIDE, "model": "crt", "tied": False}, 4)]           # to compile; LSTM reads what it reads


@pytest.mark.skipif(not NUMBA, reason="there are kernels with Numba alone")
@pytest.mark.parametrize("settings, bits", [
    *COMPILED, *(pytest.param(*row, marks=pytest.mark.exhaustive) for row in LONG)],
    ids=["8 bits", "4 bits, LSTM", "4 bits, LSTM, untied", "4 bits"])
def test_kernels_give_what_the_weights_in_float32_give(settings, bits):
    check_equal(settings, bits)


def check_equal(settings, bits):
    model, parameters = made(settings, "numba", np.float32)
    small, tokens = quantise(parameters, bits), drawn(2, 10)
    expected = in_segments(model, parameters.with_flat(small.flat), tokens)
    stream = Stream(model, small, batch=2)
    for t in range(tokens.shape[1]):
        np.testing.assert_allclose(stream.step(tokens[:, t]), expected[:, t], rtol=0,
                                   atol=1e-5 * np.abs(expected).max())


@pytest.mark.skipif(not NUMBA, reason="there are kernels with Numba alone")
def test_the_matrices_of_a_stream_are_never_made_in_float32():
    model, parameters = made(COMPILED[0][0], "numba", np.float32)            # whose kernels are compiled by then
    small = quantise(parameters, 8)
    Stream(model, small).feed(drawn(1, 10)[0])
    assert not [name for name in small._views.made if not isinstance(small.stored(name), np.ndarray)]


@pytest.mark.parametrize("bits", [8, 4])
def test_the_numpy_path_is_the_pass_over_segments(bits):
    model, parameters = made({**ATTENTION, "model": "crt", "memory_vectors": 2}, "numpy", np.float32)
    small, tokens = quantise(parameters, bits), drawn(1, 10)
    expected = in_segments(model, small, tokens)
    np.testing.assert_allclose(Stream(model, small).feed(tokens[0]), expected[0, -1], rtol=1e-5, atol=1e-5)


def test_a_stream_goes_on_elsewhere_with_the_same_small_weights_alone():
    model, parameters = made({**ATTENTION, "model": "crt"}, "numpy", np.float32)
    small = quantise(parameters, 8)
    stream, tokens = Stream(model, small), drawn(1, 7)[0]
    stream.feed(tokens)
    later = Stream(model, quantise(parameters, 8))
    later.restore(stream.save())
    np.testing.assert_array_equal(later.step(3), stream.step(3))
    for others in (parameters, quantise(parameters, 4)):
        with pytest.raises(InputError, match="other weights"):
            Stream(model, others).restore(stream.save())
    with pytest.raises(InputError, match=f"expected 0 to {V - 1}"):
        stream.step(V)
