"""Relative attention, LSTM, minGRU, LRU and the gated linear unit: gradients, dtypes, and what they compute."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import glu_case, lru_case, lstm_case, mingru_case, relative_attention_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes

RECURRENT = {"lstm": lstm_case, "mingru": mingru_case, "lru": lru_case}


@pytest.mark.parametrize("operation", RECURRENT)
@settings(max_examples=25)
@given(seed=seeds, batch=sizes, length=sizes, inputs=st.integers(1, 3), width=st.integers(1, 3), layout=layouts)
def test_gradient_of_a_recurrence(operation, seed, batch, length, inputs, width, layout):
    assert_gradient(RECURRENT[operation](np.random.default_rng(seed), batch, length, inputs, width), seed, layout)


@settings(max_examples=40)
@given(seed=seeds, batch=sizes, queries=sizes, more=st.integers(0, 3), heads=st.integers(1, 2), same=st.booleans(),
       layout=layouts)
def test_gradient_of_relative_attention(seed, batch, queries, more, heads, same, layout):
    rng = np.random.default_rng(seed)
    assert_gradient(relative_attention_case(rng, batch, queries, queries + more, 2 * heads, heads, same), seed, layout)


@settings(max_examples=20)
@given(seed=seeds, leading=st.lists(sizes, min_size=1, max_size=3), width=sizes, layout=layouts)
def test_gradient_of_glu(seed, leading, width, layout):
    assert_gradient(glu_case(np.random.default_rng(seed), tuple(leading), width), seed, layout)


@pytest.mark.parametrize("case", [make(np.random.default_rng(0)) for make in
                                  (lstm_case, mingru_case, lru_case, glu_case, relative_attention_case)],
                         ids=lambda case: case.name)
def test_dtype(case):
    assert_keeps_dtype(case)


def test_relative_attention_by_hand():
    """Every score from its own equation, one number at a time."""
    case = relative_attention_case(np.random.default_rng(3), batch=1, queries=2, keys=5, width=3, heads=1)
    q, k, v, r, u, w = (case.inputs[name] for name in ("q", "k", "v", "r", "u", "w"))
    y, _ = ops.relative_attention(**case.inputs)
    for i in range(2):
        keys = range(5 - 2 + i + 1)
        scores = [((q[0, i] + u) @ k[0, j] + (q[0, i] + w) @ r[4 - (i + 3 - j)]) / 3**0.5 for j in keys]
        weights = np.exp(scores) / np.sum(np.exp(scores))
        np.testing.assert_allclose(y[0, i], sum(p * v[0, j] for p, j in zip(weights, keys)), rtol=1e-12)


def test_a_table_of_zeros_and_no_biases_is_plain_attention():
    case = relative_attention_case(np.random.default_rng(4))
    inputs = case.inputs | {name: np.zeros_like(case.inputs[name]) for name in ("r", "u", "w")}
    y, _ = ops.relative_attention(**inputs)
    plain, _ = ops.attention(inputs["q"], inputs["k"], inputs["v"], inputs["heads"])
    np.testing.assert_allclose(y, plain, rtol=1e-13)


def test_lru_is_a_complex_recurrence():
    inputs = lru_case(np.random.default_rng(5), batch=1, length=3, states=2).inputs
    y, _ = ops.lru(**inputs)
    rate = np.exp(-np.exp(inputs["nu"]) + 1j * np.exp(inputs["theta"]))
    h = inputs["h0"][0, :2] + 1j * inputs["h0"][0, 2:]
    for t in range(3):
        driven = inputs["x"][0, t] @ inputs["w"]
        h = rate * h + np.exp(inputs["log_gamma"]) * (driven[:2] + 1j * driven[2:])
        np.testing.assert_allclose(y[0, t], np.concatenate([h.real, h.imag]), rtol=1e-13)


@pytest.mark.parametrize(("make", "name", "shape"), [
    (lstm_case, "s0", (2, 5)), (lstm_case, "w", (2, 9)), (mingru_case, "h0", (3, 3)), (lru_case, "theta", (4,)),
    (relative_attention_case, "r", (4, 4)), (relative_attention_case, "u", (3,)), (glu_case, "x", (2, 3))])
def test_a_wrong_shape_is_named(make, name, shape):
    case = make(np.random.default_rng(0))
    with pytest.raises(InputError, match=name):
        getattr(ops, case.operation)(**case.inputs | {name: np.zeros(shape)})


def test_relative_attention_refuses_to_look_ahead():
    case = relative_attention_case(np.random.default_rng(0), queries=3, keys=4)
    with pytest.raises(InputError, match="ahead"):
        ops.relative_attention(**case.inputs | {"mask": np.ones((3, 4), bool)})
