"""What the numbers of a wrong gradient say, where they say it exactly"""

import numpy as np
import pytest

from minicrt.gradcheck import check

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


def test_a_transposed_gradient_is_named():
    x, w = rng(1).standard_normal((3, 4)), rng(2).standard_normal((4, 4))
    report = check(lambda x, w: x @ w, lambda d_y, x, w: (d_y @ w.T, d_y.T @ x), [x, w], rng=rng())
    assert report["w"].explanation == "it is the transpose of the reference"
