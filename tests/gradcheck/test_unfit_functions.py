"""Functions that no check can judge are named for what they are: float32 inside, chance, a cache by mistake"""

import numpy as np
import pytest

from minicrt.gradcheck import GradientError, check, check_model, check_operation
from minicrt.gradcheck.configurations import small_crt

METHODS = ["complex", "central"]


def rng(seed=0):
    return np.random.default_rng(seed)


def test_a_central_difference_below_its_rounding_is_no_float32():
    """It keeps still under small changes because the gradient is tiny, and under float32's large ones as well."""
    result = check(lambda x, m: (x + 1e-13 * m).sum(), lambda d_y, x, m: (d_y * np.ones(4), 1.1e-13 * d_y * np.ones(4)),
                   [rng(1).standard_normal(4), rng(2).standard_normal(4)], rng=rng(), method="central")["m"]
    assert result.verdict(1e-7) == "UNDECIDED" and "the complex step sees smaller ones" in result.undecided
    check(lambda m: 1 + 1e-13 * m, lambda d_y, m: 0 * d_y, [np.ones(4)], rng=rng(), method="central").raise_if_wrong()
    result = check(lambda m: 1 + 1e-13 * m, lambda d_y, m: 1e-9 * d_y, [np.ones(4)], rng=rng(), method="central")
    assert result["m"].verdict(1e-7) == "WRONG"


# Types and forms

def test_float32_in_forward_is_said_by_both_methods():
    def cast(x):
        return np.tanh(x.astype(np.float32))

    def cast_between(x):
        return np.tanh(x.astype(np.float32)).astype(np.float64) * 2.0

    x, scales = rng(4).standard_normal(6), {cast: 1, cast_between: 2}
    for forward, factor in scales.items():
        def backward(d_y, x, factor=factor):
            return factor * d_y * (1 - np.tanh(x) ** 2)

        with pytest.raises(GradientError, match="keep the inputs' dtype, in buffers too"):
            check(forward, backward, [x], rng=rng())
        result = check(forward, backward, [x], rng=rng(), method="central")["x"]
        assert result.verdict(1e-7) == "UNDECIDED" and "forward computes in float32 or less" in result.undecided
        wrong = check(forward, lambda *a, b=backward: 2 * b(*a), [x], rng=rng(), method="central")["x"]
        assert wrong.verdict(1e-7) == "WRONG"


def test_complex64_and_a_gradient_of_float32():
    x = rng(4).standard_normal(6)
    result = check(lambda x: np.tanh(x).astype(np.complex64 if np.iscomplexobj(x) else np.float32),
                   lambda d_y, x: d_y * (1 - np.tanh(x) ** 2), [x], rng=rng())["x"]
    assert result.verdict(1e-10) == "UNDECIDED" and "forward computes in float32 or less" in result.undecided
    result = check(np.tanh, lambda d_y, x: (d_y * (1 - np.tanh(x) ** 2)).astype(np.float32), [x], rng=rng())["x"]
    assert result.verdict(1e-10) == "UNDECIDED" and "backward returned float32 for inputs of" in result.undecided
    assert result.passes(1e-6)


def test_a_forward_that_draws_random_numbers_is_named():
    noise = rng(7)
    with pytest.raises(GradientError, match="^forward returned other values when it was called again with the same "
                                            "inputs: it draws random numbers[^\n]*Generator one of the inputs"):
        check(lambda x: x * (noise.random(4) < 0.5), lambda d_y, x: d_y, [np.ones(4)], rng=rng())
    with pytest.raises(GradientError, match="draws random numbers"):
        check_operation(lambda x: (x + noise.random(4), None), lambda d_y, _: d_y, [np.ones(4)], rng=rng())


def test_a_model_that_draws_random_numbers_is_named():
    class Noisy:
        def __init__(self):
            self.model, self.noise = small_crt({}), rng(3)
            self.backward = self.model.backward

        def forward(self, parameters, *arguments):
            loss, state, cache = self.model.forward(parameters, *arguments)
            return loss * self.noise.random(), state, cache

    parameters = small_crt({}).initialize(rng(10), np.float64)
    segments = [tuple(rng(9).integers(0, 9, (2, 2, 4)))]
    with pytest.raises(GradientError, match="draws random numbers"):
        check_model(Noisy(), parameters, segments, rng=rng())
    with pytest.raises(GradientError, match="^directions is 0"):
        check_model(small_crt({}), parameters, segments, rng=rng(), directions=0)
    with pytest.raises(GradientError, match="^there are no segments"):
        check_model(small_crt({}), parameters, [], rng=rng())


def test_a_cache_by_mistake_and_a_missing_one():
    x = rng(4).standard_normal((3, 2))
    with pytest.raises(GradientError, match="^output 1 of forward is a tuple, [^\n]*check_operation"):
        check(lambda x: (x * x, (x,)), lambda d_y, x: 2 * d_y * x, [x], rng=rng())
    with pytest.raises(GradientError, match="^output 1 of forward is None, [^\n]*check_operation"):
        check(lambda x: (x * x, None), lambda d_y, x: 2 * d_y * x, [x], rng=rng())
    with pytest.raises(GradientError, match="^backward raised TypeError for a d_y of two arrays[^\n]*check_operation"):
        check(lambda x: (x * x, x), lambda d_y, x: d_y / "", [x], rng=rng())
    report = check(lambda x: (x * x, x), lambda d_y, x: np.multiply(d_y, 2 * x), [x], rng=rng())
    assert "check_operation" in report["x"].problem and "shape (2, 3, 2), expected (3, 2)" in report["x"].problem
    for result, got in ((np.ones((2, 2)), "ndarray"), ((1.0, 2.0, 3.0), "3 values")):
        with pytest.raises(GradientError, match=f"^the operation returned {got}, expected y and its cache; `check` is"):
            check_operation(lambda x, result=result: result, lambda d_y, cache: d_y, [x], rng=rng())


@pytest.mark.parametrize("returned, words", [
    (None, "the output of forward is None, expected an array"), ((), "forward returned nothing"),
    ({"y": np.ones(2)}, "the output of forward is a dict"), ("y", "the output of forward is a str"),
    (np.array([object()]), "the output of forward is ndarray, expected floating point"),
])
def test_outputs_that_are_none(returned, words):
    with pytest.raises(GradientError, match=f"^{words}"):
        check(lambda x: returned, lambda d_y, x: d_y, [np.ones(2)], rng=rng())
