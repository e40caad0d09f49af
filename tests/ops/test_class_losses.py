import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.video_cases import binary_cross_entropy_case, weighted_cross_entropy_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds, sizes

shapes = st.lists(sizes, min_size=1, max_size=3).map(tuple)


@settings(max_examples=30)
@given(seed=seeds, leading=shapes, classes=sizes, smoothing=st.sampled_from([0.0, 0.1, 0.9]),
       ignored=st.sampled_from([0.0, 0.4]), layout=layouts)
def test_gradient(seed, leading, classes, smoothing, ignored, layout):
    case = weighted_cross_entropy_case(np.random.default_rng(seed), leading, classes, smoothing, ignored)
    case.scale["logits"] = 10.0                              # of a single class the gradient is 0 but for rounding
    assert_gradient(case, seed, layout)


@settings(max_examples=30)
@given(seed=seeds, shape=shapes, missing=st.sampled_from([0.0, 0.4]), layout=layouts)
def test_gradient_of_yes_or_no(seed, shape, missing, layout):
    assert_gradient(binary_cross_entropy_case(np.random.default_rng(seed), shape, missing), seed, layout)


def test_dtype():
    assert_keeps_dtype(weighted_cross_entropy_case(np.random.default_rng(0)))
    assert_keeps_dtype(binary_cross_entropy_case(np.random.default_rng(0)))


@settings(max_examples=20)
@given(seed=seeds)
def test_with_weights_of_1_and_sharp_labels_it_is_the_loss_of_the_language_models(seed):
    case = weighted_cross_entropy_case(np.random.default_rng(seed), smoothing=0.0)
    logits, targets = case.inputs["logits"], case.inputs["targets"]
    loss, cache = ops.weighted_cross_entropy(logits, targets, np.full(5, 3.0))
    same, same_cache = ops.linear_cross_entropy(logits, np.eye(5), np.zeros(5), targets)
    assert loss == pytest.approx(same, rel=1e-12)
    np.testing.assert_allclose(ops.weighted_cross_entropy_backward(2.0, cache)[0],
                               ops.linear_cross_entropy_backward(2.0, same_cache)[0], atol=1e-14)


def test_a_class_of_weight_0_is_not_learned_from_sharp_labels():
    logits, targets = np.random.default_rng(3).standard_normal((3, 4)), np.array([0, 1, 1])
    weights = np.array([0.0, 1.0, 2.0, 0.5])
    loss, cache = ops.weighted_cross_entropy(logits, targets, weights)
    assert loss == pytest.approx(ops.weighted_cross_entropy(logits[1:], targets[1:], weights)[0], rel=1e-14)
    assert not ops.weighted_cross_entropy_backward(1.0, cache)[0][0].any()


def test_nothing_scored_is_a_loss_of_0_without_a_gradient():
    for case, change in ((weighted_cross_entropy_case(np.random.default_rng(1)), {"targets": np.full((2, 4), -1)}),
                         (weighted_cross_entropy_case(np.random.default_rng(1), smoothing=0.0),
                          {"weights": np.zeros(5)}),
                         (binary_cross_entropy_case(np.random.default_rng(1)), {"scored": np.zeros((2, 4, 3), bool)})):
        case.inputs.update(change)
        loss, gradients = run(case)
        assert loss == 0 and not gradients[0].any()


def test_what_stands_in_place_of_a_missing_target_has_no_effect():
    case = binary_cross_entropy_case(np.random.default_rng(1))
    loss, gradients = run(case)
    case.inputs["targets"] = np.where(case.inputs["scored"], case.inputs["targets"], np.nan)
    same, same_gradients = run(case)
    assert same == loss and all(np.array_equal(a, b) for a, b in zip(same_gradients, gradients, strict=True))


def test_logits_of_a_thousand_overflow_nowhere():
    logits, yes = np.array([-1000.0, 1000.0, 0.0]), np.ones(3)
    loss, cache = ops.binary_cross_entropy(logits, yes, yes > 0)
    assert loss == pytest.approx((1000 + np.log(2)) / 3, rel=1e-15)
    np.testing.assert_array_equal(ops.binary_cross_entropy_backward(3.0, cache)[0], [-1, 0, -0.5])


@pytest.mark.parametrize("change, message", [
    ({"targets": np.zeros((2, 3), int)}, r"targets have shape \(2, 3\), expected \(2, 4\)"),
    ({"targets": np.full((2, 4), 5)}, "token 5 is out of range"),
    ({"weights": np.ones(4)}, r"weights has shape \(4,\), expected \(K\)"),
    ({"weights": -np.ones(5)}, "a weight is -1.0, expected 0 or more"),
    ({"smoothing": 1.0}, "smoothing is 1.0, expected 0 <= smoothing < 1")])
def test_bad_arguments(change, message):
    inputs = weighted_cross_entropy_case(np.random.default_rng(0)).inputs
    with pytest.raises(InputError, match="^weighted_cross_entropy.*" + message):
        ops.weighted_cross_entropy(**(inputs | change))


@pytest.mark.parametrize("change, message", [
    ({"targets": np.zeros((2, 4))}, r"targets has shape \(2, 4\), expected that of the logits, \(2, 4, 3\)"),
    ({"scored": np.zeros((2, 4, 3))}, "scored has dtype float64, expected bool"),
    ({"targets": np.full((2, 4, 3), 1.5)}, "a target that is scored is not within 0 and 1")])
def test_bad_arguments_of_yes_or_no(change, message):
    inputs = binary_cross_entropy_case(np.random.default_rng(0)).inputs
    with pytest.raises(InputError, match="^binary_cross_entropy: " + message):
        ops.binary_cross_entropy(**(inputs | change))
