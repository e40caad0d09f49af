import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import linear_cross_entropy_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds, sizes

chunks = st.integers(1, 9)


@settings(max_examples=50)
@given(seed=seeds, leading=st.lists(sizes, min_size=1, max_size=2).map(tuple), width=sizes,
       vocabulary=st.integers(1, 5), chunk=chunks, layout=layouts, data=st.data())
def test_gradient(seed, leading, width, vocabulary, chunk, layout, data):
    case = linear_cross_entropy_case(np.random.default_rng(seed), leading, width, vocabulary, chunk=chunk)
    case.inputs["targets"] = data.draw(arrays(np.int64, leading, elements=st.integers(-1, vocabulary - 1)))
    assert_gradient(case, seed, layout)


def test_dtype():
    assert_keeps_dtype(linear_cross_entropy_case(np.random.default_rng(0)))


@settings(max_examples=50)
@given(seed=seeds, leading=st.lists(sizes, min_size=1, max_size=2).map(tuple), width=sizes,
       vocabulary=st.integers(1, 7), chunk=chunks)
def test_loss_and_gradients_of_the_plain_log_softmax(seed, leading, width, vocabulary, chunk):
    case = linear_cross_entropy_case(np.random.default_rng(seed), leading, width, vocabulary, chunk=chunk)
    z, table, bias, targets = (case.inputs[name] for name in ("z", "table", "bias", "targets"))
    scored = targets != ops.IGNORE
    z_scored, target = z[scored], targets[scored]
    log_p = log_softmax(z_scored @ table.T + bias, axis=-1)
    loss, (d_z, d_table, d_bias) = run(case, d_y=np.float64(2))
    assert loss == pytest.approx(-log_p[np.arange(len(target)), target].mean(), rel=1e-12, abs=1e-14)
    d_logits = 2 * (np.exp(log_p) - np.eye(vocabulary)[target]) / len(target)
    np.testing.assert_allclose(d_z[scored], d_logits @ table, atol=1e-13)
    np.testing.assert_allclose(d_table, d_logits.T @ z_scored, atol=1e-13)
    np.testing.assert_allclose(d_bias, d_logits.sum(0), atol=1e-13)
    assert not d_z[~scored].any()
    assert abs(d_bias.sum()) < 1e-13                         # the logits of a row shift as a whole


@given(seed=seeds, chunk=chunks)
def test_the_chunk_is_of_no_consequence(seed, chunk):
    case = linear_cross_entropy_case(np.random.default_rng(seed), (3, 4))
    case.inputs["chunk"] = 512
    loss, gradients = run(case)
    case.inputs["chunk"] = chunk
    same, same_gradients = run(case)
    assert same == pytest.approx(loss, rel=1e-13)
    for a, b in zip(same_gradients, gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-14)


@given(seed=seeds)
def test_a_target_not_scored_is_as_good_as_absent(seed):
    case = linear_cross_entropy_case(np.random.default_rng(seed), (9,))
    scored = case.inputs["targets"] != ops.IGNORE
    assert not scored.all()
    loss, (d_z, d_table, d_bias) = run(case, d_y=np.float64(1))
    case.inputs["z"], case.inputs["targets"] = case.inputs["z"][scored], case.inputs["targets"][scored]
    same, (d_z_scored, same_d_table, same_d_bias) = run(case, d_y=np.float64(1))
    assert same == loss
    np.testing.assert_array_equal(d_z[scored], d_z_scored)
    np.testing.assert_array_equal(d_table, same_d_table)
    np.testing.assert_array_equal(d_bias, same_d_bias)


def test_nothing_scored_is_a_loss_of_0_without_a_gradient():
    case = linear_cross_entropy_case(np.random.default_rng(1))
    case.inputs["targets"] = np.full((2, 4), ops.IGNORE)
    loss, gradients = run(case)
    assert loss == 0 and not any(gradient.any() for gradient in gradients)


def test_equal_logits_give_the_logarithm_of_the_vocabulary():
    loss, _ = ops.linear_cross_entropy(np.zeros((3, 2)), np.zeros((7, 2)), np.zeros(7), np.array([0, 3, 6]))
    assert loss == pytest.approx(np.log(7), rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_neither_overflow_nor_warn(dtype):
    z, table = np.array([[1], [-1]], dtype), np.array([[1e4], [-1e4], [0]], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, cache = ops.linear_cross_entropy(z, table, np.zeros(3, dtype), np.array([1, 1]))
        d_z, d_table, d_bias = ops.linear_cross_entropy_backward(dtype(1), cache)
    assert loss == 1e4                                       # (2e4 + 0) / 2
    np.testing.assert_array_equal(d_bias, [0.5, -0.5, 0])
    np.testing.assert_array_equal(d_z, [[1e4], [0]])
    assert np.isfinite(d_table).all()


def test_without_a_gradient_the_loss_is_the_same_and_backward_says_why_not():
    inputs = linear_cross_entropy_case(np.random.default_rng(2)).inputs
    loss, cache = ops.linear_cross_entropy(**inputs, with_gradient=False)
    assert loss == ops.linear_cross_entropy(**inputs)[0]
    with pytest.raises(InputError, match="^linear_cross_entropy_backward: .* with_gradient=False$"):
        ops.linear_cross_entropy_backward(1.0, cache)


@pytest.mark.parametrize("change, message", [
    ({"targets": np.full((2, 4), 6)}, "linear_cross_entropy: targets: token 6 is out of range, expected -1 to 5"),
    ({"targets": np.full((2, 4), -2)}, "linear_cross_entropy: targets: token -2 is out of range, expected -1 to 5"),
    ({"targets": np.zeros((2, 4))}, "linear_cross_entropy: targets: tokens have dtype float64, expected integers"),
    ({"targets": np.zeros(8, int)}, r"linear_cross_entropy: targets have shape \(8,\), expected \(2, 4\)"),
    ({"bias": np.zeros(5)}, r"linear_cross_entropy: bias has shape \(5,\), expected \(V\)")])
def test_bad_arguments(change, message):
    inputs = linear_cross_entropy_case(np.random.default_rng(0)).inputs
    with pytest.raises(InputError, match="^" + message):
        ops.linear_cross_entropy(**(inputs | change))
