import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import mean_squared_error_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds, sizes

shapes = st.lists(sizes, min_size=1, max_size=3).map(tuple)


@settings(max_examples=30)
@given(seed=seeds, shape=shapes, missing=st.sampled_from([0.0, 0.3, 1.0]), layout=layouts)
def test_gradient(seed, shape, missing, layout):
    assert_gradient(mean_squared_error_case(np.random.default_rng(seed), shape, missing), seed, layout)


def test_dtype():
    assert_keeps_dtype(mean_squared_error_case(np.random.default_rng(0)))


@settings(max_examples=30)
@given(seed=seeds, shape=shapes)
def test_loss_and_gradients_of_the_scored_entries_alone(seed, shape):
    case = mean_squared_error_case(np.random.default_rng(seed), shape)
    y, targets, scored = (case.inputs[name] for name in ("y", "targets", "scored"))
    difference = y[scored] - targets[scored]
    loss, (d_y, d_targets) = run(case, d_y=np.float64(3))
    assert loss == pytest.approx(np.mean(difference ** 2), rel=1e-13)
    np.testing.assert_allclose(d_y[scored], 6 * difference / difference.size, rtol=1e-13)
    assert not d_y[~scored].any() and np.array_equal(d_targets, -d_y)


def test_what_stands_in_place_of_a_missing_target_has_no_effect():
    case = mean_squared_error_case(np.random.default_rng(1))
    loss, gradients = run(case)
    case.inputs["targets"] = np.where(case.inputs["scored"], case.inputs["targets"], np.nan)
    same, same_gradients = run(case)
    assert same == loss and all(np.array_equal(a, b) for a, b in zip(same_gradients, gradients, strict=True))


def test_nothing_scored_is_a_loss_of_0_without_a_gradient():
    case = mean_squared_error_case(np.random.default_rng(1))
    case.inputs["scored"] = np.zeros((2, 4, 3), bool)
    loss, gradients = run(case)
    assert loss == 0 and not any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("change, message", [
    ({"targets": np.zeros((2, 4))}, r"targets has shape \(2, 4\), expected that of y, \(2, 4, 3\)"),
    ({"scored": np.zeros((2, 4, 1), bool)}, r"scored has shape \(2, 4, 1\), expected that of y"),
    ({"scored": np.zeros((2, 4, 3))}, "scored has dtype float64, expected bool")])
def test_bad_arguments(change, message):
    inputs = mean_squared_error_case(np.random.default_rng(0)).inputs
    with pytest.raises(InputError, match="^mean_squared_error: " + message):
        ops.mean_squared_error(**(inputs | change))
