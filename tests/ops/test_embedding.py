import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import Case, embedding_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes


@settings(max_examples=60)
@given(seed=seeds, vocabulary=sizes, width=sizes, layout=layouts, data=st.data())
def test_gradient_with_repeated_tokens(seed, vocabulary, width, layout, data):
    shape = data.draw(array_shapes(max_dims=3, max_side=4))
    tokens = data.draw(arrays(np.int32, shape, elements=st.integers(0, vocabulary - 1)))
    table = np.random.default_rng(seed).standard_normal((vocabulary, width))
    assert_gradient(Case("embedding", "embedding", {"tokens": tokens, "table": table}), seed, layout)


def test_dtype():
    assert_keeps_dtype(embedding_case(np.random.default_rng(0)))


@given(seed=seeds, tokens=st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_a_token_gets_the_sum_over_its_places(seed, tokens):
    table, d_y = np.zeros((5, 3)), np.random.default_rng(seed).standard_normal((len(tokens), 3))
    d_table = ops.embedding_backward(d_y, ops.embedding(np.array(tokens), table)[1])
    for token in range(5):
        places = [d_y[k] for k, t in enumerate(tokens) if t == token]
        np.testing.assert_allclose(d_table[token], np.sum(places, axis=0) if places else np.zeros(3), atol=1e-15)


def test_rows_are_gathered():
    table = np.random.default_rng(1).standard_normal((6, 2))
    y, _ = ops.embedding(np.array([[5, 0], [0, 3]]), table)
    np.testing.assert_array_equal(y, [[table[5], table[0]], [table[0], table[3]]])


@pytest.mark.parametrize("tokens, message", [
    ([0, 6], "embedding: token 6 is out of range, expected 0 to 5"),
    ([-1, 2], "embedding: token -1 is out of range, expected 0 to 5"),
    ([0.0, 1.0], "embedding: tokens have dtype float64, expected integers")])
def test_bad_tokens(tokens, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        ops.embedding(np.array(tokens), np.zeros((6, 2)))
