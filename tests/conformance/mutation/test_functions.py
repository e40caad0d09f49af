"""The functions of the equations take complex arrays: what moves in them has the slope of central differences"""

import numpy as np
import pytest

from minicrt.conformance.mutation import functions, in_time

UNARY = ("exp", "tanh", "sigmoid", "relu", "erf", "sin", "cos", "softplus", "softsign", "hard_tanh", "hard_sigmoid",
         "keras_sigmoid", "silu", "exact_gelu", "square", "elu", "leaky_relu", "quick_gelu", "absolute", "softmax_of",
         "rolled", "previous", "last_step", "mean_of_all", "reversed_in_time", "transposed", "total", "mean",
         "unbiased_mean", "rows_sum", "rows_mean")
X = np.random.default_rng(0).normal(size=(2, 3))
V = np.random.default_rng(1).normal(size=(2, 3))


@pytest.mark.parametrize("name", UNARY)
def test_slopes(name):
    f = getattr(functions, name, None) or getattr(in_time, name)
    moved, step = f(X + 1e-30j * V), 1e-6
    np.testing.assert_allclose(moved.imag / 1e-30, (f(X + step * V) - f(X - step * V)) / (2 * step), atol=1e-8)
    np.testing.assert_allclose(moved.real, f(X), atol=1e-15)


@pytest.mark.parametrize("name", ("sign", "positive", "detached"))
def test_what_has_no_slope(name):
    moved = getattr(functions, name)(X + 1e-30j * V)
    assert not np.iscomplexobj(moved) and np.array_equal(moved, getattr(functions, name)(X))


def test_far_from_zero_nothing_overflows():
    x = np.array([-800.0, 800.0]) + 1e-30j
    with np.errstate(over="raise", invalid="raise"):
        for name in ("sigmoid", "softplus", "silu", "elu", "quick_gelu", "tanh"):
            assert np.isfinite(getattr(functions, name)(x)).all(), name


def test_other_layouts_of_heads():
    x = np.arange(2 * 3 * 8.0).reshape(2, 3, 8)
    assert np.array_equal(functions.heads_interleaved(x, 2)[:, 1], x[..., 1::2])
    assert np.array_equal(functions.merged_interleaved(functions.heads_interleaved(x, 2)), x)
    assert np.array_equal(functions.merged_unmoved(functions.heads_unmoved(x, 2)), x)
    assert not np.array_equal(functions.heads_unmoved(x, 2), functions.heads_of(x, 2))


def test_terms_of_an_inverse():
    a = np.random.default_rng(2).normal(size=(4, 4)) / 20
    one = np.eye(4)
    np.testing.assert_allclose(functions.series_inverse(one + a, 3), one - a + a @ a, atol=1e-15)
    np.testing.assert_allclose(functions.series_inverse(one + a, 30), np.linalg.inv(one + a), atol=1e-15)
