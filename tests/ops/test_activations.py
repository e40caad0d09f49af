import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from minicrt import ops
from minicrt.gradcheck.cases import ACTIVATIONS, activation_case, modrelu_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes

shapes = st.lists(sizes, min_size=1, max_size=3).map(tuple)
EXTREME = np.array([-1e4, -750.0, -40.0, -0.0, 0.0, 40.0, 750.0, 1e4])


@settings(max_examples=100)
@given(seed=seeds, operation=st.sampled_from(ACTIVATIONS), shape=shapes, layout=layouts)
def test_gradient(seed, operation, shape, layout):
    assert_gradient(activation_case(np.random.default_rng(seed), operation, shape, 1.0), seed, layout)


@settings(max_examples=50)
@given(seed=seeds, leading=shapes, width=sizes, layout=layouts)
def test_modrelu_gradient(seed, leading, width, layout):
    assert_gradient(modrelu_case(np.random.default_rng(seed), leading, width), seed, layout)


@pytest.mark.parametrize("operation", ACTIVATIONS)
def test_dtype(operation):
    assert_keeps_dtype(activation_case(np.random.default_rng(0), operation))


def test_modrelu_dtype():
    assert_keeps_dtype(modrelu_case(np.random.default_rng(0)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("operation", ACTIVATIONS)
def test_extreme_values_neither_overflow_nor_warn(operation, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, cache = getattr(ops, operation)(EXTREME.astype(dtype))
        d_x = getattr(ops, operation + "_backward")(np.ones(len(EXTREME), dtype), cache)
    last = {"sigmoid": 1, "tanh": 1}.get(operation, dtype(1e4))
    assert y[-1] == last
    assert y[0] == (-1 if operation == "tanh" else 0)
    assert d_x[0] == 0 and d_x[-1] == (0 if operation in ("sigmoid", "tanh") else 1)
    assert np.isfinite(y).all() and np.isfinite(d_x).all()


@given(st.floats(-30, 30))
def test_sigmoid_is_symmetric(x):
    y, _ = ops.sigmoid(np.array([x, -x]))
    assert y.sum() == pytest.approx(1, abs=1e-15)
    assert y[0] == pytest.approx(1 / (1 + np.exp(-x)), rel=1e-14)


@given(st.floats(-6, 6))
def test_gelu_is_x_times_the_normal_distribution(x):
    y, _ = ops.gelu(np.array([x]))
    assert y[0] == pytest.approx(x * norm.cdf(x), rel=1e-9, abs=1e-15)


def test_the_two_gelus_differ_by_what_is_known():
    x = np.linspace(-6, 6, 100_001)
    difference = np.abs(ops.gelu(x)[0] - ops.gelu_tanh(x)[0])
    assert 4.6e-4 < difference.max() < 4.8e-4
    assert abs(x[difference.argmax()]) == pytest.approx(2.70, abs=0.02)


def test_relu_has_slope_0_at_0():
    y, cache = ops.relu(np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(y, [0, 0, 2])
    np.testing.assert_array_equal(ops.relu_backward(np.array([5.0, 5.0, 5.0]), cache), [0, 0, 5])


def test_modrelu_by_hand():
    v, bias = np.array([[2.0, -2.0, 0.5, -0.5, 0.0]]), np.full(5, -1.0)
    y, cache = ops.modrelu(v, bias)
    np.testing.assert_array_equal(y, [[1, -1, 0, 0, 0]])
    d_v, d_bias = ops.modrelu_backward(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), cache)
    np.testing.assert_array_equal(d_v, [[1, 2, 0, 0, 0]])
    np.testing.assert_array_equal(d_bias, [1, -2, 0, 0, 0])


@given(seed=seeds)
def test_modrelu_is_odd_and_without_bias_the_identity(seed):
    case = modrelu_case(np.random.default_rng(seed))
    v, bias = case.inputs["v"], case.inputs["bias"]
    np.testing.assert_array_equal(ops.modrelu(-v, bias)[0], -ops.modrelu(v, bias)[0])
    np.testing.assert_array_equal(ops.modrelu(v, 0 * bias)[0], v)
