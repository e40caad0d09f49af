"""The delta rule, sparse writing and the pooled queue: gradients, dtypes, segments that join, what they compute"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck import check_operation
from minicrt.gradcheck.memory_form_cases import delta_rule_case, pooled_queue_case, sparse_write_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes

CASES = {"delta_rule": delta_rule_case, "sparse_write": sparse_write_case, "pooled_queue": pooled_queue_case}


@settings(max_examples=10)
@given(seed=seeds, batch=sizes, length=sizes, width=st.integers(1, 3), keys=st.integers(2, 3), layout=layouts)
def test_gradient_of_the_delta_rule(seed, batch, length, width, keys, layout):
    assert_gradient(delta_rule_case(np.random.default_rng(seed), batch, length, width, keys), seed, layout)


@settings(max_examples=10)
@given(seed=seeds, batch=sizes, rows=sizes, width=sizes, most=sizes, layout=layouts)
def test_gradient_of_sparse_writing(seed, batch, rows, width, most, layout):
    assert_gradient(sparse_write_case(np.random.default_rng(seed), batch, rows, width, min(most, rows)), seed, layout)


@settings(max_examples=10)
@given(seed=seeds, batch=sizes, rows=sizes, width=sizes, layout=layouts)
def test_gradient_of_the_pooled_queue(seed, batch, rows, width, layout):
    assert_gradient(pooled_queue_case(np.random.default_rng(seed), batch, rows, width), seed, layout)


@pytest.mark.parametrize("name", CASES)
def test_dtype(name):
    assert_keeps_dtype(CASES[name](np.random.default_rng(0)))


def test_segments_of_the_delta_rule_join_and_what_is_carried_has_its_gradient():
    """Of two segments, the second started with what the first left, against one segment of both"""
    inputs, cut = delta_rule_case(np.random.default_rng(1), 2, 5, 3, 2).inputs, 2
    s0, in_time = inputs["s0"], {key: value for key, value in inputs.items() if key != "s0"}
    whole, cache = ops.delta_rule(**inputs)
    y_1, cache_1 = ops.delta_rule(**{key: value[:, :cut] for key, value in in_time.items()}, s0=s0)
    y_2, cache_2 = ops.delta_rule(**{key: value[:, cut:] for key, value in in_time.items()}, s0=cache_1.last)
    np.testing.assert_allclose(np.concatenate([y_1, y_2], axis=1), whole, rtol=0, atol=1e-13)
    np.testing.assert_allclose(cache_2.last, cache.last, rtol=0, atol=1e-13)
    d_y, d_last = (np.random.default_rng(2).standard_normal(a.shape) for a in (whole, cache.last))
    expected = ops.delta_rule_backward(d_y, cache, d_last)
    *later, d_s = ops.delta_rule_backward(d_y[:, cut:], cache_2, d_last)
    *earlier, d_s0 = ops.delta_rule_backward(d_y[:, :cut], cache_1, d_s)
    for a, b, ours in zip(earlier, later, expected):
        np.testing.assert_allclose(np.concatenate([a, b], axis=1), ours, rtol=0, atol=1e-12)
    np.testing.assert_allclose(d_s0, expected[-1], rtol=0, atol=1e-12)


def test_the_gradient_of_what_the_delta_rule_carries_is_that_of_the_complex_step():
    case = delta_rule_case(np.random.default_rng(3), 2, 3, 2, 2)

    def last(**inputs):
        _, cache = ops.delta_rule(**inputs)
        return cache.last, cache

    def last_backward(d_last, cache):
        return ops.delta_rule_backward(np.zeros((2, 3, 2)), cache, d_last)

    # the last state does not depend on the queries
    inputs = case.inputs
    check_operation(lambda k, v, b, s0: last(q=inputs["q"], k=k, v=v, b=b, s0=s0),
                    lambda d, cache: last_backward(d, cache)[1:],
                    {key: value for key, value in inputs.items() if key != "q"},
                    rng=np.random.default_rng(4)).raise_if_wrong()


def test_a_key_says_what_was_written_last_and_keys_at_right_angles_do_not_touch_each_other():
    keys, values = 3 * np.eye(3)[[0, 1, 0]], np.random.default_rng(5).standard_normal((3, 2))
    _, cache = ops.delta_rule(keys[None], keys[None], values[None], np.full((1, 3), 1e3), np.zeros((1, 3, 2)))
    np.testing.assert_allclose(cache.last[0, :2], values[[2, 1]], rtol=1e-5)
    np.testing.assert_array_equal(cache.last[0, 2], 0)


def test_a_closed_write_leaves_the_matrix_bit_by_bit():
    inputs = delta_rule_case(np.random.default_rng(6)).inputs
    _, cache = ops.delta_rule(**inputs | {"b": np.full((2, 4), -1e4)})
    np.testing.assert_array_equal(cache.last, inputs["s0"])


def test_sparse_writing_takes_the_rows_that_change_most_and_of_equal_ones_the_first():
    old = np.zeros((1, 4, 2))
    new = np.array([[[0, 1.0], [3, 0], [-3, 0], [0, 3]]])
    y, _ = ops.sparse_write(new, old, 2)
    np.testing.assert_array_equal(y, new * np.array([0, 1, 1, 0])[:, None])
    np.testing.assert_array_equal(ops.sparse_write(new, old, 4)[0], new)


def test_a_queue_hands_on_and_its_last_row_pools():
    m, u = np.arange(6.0).reshape(1, 3, 2), np.array([[8.0, 9.0]])
    y, _ = ops.pooled_queue(u, m, np.array([[-1e3] * 2, [-1e3] * 2, [0.0] * 2]))
    np.testing.assert_allclose(y[0], [[8, 9], [0, 1], [3, 4]])


@pytest.mark.parametrize(("name", "argument", "shape"), [
    ("delta_rule", "k", (2, 4, 3)), ("delta_rule", "s0", (2, 3, 2)), ("delta_rule", "b", (2, 4, 1)),
    ("sparse_write", "old", (2, 4, 2)), ("pooled_queue", "m", (2, 4)), ("pooled_queue", "b", (3,))])
def test_a_wrong_shape_is_named(name, argument, shape):
    case = CASES[name](np.random.default_rng(0))
    with pytest.raises(InputError, match=rf"{name}: {argument} has shape"):
        getattr(ops, name)(**case.inputs | {argument: np.zeros(shape)})


@pytest.mark.parametrize("most", [0, 5])
def test_a_number_of_rows_that_there_is_not_is_refused(most):
    with pytest.raises(InputError, match=f"most is {most}, expected 1 to 4"):
        ops.sparse_write(**sparse_write_case(np.random.default_rng(0)).inputs | {"most": most})
