"""What the numbers of a wrong gradient say, where they say it exactly"""

import math

import numpy as np
import pytest

from minicrt.gradcheck import GradientError, check

METHODS = ["complex", "central"]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("wrong, words", [
    (lambda d: -d, "its sign is the other way round"), (lambda d: 0 * d, "it is 0 everywhere"),
    (lambda d: 2 * d, "it is 2 times the reference everywhere"), (lambda d: d / 3, "it is 1/3 of the reference"),
    (lambda d: 5 * d, "and 5 is the length of axis 1 of x: a sum in place of a mean?"),
    (lambda d: d / 20, "and 20 is the number of entries of w: a mean in place of a sum?"),
    (lambda d: np.sqrt(2) * d, "it is 1.41421 times the reference everywhere"),
    (lambda d: d + 1e-3 * np.eye(5)[:, :4], ""),
])
@pytest.mark.parametrize("method", METHODS)
def test_a_constant_ratio_is_named(wrong, words, method):
    x, w = rng(1).standard_normal((3, 5)), rng(2).standard_normal((5, 4))
    report = check(lambda x, w: np.tanh(x @ w), lambda d_y, x, w: (
        (d_y * (1 - np.tanh(x @ w) ** 2)) @ w.T, wrong(x.T @ (d_y * (1 - np.tanh(x @ w) ** 2)))), [x, w], rng=rng(),
        method=method)
    assert report["w"].verdict(report.tolerance) == "WRONG" and words in report["w"].explanation
    assert bool(words) == bool(report["w"].explanation) == (f"\nw: {report['w'].explanation}" in str(report))


def test_a_mean_over_all_rows_is_named():
    report = check(lambda x, b: np.tanh(x + b), lambda d_y, x, b: (
        d := d_y * (1 - np.tanh(x + b) ** 2), d.mean((0, 1))), [rng(1).standard_normal((2, 5, 3)), np.ones(3)],
                   rng=rng())
    assert "it is 1/10 of the reference everywhere, and 10 is the number of rows of x" in report["b"].explanation


def test_a_transposed_gradient_is_named():
    x, w = rng(1).standard_normal((3, 4)), rng(2).standard_normal((4, 4))
    report = check(lambda x, w: x @ w, lambda d_y, x, w: (d_y @ w.T, d_y.T @ x), [x, w], rng=rng())
    assert report["w"].explanation == "it is the transpose of the reference"


@pytest.mark.parametrize("wrong, words", [
    (lambda d, tau: d * tau, "it is 1.7 times the reference everywhere, and that is tau: a factor 1/tau is lost"),
    (lambda d, tau: d / tau, "and that is 1/tau: a factor tau is lost"), (lambda d, tau: d * tau ** 2, "that is tau²"),
    (lambda d, tau: -4 * d, "its sign is the other way round; it is 4 times the reference everywhere, and 4 is"),
    (lambda d, tau: -3.3 * d, "it is -3.3 times the reference everywhere")])
@pytest.mark.parametrize("tau", [1.7, np.float64(1.7), np.array([1.7])])
def test_a_ratio_that_is_an_input_is_named(wrong, words, tau):
    """Whether it was differentiated or, a float, passed on."""
    def backward(d_y, x, tau):
        d_tau = -(d_y * x).sum() / tau ** 2
        return (wrong(d_y / tau, tau), d_tau) if isinstance(tau, np.ndarray) else (wrong(d_y / tau, tau),)

    report = check(lambda x, tau: x / tau, backward, [rng(1).standard_normal((3, 4)), tau], rng=rng())
    assert words in report["x"].explanation
    assert (report.not_checked == ()) == isinstance(tau, np.ndarray)


def test_floats_that_cannot_be_differentiated_are_refused():
    x = rng(1).standard_normal(3)
    with pytest.raises(GradientError, match="w is an array of objects that are floats.*hand in w.astype"):
        check(lambda x, w: x * w.astype(float), lambda d_y, x, w: d_y * w.astype(float), [x, x.astype(object)],
              rng=rng())
    with pytest.raises(GradientError, match="np.exp for math.exp"):
        check(lambda x, t: x * math.exp(t), lambda d_y, x, t: (d_y * math.exp(t), (d_y * x).sum() * math.exp(t)),
              [x, 0.3], rng=rng())


def test_a_tensor_with_a_problem_is_not_listed_as_unchecked_too():
    report = check(lambda x, w: x * np.asarray(w), lambda d_y, x, w: (d_y * np.asarray(w), d_y * x),
                   [rng(1).standard_normal(2), [1.0, 2.0]], rng=rng())
    assert not report.passes() and report.not_checked == ()
