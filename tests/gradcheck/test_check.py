"""The checker itself: what it accepts, what it rejects, and what it says"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import MinicrtError
from minicrt.gradcheck import GradientError, check, check_operation


def layer(x, w):
    return np.tanh(x @ w)


def layer_backward(d_y, x, w):
    d_a = d_y * (1 - np.tanh(x @ w) ** 2)
    return d_a @ w.T, x.T @ d_a


def rng(seed=0):
    return np.random.default_rng(seed)


def inputs(seed=1):
    return [rng(seed).standard_normal((3, 4)), rng(seed + 1).standard_normal((4, 2))]


@given(seed=st.integers(0, 2**32 - 1), method=st.sampled_from(["complex", "central"]))
def test_a_right_gradient_passes(seed, method):
    report = check(layer, layer_backward, inputs(seed), rng=rng(seed), method=method)
    report.raise_if_wrong()
    assert report.relative_error < {"complex": 1e-13, "central": 1e-8}[method]
    assert [tensor.name for tensor in report.tensors] == ["x", "w"]


@given(seed=st.integers(0, 2**32 - 1), method=st.sampled_from(["complex", "central"]),
       directions=st.sampled_from([None, 2]))
def test_a_wrong_gradient_is_rejected_and_the_right_one_beside_it_is_not(seed, method, directions):
    def wrong(d_y, x, w):
        d_x, d_w = layer_backward(d_y, x, w)
        d_w[2, 1] += 0.001 * np.abs(d_w).max()               # a part of an entry that may be near 0 would be no mistake
        return d_x, d_w

    report = check(layer, wrong, inputs(seed), rng=rng(seed), method=method, directions=directions)
    assert report["x"].passes(report.tolerance)
    assert report.wrong() == (report["w"],)
    if directions is None:
        assert report["w"].index == (2, 1)
        assert report["w"].relative_error == pytest.approx(0.001, rel=1e-5)


def test_tiny_gradients_are_held_to_the_same_digits():
    def forward(x):
        return 1e-13 * np.sin(x)

    x = rng(3).standard_normal(5)
    check(forward, lambda d_y, x: 1e-13 * d_y * np.cos(x), [x], rng=rng()).raise_if_wrong()
    assert not check(forward, lambda d_y, x: 1e-13 * d_y * np.cos(x) * (1 + 1e-9), [x], rng=rng()).passes()
    assert not check(forward, lambda d_y, x: 0 * d_y, [x], rng=rng()).passes()


def test_a_zero_reference_demands_exact_zeros_unless_a_scale_is_stated():
    def forward(x):
        return 0 * x

    report = check(forward, lambda d_y, x: 1e-17 * d_y, [np.ones(3)], rng=rng())
    assert report.relative_error == np.inf and not report.passes()
    assert check(forward, lambda d_y, x: 0 * d_y, [np.ones(3)], rng=rng()).passes()
    stated = check(forward, lambda d_y, x: 1e-17 * d_y, [np.ones(3)], rng=rng(), scale={"x": 1.0})
    assert stated.passes() and "rounding of 1" in str(stated)
    assert not check(forward, lambda d_y, x: 1e-14 * d_y, [np.ones(3)], rng=rng(), scale={"x": 1.0}).passes()


def test_central_differences_do_not_judge_what_they_cannot_resolve():
    def forward(x):
        return 1 + 1e-20 * x

    report = check(forward, lambda d_y, x: 1e-20 * d_y, [np.ones(3)], rng=rng(), method="central")
    assert not report.passes() and "rounding of central differences" in report["x"].undecided
    assert report["x"].verdict(1e-7) == "UNDECIDED" and "UNDECIDED" in str(report)
    check(forward, lambda d_y, x: 0 * d_y, [np.ones(3)], rng=rng(), method="central").raise_if_wrong()
    assert not check(forward, lambda d_y, x: d_y, [np.ones(3)], rng=rng(), method="central").passes()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_fails(value):
    def backward(d_y, x, w):
        d_x, d_w = layer_backward(d_y, x, w)
        d_w[0, 1] = value
        return d_x, d_w

    report = check(layer, backward, inputs(), rng=rng())
    assert report["w"].problem == f"the analytic gradient is {value} at [0, 1]"
    with pytest.raises(GradientError, match=f"^gradient of w: the analytic gradient is {value}"):
        report.raise_if_wrong(tolerance=np.inf)


def test_a_reference_that_is_not_finite_fails():
    def forward(x):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.log(x)

    report = check(forward, lambda d_y, x: d_y, [np.array([1.0, 0.0])], rng=rng(), method="central")
    assert report["x"].problem.startswith("the reference is ")


@pytest.mark.parametrize("backward, problem", [
    (lambda d_y, x, w: layer_backward(d_y, x, w)[::-1], r"it has shape \(4, 2\), expected \(3, 4\), the shape of x"),
    (lambda d_y, x, w: layer_backward(d_y, x, w)[0], "backward returned 1 gradients, expected 2: of x, w"),
    (lambda d_y, x, w: (None, layer_backward(d_y, x, w)[1]), "backward returned none"),
    (lambda d_y, x, w: (np.ones((3, 4), int), layer_backward(d_y, x, w)[1]), "it has dtype int64"),
])
def test_a_gradient_that_cannot_be_compared_is_explained(backward, problem):
    report = check(layer, backward, inputs(), rng=rng())
    assert not report.passes()
    with pytest.raises(GradientError, match=f"^gradient of x: {problem}") as raised:
        report.raise_if_wrong()
    assert "\n" not in str(raised.value) and isinstance(raised.value, MinicrtError)


def test_writing_to_an_input_or_to_the_upstream_gradient_is_found():
    def forward(x):
        return x * x

    def writes_to_input(d_y, x):
        x *= 2
        return d_y * x

    def writes_to_d_y(d_y, x):
        d_y *= 2 * x
        return d_y

    assert check(forward, writes_to_input, [np.ones(3)], rng=rng())["x"].problem == "x was written to; work on a copy"
    assert check(forward, writes_to_d_y, [np.ones(3)], rng=rng())["x"].problem == "d_y was written to; work on a copy"


def test_other_arguments_are_passed_on_and_several_outputs_count():
    def forward(tokens, table, scale, mode=None):
        assert mode is None
        return table[tokens] * scale, (table**2).sum()

    def backward(d_ys, tokens, table, scale, mode=None):
        d_rows, d_sum = d_ys
        d_table = 2 * d_sum * table
        np.add.at(d_table, tokens, d_rows * scale)
        return d_table

    arguments = {"tokens": np.array([0, 2, 2]), "table": rng(4).standard_normal((3, 2)), "scale": 3, "mode": None}
    report = check(forward, backward, arguments, rng=rng())
    report.raise_if_wrong()
    assert [tensor.name for tensor in report.tensors] == ["table"]
    assert not check(forward, lambda d_ys, **kw: backward((d_ys[0], 0), **kw), arguments, rng=rng()).passes()


def test_a_generator_draws_the_same_mask_in_every_call():
    def forward(x, generator):
        return x * (generator.random(x.shape) < 0.5)

    def backward(d_y, x, generator):
        return d_y * (generator.random(x.shape) < 0.5)

    given_generator = rng(8)
    check(forward, backward, [np.ones((4, 5)), given_generator], rng=rng()).raise_if_wrong()
    assert given_generator.random() == rng(8).random()


def test_float32_inputs_are_checked_in_float64():
    report = check(layer, layer_backward, [x.astype(np.float32) for x in inputs()], rng=rng())
    report.raise_if_wrong()


def test_a_limit_on_entries_is_stated():
    report = check(layer, layer_backward, inputs(), rng=rng(), elements=5)
    assert report["x"].note == "5 of 12 entries" and "5 of 12 entries" in str(report)
    assert report["w"].note == "5 of 8 entries"
    assert "entries" not in str(check(layer, layer_backward, inputs(), rng=rng(), elements=12))


def test_the_table():
    lines = str(check(layer, lambda d_y, x, w: (layer_backward(d_y, x, w)[0], 2 * w), inputs(), rng=rng())).splitlines()
    assert lines[0] == "complex step, h = 1e-30; tolerance 1e-10"
    assert lines[1].split("  ")[0] == "tensor"
    assert lines[2].startswith("x ") and lines[2].endswith("ok")
    assert lines[3].startswith("w ") and lines[3].endswith("WRONG")


def test_the_error_names_the_worst_tensor_first():
    def wrong(d_y, x, w):
        return 1.01 * layer_backward(d_y, x, w)[0], np.zeros((4, 2))

    report = check(layer, wrong, inputs(), rng=rng())
    with pytest.raises(GradientError, match=r"^gradient of w is wrong: at \[\d, \d\] it is 0, the reference is .*; "
                                            r"relative error 1.0e[+]00, tolerance 1e-10; it is 0 everywhere; "
                                            r"also wrong: x$"):
        report.raise_if_wrong()
    report.raise_if_wrong(tolerance=1.1)


@pytest.mark.parametrize("forward", [lambda x: np.abs(x), lambda x: x.real**2, lambda x: np.array(x, dtype=float)])
def test_a_forward_that_drops_the_imaginary_part_is_refused(forward):
    with pytest.raises(GradientError, match="method='central'"):
        check(forward, lambda d_y, x: d_y, [np.ones(3)], rng=rng())


def test_a_forward_that_is_not_analytic_is_named_as_the_likely_culprit():
    def forward(x):
        return x * np.abs(x)

    def backward(d_y, x):
        return 2 * d_y * np.abs(x)

    report = check(forward, backward, [rng(5).standard_normal(4)], rng=rng())
    assert not report.passes() and "seems not to be analytic" in report["x"].explanation
    check(forward, backward, [rng(5).standard_normal(4)], rng=rng(), method="central").raise_if_wrong()


@pytest.mark.parametrize("arguments", [[], [3], [np.arange(4)], [None, "tanh"]])
def test_nothing_to_differentiate(arguments):
    with pytest.raises(GradientError, match="^nothing to differentiate"):
        check(lambda *a: np.ones(3), lambda *a: None, arguments, rng=rng())


def test_an_unknown_method():
    with pytest.raises(GradientError, match="^the method is 'symbolic', expected 'complex' or 'central'$"):
        check(layer, layer_backward, inputs(), rng=rng(), method="symbolic")


def test_a_sum_as_the_loss_would_hide_what_a_random_gradient_shows():
    x, ones = rng(6).standard_normal((3, 4)), (np.ones(4), np.zeros(4))
    _, cache = ops.layer_norm(x, *ones)
    assert np.abs(ops.layer_norm_backward(np.ones((3, 4)), cache)[0]).max() < 1e-15        # any multiple looks right
    report = check_operation(ops.layer_norm, lambda d_y, cache: tuple(
        k * d for k, d in zip((0.5, 1, 1), ops.layer_norm_backward(d_y, cache))), [x, *ones], rng=rng())
    assert [tensor.name for tensor in report.wrong()] == ["x"]
