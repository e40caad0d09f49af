"""What a check cannot decide it says to be undecided, and how to decide it: kinks, and gradients of 0"""

import re

import numpy as np
import pytest

from minicrt.gradcheck import GradientError, check

METHODS = ["complex", "central"]


def rng(seed=0):
    return np.random.default_rng(seed)


# Kinks

def network(x, w1, b1, w2):
    return np.maximum(x @ w1 + b1, 0) @ w2


def network_backward(d_y, x, w1, b1, w2):
    a = x @ w1 + b1
    d_a = (d_y @ w2.T) * (a > 0)
    return d_a @ w1.T, x.T @ d_a, d_a.sum(0), np.maximum(a, 0).T @ d_y


def network_inputs(seed):
    draw = rng(seed).standard_normal
    return [draw((50, 10)), 0.1 * draw((10, 40)), 0.1 * draw(40), 0.1 * draw((40, 5))]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("directions", [None, 2])
def test_a_right_relu_network_passes_central_differences(seed, directions):
    """Steps of 1e-3 cross a kink of one of 2,000 units in some entry of every tensor."""
    report = check(network, network_backward, network_inputs(seed), rng=rng(seed), method="central",
                   directions=directions)
    report.raise_if_wrong()


def test_a_wrong_relu_network_does_not():
    def wrong(*arguments):
        return tuple(1.0001 * gradient for gradient in network_backward(*arguments))

    report = check(network, wrong, network_inputs(0), rng=rng(), method="central")
    assert [tensor.verdict(1e-7) for tensor in report.tensors] == ["WRONG"] * 4
    assert report["w2"].explanation == "it is 1.0001 times the reference everywhere"


RELUS = {"maximum": lambda x: np.maximum(x, 0), "where": lambda x: np.where(x.real > 0, x, 0)}
AT_ZERO = np.array([1.0, 0.0, -2.0, 0.5])


