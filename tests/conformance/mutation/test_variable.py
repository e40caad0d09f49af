"""Variables have the gradients of central differences, and leave values alone"""

import numpy as np
import pytest

from minicrt.conformance.mutation import functions, in_time
from minicrt.conformance.mutation.variable import Variable, gradients

UNARY = ("exp", "tanh", "sigmoid", "relu", "erf", "sin", "cos", "softplus", "softsign", "hard_tanh",
         "hard_sigmoid", "keras_sigmoid", "silu", "exact_gelu", "square", "elu", "leaky_relu",
         "quick_gelu", "absolute", "softmax_of",
         "rolled", "previous", "last_step",
         "time_mean", "reversed_in_time", "transposed", "total", "mean", "unbiased_mean", "rows_sum")
RNG = np.random.default_rng(0)
X, W, G = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=(2, 4))
BINARY = {"product": lambda x, w: x @ w, "left vector": lambda x, w: x[0] @ w, "right vector": lambda x, w: x @ w[:, 0],
          "sum": lambda x, w: x + w.T[:1], "difference": lambda x, w: 1 - w[0, 0] - x,
          "quotient": lambda x, w: x / (2 + w[:, 1] * w[:, 1]) + 1 / (3 + x * x),
          "joined": lambda x, w: functions.concatenated([x.T, w], 1),
          "stacked": lambda x, w: functions.stacked([x[0], -w[:, 0]]),
          "parts": lambda x, w: functions.where(X > 0, x.reshape(3, 2).transpose(1, 0), w[:, 1])[[0, 0, 1], [0, 0, 2]],
          "inverse": lambda x, w: functions.inverse(w[:, :3])}


def differences(f, at, g, step=1e-6):
    found = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        moved = np.zeros_like(at)
        moved[index] = step
        found[index] = ((f(at + moved) - f(at - moved)) * g).sum() / (2 * step)
    return found


@pytest.mark.parametrize("name", UNARY)
def test_functions(name):
    f = getattr(in_time if hasattr(in_time, name) and not hasattr(functions, name) else functions, name)
    g = RNG.normal(size=f(X).shape)
    x = Variable(X)
    (found,) = gradients([(f(x), g)], [x])
    np.testing.assert_allclose(found, differences(f, X, g), atol=1e-8)


@pytest.mark.parametrize("name", BINARY)
def test_operators(name):
    def f(x, w):
        return BINARY[name](x, w)
    g = RNG.normal(size=f(X, W).shape)
    x, w = Variable(X), Variable(W)
    before = X.copy(), W.copy()
    d_x, d_w = gradients([(f(x, w), g)], [x, w])
    np.testing.assert_allclose(d_x, differences(lambda a: f(a, W), X, g), atol=1e-7)
    np.testing.assert_allclose(d_w, differences(lambda a: f(X, a), W, g), atol=1e-7)
    assert np.array_equal(X, before[0]) and np.array_equal(W, before[1])


def test_what_is_detached_has_no_gradient():
    x = Variable(X)
    assert not gradients([(functions.detached(x) * 2.0, np.ones((2, 3)))], [x])[0].any()
