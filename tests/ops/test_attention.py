import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import attention_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds, sizes


@settings(max_examples=60)
@given(seed=seeds, batch=st.integers(1, 2), queries=sizes, front=st.integers(0, 3), heads=st.integers(1, 3),
       head_width=st.integers(1, 3), layout=layouts, data=st.data())
def test_gradient(seed, batch, queries, front, heads, head_width, layout, data):
    keys = queries + front
    case = attention_case(np.random.default_rng(seed), batch, queries, keys, heads * head_width, heads)
    if data.draw(st.booleans(), "a mask of its own"):
        case.inputs["mask"] = data.draw(arrays(bool, (queries, keys)).filter(lambda m: m.any(-1).all()))
    assert_gradient(case, seed, layout)


@settings(max_examples=20)
@given(seed=seeds, queries=sizes, keys=sizes)
def test_gradient_with_fewer_or_repeated_keys(seed, queries, keys):
    case = attention_case(np.random.default_rng(seed), 1, queries, keys, 4, 2, mask="none")
    case.inputs["k"][:] = case.inputs["k"][:, :1]            # the scores of a row are all alike
    assert_gradient(case, seed)


@pytest.mark.parametrize("mask", ["causal", "none", "random"])
def test_dtype(mask):
    assert_keeps_dtype(attention_case(np.random.default_rng(0), mask=mask))


@settings(max_examples=20)
@given(seed=seeds, queries=sizes, front=st.integers(0, 2), heads=st.integers(1, 3))
def test_values_element_by_element(seed, queries, front, heads):
    keys, K = queries + front, 2
    case = attention_case(np.random.default_rng(seed), 2, queries, keys, heads * K, heads)
    q, k, v = (case.inputs[name] for name in "qkv")
    y, _ = run(case)
    for b, i, head in np.ndindex(2, queries, heads):
        seen = range(i + front + 1)
        scores = [sum(q[b, i, head * K + d] * k[b, j, head * K + d] for d in range(K)) / math.sqrt(K) for j in seen]
        weights = [math.exp(s) for s in scores]
        for d in range(K):
            expected = sum(w * v[b, j, head * K + d] for w, j in zip(weights, seen)) / sum(weights)
            assert y[b, i, head * K + d] == pytest.approx(expected, rel=1e-11, abs=1e-13)


@given(seed=seeds, queries=sizes, front=st.integers(0, 3))
def test_probabilities_are_rows_that_add_up_to_1_over_visible_keys(seed, queries, front):
    case = attention_case(np.random.default_rng(seed), 2, queries, queries + front, 4, 2)
    _, cache = ops.attention(**case.inputs)
    p = cache.p
    assert p.shape == (2, 2, queries, queries + front)
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-14)
    visible = ops.causal_mask(queries, queries + front)
    assert (p[..., ~visible] == 0).all() and (p[..., visible] > 0).all()


@given(seed=seeds, queries=st.integers(2, 5), front=st.integers(0, 2), data=st.data())
def test_causality_forward_and_backward(seed, queries, front, data):
    i = data.draw(st.integers(0, queries - 2), "query")
    rng = np.random.default_rng(seed)
    case = attention_case(rng, 2, queries, queries + front, 4, 2)
    y, _ = run(case)
    d_y = np.zeros_like(y)
    d_y[:, i] = rng.standard_normal((2, 4))
    _, (d_q, d_k, d_v) = run(case, d_y=d_y)
    later = i + front + 1
    assert not d_k[:, later:].any() and not d_v[:, later:].any()
    assert d_v[:, :later].all()
    assert not np.delete(d_q, i, axis=1).any()
    case.inputs["k"][:, later:] += 3
    case.inputs["v"][:, later:] -= 2
    np.testing.assert_array_equal(run(case)[0][:, i], y[:, i])


@given(seed=seeds)
def test_batch_rows_and_heads_do_not_touch_each_other(seed):
    case = attention_case(np.random.default_rng(seed), 3, 3, 4, 6, 3)
    y, gradients = run(case)
    d_y = np.random.default_rng(7).standard_normal(y.shape)
    for b in range(3):
        for head in range(3):
            part = (slice(b, b + 1), slice(None), slice(2 * head, 2 * head + 2))
            alone, cache = ops.attention(*(case.inputs[name][part] for name in "qkv"), 1)
            np.testing.assert_allclose(alone, y[part], rtol=1e-13)
            for d_alone, d_all in zip(ops.attention_backward(d_y[part], cache), gradients, strict=True):
                np.testing.assert_allclose(d_alone, d_all[part], rtol=1e-11, atol=1e-14)


@given(seed=seeds)
def test_moving_all_keys_alike_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    case = attention_case(rng, 2, 3, 5, 4, 2)
    y, (_, d_k, _) = run(case)
    assert np.abs(d_k.sum(1)).max() <= 1e-13 * max(1.0, np.abs(d_k).max())     # every softmax row shifts as a whole
    case.inputs["k"] = case.inputs["k"] + rng.standard_normal((1, 1, 4))
    np.testing.assert_allclose(run(case)[0], y, rtol=1e-11, atol=1e-13)


@given(seed=seeds)
def test_without_a_mask_the_order_of_keys_is_of_no_consequence(seed):
    rng = np.random.default_rng(seed)
    case = attention_case(rng, 2, 3, 5, 4, 2, mask="none")
    y, _ = run(case)
    order = rng.permutation(5)
    case.inputs["k"], case.inputs["v"] = case.inputs["k"][:, order], case.inputs["v"][:, order]
    np.testing.assert_allclose(run(case)[0], y, rtol=1e-12, atol=1e-14)


def test_huge_scores_choose_one_key_without_a_warning():
    q, k = np.array([[[1e4]]], np.float32), np.array([[[-1e4], [1e4], [0]]], np.float32)
    v = np.array([[[1], [2], [3]]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, cache = ops.attention(q, k, v, 1)
        d_q, d_k, d_v = ops.attention_backward(np.ones_like(y), cache)
    assert y.item() == 2
    np.testing.assert_array_equal(d_v.ravel(), [0, 1, 0])
    assert not d_q.any() and not d_k.any()


def test_the_causal_mask_by_hand():
    np.testing.assert_array_equal(ops.causal_mask(2, 3), [[True, True, False], [True, True, True]])


@pytest.mark.parametrize("keys, heads, mask, message", [
    (4, 3, None, "the width 4 is not divisible by 3 heads"),
    (2, 2, None, r"the mask has shape \(3, 2\), expected \(3, 2\) with a visible key in every row"),
    (4, 2, np.ones((4, 3), bool), r"the mask has shape \(4, 3\), expected \(3, 4\)")])
def test_bad_arguments(keys, heads, mask, message):
    with pytest.raises(InputError, match=f"^attention: {message}"):
        ops.attention(np.zeros((1, 3, 4)), np.zeros((1, keys, 4)), np.zeros((1, keys, 4)), heads, mask)
