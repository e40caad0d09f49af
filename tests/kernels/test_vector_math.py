"""exp, tanh, sigmoid, erf and gelu: units in the last place against NumPy and SciPy in a wider type"""

import numpy as np
import pytest
from numba import njit
from scipy import special

from minicrt.kernels import vector_math

TRUTH = {
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda x: np.where(x < 0, np.exp(-np.abs(x)), 1) / (1 + np.exp(-np.abs(x))),
    "erf": lambda x: special.erf(x.astype(np.float64)),
    # For x < 0 by way of erfcx: 1 + erf(x/√2) would have lost the digits that are asked about.
    "gelu": lambda x: np.where(
        x < 0, 0.5 * x * special.erfcx((-np.minimum(x, 0)).astype(np.float64) / np.sqrt(2)) * np.exp(-x * x / 2),
        x * special.ndtr(x.astype(np.float64)))}
ENDS = {"exp": (np.inf, 0.0), "tanh": (1.0, -1.0), "sigmoid": (1.0, 0.0), "erf": (1.0, -1.0), "gelu": (np.inf, -0.0)}


def applied(name, x):
    function = getattr(vector_math, name)

    @njit(error_model="numpy")
    def loop(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    y = np.empty_like(x)
    loop(x, y)
    return y


def sweep(dtype, reach):
    """Every power of two with random digits behind it, both signs, and a fine grid over where the functions bend."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    exponents = rng.uniform(info.minexp - info.nmant, np.log2(reach), 300_000)
    sizes = np.concatenate([2.0 ** exponents, np.linspace(0, 20, 400_000), rng.uniform(0, reach, 300_000)])
    return np.concatenate([sizes, -sizes]).astype(dtype)


def units(y, truth):
    """Errors in units in the last place of the rounded truth."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.abs(truth).astype(y.dtype)
    finite = np.isfinite(rounded)
    assert np.array_equal(np.isfinite(y), finite)
    return np.abs(y[finite].astype(truth.dtype) - truth[finite]) / np.spacing(rounded[finite])


@pytest.mark.parametrize("name", list(TRUTH))
def test_float32(name):
    x = sweep(np.float32, 110)
    with np.errstate(over="ignore", under="ignore"):
        truth = TRUTH[name](x.astype(np.float64))
    assert units(applied(name, x), truth).max() <= 4


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid"])
def test_float64(name):
    x = sweep(np.float64, 740)
    with np.errstate(over="ignore", under="ignore"):
        truth = TRUTH[name](x.astype(np.longdouble))
    assert units(applied(name, x), truth).max() <= 4


@pytest.mark.parametrize("name", ["erf", "gelu"])
def test_float64_of_the_normal_distribution(name):
    """The polynomial for the tail is of degree 30 here and loses two digits; 64 units are 1.4e-14."""
    x = sweep(np.float64, 5)
    x = x[np.abs(x) < 6]
    assert units(applied(name, x), TRUTH[name](x.astype(np.longdouble))).max() <= 64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", list(TRUTH))
def test_the_ends(name, dtype):
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0], dtype)
    high, low, nan, zero, minus_zero = applied(name, x)
    assert (high, low) == ENDS[name] and np.signbit(low) == np.signbit(ENDS[name][1])
    assert np.isnan(nan)
    assert zero == TRUTH[name](np.zeros(1))[0] == minus_zero
    if name in ("tanh", "erf", "gelu"):
        assert np.signbit(minus_zero) and not np.signbit(zero)


@pytest.mark.parametrize("dtype, overflow, underflow", [(np.float32, 88.72284, -103.97),
                                                        (np.float64, 709.7827, -745.13)])
def test_where_exp_ends(dtype, overflow, underflow):
    x = np.array([overflow * 0.9999, overflow * 1.0001, underflow * 0.999, underflow * 1.001], dtype)
    y = applied("exp", x)
    assert np.isfinite(y[0]) and y[1] == np.inf and 0 < y[2] < np.finfo(dtype).tiny and y[3] == 0
