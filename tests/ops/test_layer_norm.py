import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import layer_norm_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes


@settings(max_examples=60)
@given(seed=seeds, leading=st.lists(sizes, max_size=2).map(tuple), width=st.integers(1, 7),
       spread=st.sampled_from([0.01, 1.0, 30.0]), layout=layouts)
def test_gradient(seed, leading, width, spread, layout):
    assert_gradient(layer_norm_case(np.random.default_rng(seed), leading, width, spread), seed, layout)


def test_dtype():
    assert_keeps_dtype(layer_norm_case(np.random.default_rng(0)))


def test_eps_is_inside_the_root_and_the_variance_biased():
    x = np.array([[1.0, 3.0]])                               # mean 2, biased variance 1
    y, _ = ops.layer_norm(x, np.ones(2), np.zeros(2), eps=0.25)
    np.testing.assert_allclose(y, np.array([[-1, 1]]) / np.sqrt(1.25), rtol=1e-15)


@given(seed=seeds, width=st.integers(2, 8))
def test_the_gradient_has_no_part_along_what_the_norm_removes(seed, width):
    rng = np.random.default_rng(seed)
    x, gain, d_y = rng.standard_normal((3, width)), rng.standard_normal(width), rng.standard_normal((3, width))
    y, cache = ops.layer_norm(x, gain, np.zeros(width))
    d_x, _, _ = ops.layer_norm_backward(d_y, cache)
    r = 1 / np.sqrt(x.var(-1) + 1e-5)
    size = np.abs(d_y * gain).max() * r.max() * width
    assert np.abs(d_x.sum(-1)).max() <= 1e-13 * size         # y does not change with x + c,
    along = (d_x * (x - x.mean(-1, keepdims=True))).sum(-1)  # and with the spread of x only as far as eps counts
    np.testing.assert_allclose(along, 1e-5 * r * r * (d_y * y).sum(-1), rtol=0, atol=1e-13 * width * size)


def test_equal_features_give_the_bias():
    case = layer_norm_case(np.random.default_rng(3), (2,), 4)
    y, _ = ops.layer_norm(np.full((2, 4), 7.0), case.inputs["gain"], case.inputs["bias"])
    np.testing.assert_allclose(y, np.broadcast_to(case.inputs["bias"], (2, 4)), atol=1e-14)


def test_large_float32_values_stay_finite():
    x = np.array([[1e15, -1e15, 3e14]], np.float32)
    y, cache = ops.layer_norm(x, np.ones(3, np.float32), np.zeros(3, np.float32))
    d_x, _, _ = ops.layer_norm_backward(np.ones_like(y), cache)
    assert np.isfinite(y).all() and np.isfinite(d_x).all() and np.abs(y).max() < 2


def test_shapes_that_do_not_fit():
    with pytest.raises(InputError, match=r"^layer_norm: gain has shape \(3,\), expected \(D\) with D = 4$"):
        ops.layer_norm(np.zeros((2, 4)), np.zeros(3), np.zeros(4))
