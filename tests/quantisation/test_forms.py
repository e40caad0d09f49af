import numpy as np
import pytest

from minicrt.errors import InputError, UnknownNameError
from minicrt.models import create_model
from minicrt.quantisation import EightBits, FourBits, QuantisedParameters, quantise
from minicrt.quantisation.forms import dense, quantised

INPUTS = [1, 6, 31, 32, 33, 100]


def drawn(inputs, outputs=5):
    weight = np.random.default_rng(0).standard_normal((inputs, outputs)).astype(np.float32)
    weight[:, 3] = 0                                         # a channel that is nothing
    weight[:, 4] *= 1e-3
    return weight


@pytest.mark.parametrize("inputs", INPUTS)
def test_eight_bits_are_within_half_a_step_of_the_channel(inputs):
    weight = drawn(inputs)
    small = quantised(weight, 8)
    assert (small.values.dtype, small.values.shape, small.scales.shape) == (np.int8, (inputs, 5), (5,))
    np.testing.assert_allclose(small.scales, np.abs(weight).max(0) / 127, rtol=1e-6)
    assert (np.abs(dense(small, inputs) - weight) <= 0.501 * small.scales).all()


@pytest.mark.parametrize("inputs", INPUTS)
def test_four_bits_are_what_the_equation_says(inputs):
    weight = drawn(inputs)
    small = quantised(weight, 4)
    groups = -(-inputs // 32)
    assert (small.values.shape, small.shares.shape) == ((-(-inputs // 2), 5), (groups, 5))
    got = dense(small, inputs)
    for i in range(inputs):
        u = small.values[i // 2] >> 4 if i % 2 else small.values[i // 2] & 15
        step = small.scales * small.shares[i // 32]
        assert ((u >= 1) & (u <= 15)).all()
        np.testing.assert_array_equal(got[i], step * (u.astype(np.float32) - 8))
        group = np.abs(weight[32 * (i // 32):32 * (i // 32) + 32]).max(0)
        inside = np.abs(weight[i]) <= 7 * step               # the largest may be clipped
        assert (np.abs(got[i] - weight[i]) <= 0.501 * step)[inside].all() and (np.abs(got[i]) <= 1.02 * group).all()


def test_clipping_leaves_a_smaller_error_than_the_largest_weight_would():
    weight = np.random.default_rng(1).standard_normal((256, 64)).astype(np.float32)
    step = np.repeat(np.abs(weight.reshape(8, 32, 64)).max(1) / 7, 32, axis=0)
    plain = np.square(np.rint(weight / step) * step - weight).mean()
    assert np.square(dense(quantised(weight, 4), 256) - weight).mean() < 0.9 * plain


def test_a_matrix_of_that_form_is_found_again():
    rng = np.random.default_rng(2)
    eight = EightBits(rng.integers(-127, 128, (9, 4)).astype(np.int8), np.array([1, 2, 3, 4], np.float32))
    eight.values[0] = 127
    for found, given in zip(quantised(dense(eight, 9), 8), eight):
        np.testing.assert_allclose(found, given, rtol=1e-6)
    values = rng.integers(1, 16, (16, 4)) | rng.integers(1, 16, (16, 4)) << 4
    values[0] = 15 | 1 << 4
    four = FourBits(values.astype(np.uint8), np.full((1, 4), 255, np.uint8), np.array([1, 2, 3, 4], np.float32))
    for found, given in zip(quantised(dense(four, 32), 4), four):
        np.testing.assert_allclose(found, given, rtol=1e-6)


@pytest.mark.parametrize("bits", [8, 4])
def test_parameters_say_what_is_small(bits):
    model = create_model({"vocabulary": 11, "width": 8, "layers": 1, "heads": 2, "inner": 12, "segment_length": 4,
                          "positions": "learned", "memory": "ncgru", "tied": False}, "numpy")
    parameters = model.initialize(np.random.default_rng(0), np.float64)
    small = quantise(parameters, bits)
    assert isinstance(small, QuantisedParameters) and small.bits == bits and small.layout == parameters.layout
    assert (small.size, small.dtype, len(small), list(small)) == (parameters.size, np.float32, len(parameters),
                                                                  list(parameters))
    kept = {name for name in small if isinstance(small.stored(name), np.ndarray)}
    assert kept == {"positions.table", "memory.start", "memory.0.b", "memory.0.skew_candidate", "memory.norm.gain",
                    "memory.norm.bias", "blocks.0.norm_attention.gain", "blocks.0.norm_attention.bias",
                    "blocks.0.attention.b_qkv", "blocks.0.attention.b_out", "blocks.0.norm_feed_forward.gain",
                    "blocks.0.norm_feed_forward.bias", "blocks.0.feed_forward.b_in", "blocks.0.feed_forward.b_out",
                    "norm_final.gain", "norm_final.bias", "output.bias"}
    for name in small:
        assert small[name].shape == parameters[name].shape and small[name].dtype == np.float32
        largest = np.abs(parameters[name]).max()
        np.testing.assert_allclose(small[name], parameters[name], rtol=0,
                                   atol=1e-7 if name in kept else largest * {8: 0.005, 4: 0.25}[bits])
    np.testing.assert_array_equal(small.flat[small.slice("output.weight")].reshape(11, 8), small["output.weight"])
    assert small.stored("embedding").scales.shape == (11,)               # a scale a token


def test_quantised_parameters_are_read_and_not_written():
    model = create_model({"vocabulary": 5, "width": 8, "heads": 2}, "numpy")
    small = quantise(model.initialize(np.random.default_rng(0)), 8)
    with pytest.raises(InputError, match="quantise them anew"):
        small["output.bias"] = 0
    with pytest.raises(ValueError, match="read-only"):
        small["output.bias"][0] = 1
    for read in (small.__getitem__, small.stored, small.scope("outptu.").stored):
        with pytest.raises(UnknownNameError):
            read("outptu.bias")
    copy = small.copy()
    copy["output.bias"] = 1                                  # in float32, which can be trained
    assert small["output.bias"].max() == 0 and not small.flat.flags.writeable
    loss, _, _ = model.forward(small, np.array([[1, 2]]), np.array([[2, 3]]), {}, with_gradient=False)
    assert np.isfinite(loss)


@pytest.mark.parametrize("bits", [16, 0, "8", None, 8.0 + 1e-9])
def test_other_numbers_of_bits_are_refused(bits):
    model = create_model({"vocabulary": 5, "width": 8, "heads": 2}, "numpy")
    with pytest.raises(InputError, match="expected 8 or 4"):
        quantise(model.initialize(np.random.default_rng(0)), bits)


def test_weights_that_are_not_finite_are_refused():
    parameters = create_model({"vocabulary": 5, "width": 8, "heads": 2}, "numpy").initialize(np.random.default_rng(0))
    parameters["blocks.0.attention.w_out"][0, 0] = np.inf
    with pytest.raises(InputError, match="blocks.0.attention.w_out is not finite"):
        quantise(parameters, 8)
    with pytest.raises(InputError, match="complex128"):
        quantise(parameters.astype(np.complex128), 8)


@pytest.mark.parametrize("bits", [8, 4])
def test_matrices_lie_in_one_piece_and_each_is_where_its_place_says(bits):
    model = create_model("crt", vocabulary=7, width=6, layers=2, heads=2, inner=35, segment_length=3)
    parameters = model.initialize(np.random.default_rng(0))
    small = quantise(parameters, bits)
    pieces = small.in_one_piece()
    for name in small:
        (start, shares, scales), kept = small.place(name), small.stored(name)
        if isinstance(kept, np.ndarray):
            found = {"floats": (kept, start)}
            np.testing.assert_array_equal(kept, parameters[name])
        else:
            firsts = {"values": start, "shares": shares, "scales": scales}
            found = {part: (array, firsts[part]) for part, array in kept._asdict().items()}
        for part, (array, first) in found.items():
            piece = getattr(pieces, part)
            assert np.shares_memory(array, piece)
            np.testing.assert_array_equal(array.ravel(), piece[first:first + array.size])
    assert sum(array.nbytes for array in small.stored_arrays()) == sum(piece.nbytes for piece in pieces)
    with pytest.raises(UnknownNameError):
        small.place("nothing")
