"""A port's tensors next to a case's: verdicts, places, problems of shape and dtype, and the first diverging tensor"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minicrt.conformance.checking.comparison import compare
from minicrt.conformance.checking.distance import distance
from tests.conformance.checking.hand_made import affine_case, computed, drawn, one_tensor

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)


@given(SHAPES, st.integers(0, 99), st.sampled_from([np.float64, np.float32]))
def test_the_same_numbers_agree_in_every_shape(shape, seed, dtype):
    value = drawn(seed, shape)
    comparison = compare(one_tensor(value), {"y": value.astype(dtype)})
    assert comparison.ok and comparison["y"].distance.relative == 0


@given(SHAPES, st.integers(0, 99), st.floats(1e-8, 1e3))
def test_one_wrong_element_is_found_at_its_place(shape, seed, error):
    value = drawn(seed, shape)
    place = tuple(int(i) for i in np.random.default_rng(seed).integers(0, shape))
    theirs = value.copy()
    theirs[place] += error
    row = compare(one_tensor(value), {"y": theirs})["y"]
    assert row.wrong
    assert row.distance.index == place
    assert math.isclose(row.distance.absolute, error, rel_tol=1e-6)
    assert math.isclose(row.distance.relative, error / np.abs(value).max(), rel_tol=1e-6)
    assert (row.distance.ours, row.distance.theirs) == (value[place], theirs[place])


def test_ulps_are_counted_in_the_dtype_of_theirs():
    ours = np.array([1.0, 8.0])
    assert distance(ours, np.array([1 + 3 * 2.0**-52, 8.0])).ulps == 3
    single = distance(ours, np.array([1 + 3 * 2.0**-23, 8.0], np.float32))
    assert single.ulps == 3
    assert single.ulps_of_scale == 3 / 8


@pytest.mark.parametrize("ours, theirs, error, agree", [
    (np.float64, np.float64, 1e-7, False),
    (np.float64, np.float32, 1e-6, True),
    (np.float32, np.float64, 1e-6, True),
    (np.float64, np.float32, 1e-3, False),
])
def test_the_tolerance_is_that_of_the_coarser_dtype(ours, theirs, error, agree):
    value = drawn(0, (3, 4))
    comparison = compare(one_tensor(value.astype(ours)), {"y": (value * (1 + error)).astype(theirs)})
    assert comparison.ok is agree


def test_a_port_that_was_asked_for_float32_may_return_float64():
    value = drawn(0, (3, 4))
    assert compare(one_tensor(value), {"y": value * (1 + 1e-6)}, "float32").ok
    assert not compare(one_tensor(value), {"y": value * (1 + 1e-6)}).ok


@pytest.mark.parametrize("theirs, scale, agree", [
    (0.0, 0.0, True), (1e-300, 0.0, False), (1e-17, 1.0, True), (1e-12, 1.0, False), (np.float32(1e-7), 1.0, True)])
def test_zeros_are_exact_unless_a_scale_says_that_terms_cancel(theirs, scale, agree):
    single = np.array([0, theirs], np.float32) if isinstance(theirs, np.float32) else np.array([0, theirs])
    comparison = compare(one_tensor(np.zeros(2), scale=scale), {"y": single})
    assert comparison.ok is agree


def test_a_masked_score_may_be_any_large_negative_number():
    ours = np.array([[0.5, -np.inf], [0.25, 1.0]])
    for hidden, agree in ((-np.inf, True), (-1e30, True), (-65504.0, True), (-5.0, False), (np.inf, False)):
        assert compare(one_tensor(ours), {"y": np.where(np.isinf(ours), hidden, ours)}).ok is agree


@pytest.mark.parametrize("theirs, words", [
    (np.zeros((4, 3)), "its shape is (4, 3), expected (3, 4); it would fit transposed, with its axes in the order"),
    (np.zeros((2, 6)), "its shape is (2, 6), expected (3, 4); it has as many elements and would fit reshaped"),
    (np.zeros((3, 4, 1)), "would fit reshaped"),
    (np.zeros((3, 5)), "its shape is (3, 5), expected (3, 4)"),
    (np.zeros(()), "its shape is (), expected (3, 4)"),
    (np.zeros((3, 4), np.float16), "its dtype is float16, too coarse to tell a mistake from rounding"),
    (np.zeros((3, 4), np.int64), "its dtype is int64, expected floating point"),
    (np.full((3, 4), "x"), "these are no numbers"),
    (np.full((3, 4), 1j), "its dtype is complex128, expected float64"),
    (np.full((3, 4), np.nan), "12 of 12 values are not finite, the first at [0, 0]: nan"),
    (np.where(np.eye(3, 4) > 0, np.inf, 0), "3 of 12 values are not finite, the first at [0, 0]: inf"),
])
def test_problems_of_a_tensor_are_findings(theirs, words):
    comparison = compare(one_tensor(drawn(0, (3, 4))), {"y": theirs})
    assert not comparison.ok
    assert words in comparison["y"].problem
    assert words in comparison["y"].sentence()


def test_the_first_diverging_tensor_is_of_the_forward_pass_if_one_is_and_any_subset_will_do():
    case = affine_case()
    theirs = computed(case)
    theirs["d_x"] = theirs["d_x"] + 1
    theirs["d_b"] = theirs["d_b"] + 1
    comparison = compare(case, theirs)
    assert (comparison.first_forward, comparison.first_backward.name, comparison.first.name) == (None, "d_x", "d_x")
    theirs["y"] = theirs["y"] * 2
    comparison = compare(case, theirs)
    assert (comparison.first_forward.name, comparison.first_backward.name, comparison.first.name) == ("y", "d_x", "y")
    comparison = compare(case, {"d_w": theirs["d_w"]})
    assert comparison.ok
    assert comparison["y"].verdict == "missing"
    assert comparison.remarks() == ["nothing of the forward pass was handed in, so it was not checked",
                                    "d_x, d_b were not handed in, though other gradients were, and so not checked"]


def test_given_tensors_handed_back_changed_come_first():
    case = affine_case()
    comparison = compare(case, computed(case) | {"w": case["w"].value * 2, "x": case["x"].value})
    assert not comparison.ok
    assert [row.name for row in comparison.other_inputs] == ["w"]
    assert comparison.remarks()[0].startswith("they worked on other inputs: w differs from what was given")
    assert compare(case, computed(case) | {"w": case["w"].value.astype(np.float32)}).ok


def test_nothing_in_common_is_never_right():
    case = affine_case()
    for theirs, words in (({}, "no tensors were handed in"),
                          ({"x": case["x"].value}, "only given tensors were handed in"),
                          ({"dw": case["d_w"].value}, "did you mean d_w?")):
        comparison = compare(case, theirs)
        assert not comparison.ok
        assert words in comparison.remarks()[0]
        assert "\n" not in comparison.remarks()[0]


def test_an_unknown_name_is_reported_with_what_was_probably_meant():
    case = affine_case()
    theirs = computed(case)
    theirs["dW"] = theirs.pop("d_w")
    comparison = compare(case, theirs)
    assert comparison.ok
    assert comparison.remarks()[0] == "dW is no tensor of this case; did you mean d_w?"


def test_integers_are_exact_and_empty_tensors_agree():
    tokens = np.array([[1, 2], [3, 4]])
    assert compare(one_tensor(tokens), {"y": tokens.astype(np.int32)}).ok
    assert not compare(one_tensor(tokens), {"y": tokens + np.eye(2, dtype=int)}).ok
    assert compare(one_tensor(np.zeros((2, 0, 3))), {"y": np.zeros((2, 0, 3))}).ok


def test_a_single_number_may_have_an_axis():
    assert compare(one_tensor(np.array(0.5)), {"y": np.array([0.5])}).ok
    assert not compare(one_tensor(np.array(0.5)), {"y": np.array([[0.5]])}).ok
    assert not compare(one_tensor(np.array(0.5)), {"y": np.array([0.25])}).ok
