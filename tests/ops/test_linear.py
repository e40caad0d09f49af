import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import linear_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes


@settings(max_examples=60)
@given(seed=seeds, leading=st.lists(sizes, max_size=3).map(tuple), inputs=sizes, outputs=sizes, bias=st.booleans(),
       layout=layouts)
def test_gradient(seed, leading, inputs, outputs, bias, layout):
    assert_gradient(linear_case(np.random.default_rng(seed), leading, inputs, outputs, bias), seed, layout)


@pytest.mark.parametrize("bias", [True, False])
def test_dtype(bias):
    assert_keeps_dtype(linear_case(np.random.default_rng(0), bias=bias))


def test_values_element_by_element():
    rng = np.random.default_rng(1)
    x, weight, bias = rng.standard_normal((2, 3, 4)), rng.standard_normal((4, 5)), rng.standard_normal(5)
    y, _ = ops.linear(x, weight, bias)
    for place in np.ndindex(2, 3, 5):
        expected = sum(x[place[:2]][i] * weight[i, place[2]] for i in range(4)) + bias[place[2]]
        assert y[place] == pytest.approx(expected, rel=1e-13)


def test_a_missing_bias_has_no_gradient():
    rng = np.random.default_rng(2)
    y, cache = ops.linear(rng.standard_normal((3, 4)), rng.standard_normal((4, 2)))
    assert ops.linear_backward(y, cache)[2] is None


@pytest.mark.parametrize("x, weight, bias", [((3, 4), (5, 2), (2,)), ((3, 4), (4, 2), (4,)), ((3, 4), (4,), (2,))])
def test_shapes_that_do_not_fit(x, weight, bias):
    with pytest.raises(InputError, match=r"^linear: (weight|bias) has shape .* expected \(.*\)"):
        ops.linear(np.zeros(x), np.zeros(weight), np.zeros(bias))