@pytest.mark.parametrize("relu", RELUS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_relu_at_0_has_one_answer(relu, method, slope):
    """The complex step passes the slope of the side that forward takes; all else is undecided, by both methods."""
    def backward(d_y, x):
        return d_y * np.where(x == 0, slope, x > 0)

    report = check(RELUS[relu], backward, [AT_ZERO], rng=rng(), method=method)
    if not report.passes():
        assert report["x"].verdict(1e-7) == "UNDECIDED" and "has a kink at [1]" in report["x"].undecided
        assert "move the input off the kink" in str(report) and "method" not in report["x"].undecided
        with pytest.raises(GradientError, match="^gradient of x: cannot be decided: forward has a kink"):
            report.raise_if_wrong()
    assert report.passes() == (method == "complex" and slope == {"maximum": 1.0, "where": 0.0}[relu])


@pytest.mark.parametrize("method", METHODS)
def test_a_kink_hides_no_mistake_elsewhere_nor_one_that_no_slope_explains(method):
    for wrong in (lambda d_y, x: d_y * np.where(x == 1, 1.01, x > 0), lambda d_y, x: d_y * np.where(x == 0, 9, x > 0)):
        report = check(RELUS["maximum"], wrong, [AT_ZERO], rng=rng(), method=method)
        assert report["x"].verdict(1e-7) == "WRONG"


def test_a_step_is_halved_where_the_function_bends_strongly():
    check(lambda x: np.exp(40 * x), lambda d_y, x: 40 * d_y * np.exp(40 * x), [0.1 * rng(3).standard_normal(5)],
          rng=rng(), method="central").raise_if_wrong()
    check(lambda x: np.log(x), lambda d_y, x: d_y / x, [np.array([1e-3, 0.02, 5.0])], rng=rng(), method="central",
          step=9e-4).raise_if_wrong()


# True gradients of 0

def softmax(z):
    e = np.exp(z - z.real.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(d_p, p):
    return p * (d_p - (d_p * p).sum(-1, keepdims=True))


def biased_softmax_backward(d_y, x, b):
    d_z = softmax_backward(d_y, softmax(x + b))
    return d_z, d_z.sum(-1, keepdims=True)


def batch_norm(x, w, b):
    a = x @ w + b
    c = a - a.mean(0)
    return c / np.sqrt((c * c).mean(0) + 1e-5)


def batch_norm_backward(d_y, x, w, b):
    a = x @ w + b
    r = 1 / np.sqrt(a.var(0) + 1e-5)
    y = (a - a.mean(0)) * r
    d_a = r * (d_y - d_y.mean(0) - y * (d_y * y).mean(0))
    return d_a @ w.T, x.T @ d_a, d_a.sum(0)


def attention(x, w_q, w_k, b_k):
    return softmax(x @ w_q @ (x @ w_k + b_k).T) @ x


def attention_backward(d_y, x, w_q, w_k, b_k):
    q, k = x @ w_q, x @ w_k + b_k
    p = softmax(q @ k.T)
    d_s = softmax_backward(d_y @ x.T, p)
    d_q, d_k = d_s @ k, d_s.T @ q
    return d_q @ w_q.T + d_k @ w_k.T + p.T @ d_y, x.T @ d_q, x.T @ d_k, d_k.sum(0)


draw = rng(5).standard_normal
VANISHING = {
    "bias in front of a softmax": (lambda x, b: softmax(x + b), biased_softmax_backward, "b",
                                   [draw((4, 5)), draw((4, 1))]),
    "bias in front of batch norm": (batch_norm, batch_norm_backward, "b", [draw((8, 3)), draw((3, 4)), draw(4)]),
    "the same, small activations": (batch_norm, batch_norm_backward, "b", [draw((8, 3)), 1e-3 * draw((3, 4)), draw(4)]),
    "key bias of attention": (attention, attention_backward, "b_k", [draw((6, 4)), *draw((2, 4, 4)), draw(4)]),
}


@pytest.mark.parametrize("name", VANISHING)
@pytest.mark.parametrize("method", METHODS)
def test_a_gradient_that_vanishes_names_the_scale_under_which_it_passes(name, method):
    forward, backward, bias, inputs = VANISHING[name]
    report = check(forward, backward, inputs, rng=rng(), method=method)
    assert [(tensor.name, tensor.verdict(report.tolerance)) for tensor in report.wrong()] == [(bias, "UNDECIDED")]
    scale = re.search(rf"scale={{'{bias}': (\S+)}}$", report[bias].undecided)
    stated = check(forward, backward, inputs, rng=rng(), method=method, scale={bias: float(scale[1])})
    stated.raise_if_wrong()
    assert "ok: rounding of" in str(stated)


@pytest.mark.parametrize("name", VANISHING)
@pytest.mark.parametrize("method", METHODS)
def test_a_gradient_that_should_vanish_and_does_not_is_wrong(name, method):
    forward, backward, bias, inputs = VANISHING[name]
    report = check(forward, lambda *a: (*backward(*a)[:-1], backward(*a)[-1] + 1e-6), inputs, rng=rng(), method=method)
    assert report[bias].verdict(report.tolerance) == "WRONG"


def test_a_tiny_gradient_is_no_vanishing_one():
    """Through a long memory true gradients are 1e-12: next to losses of 1 they are as right or wrong as any."""
    def forward(x, m):
        return x + 1e-12 * np.sin(m)

    x, m = rng(1).standard_normal(4), rng(2).standard_normal(4)
    check(forward, lambda d_y, x, m: (d_y, 1e-12 * d_y * np.cos(m)), [x, m], rng=rng()).raise_if_wrong()
    for wrong in (lambda d_y, x, m: (d_y, -1e-12 * d_y * np.cos(m)), lambda d_y, x, m: (d_y, 0 * d_y),
                  lambda d_y, x, m: (d_y, 1.0000001e-12 * d_y * np.cos(m))):
        assert check(forward, wrong, [x, m], rng=rng())["m"].verdict(1e-10) == "WRONG"
