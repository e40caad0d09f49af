import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import engines, ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import dropout_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, seeds, sizes

OPERATIONS = ("dropout", "locked_dropout", "embedding_dropout", "path_dropout")
rates = st.sampled_from([0.0, 0.1, 0.5, 0.9])


@settings(max_examples=60)
@given(seed=seeds, operation=st.sampled_from(OPERATIONS), shape=st.tuples(sizes, sizes, sizes), rate=rates,
       layout=layouts)
def test_gradient(seed, operation, shape, rate, layout):
    shape = shape[:2] if operation == "embedding_dropout" else shape
    assert_gradient(dropout_case(np.random.default_rng(seed), operation, shape, rate), seed, layout)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_dtype_and_one_mask_for_every_precision(operation):
    shape = (6, 3) if operation == "embedding_dropout" else (3, 4, 2)
    assert_keeps_dtype(dropout_case(np.random.default_rng(0), operation, shape))


@given(seed=seeds, rate=st.floats(0.05, 0.9))
def test_what_is_kept_is_scaled_up(seed, rate):
    y, _ = ops.dropout(np.ones((4, 5)), rate, np.random.default_rng(seed))
    assert np.all((y == 0) | (np.abs(y * (1 - rate) - 1) < 1e-15))


def test_the_share_dropped_is_the_rate():
    y, _ = ops.dropout(np.ones((200, 200)), 0.3, np.random.default_rng(1))
    assert np.mean(y == 0) == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 40_000))
    assert y.mean() == pytest.approx(1, abs=0.02)


@given(seed=seeds)
def test_a_locked_mask_is_shared_over_time_and_not_over_the_batch(seed):
    y, _ = ops.locked_dropout(np.ones((8, 5, 8)), 0.5, np.random.default_rng(seed))
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert len(np.unique(y[:, 0], axis=0)) > 1


@given(seed=seeds)
def test_embedding_dropout_drops_whole_words(seed):
    y, _ = ops.embedding_dropout(np.ones((30, 4)), 0.5, np.random.default_rng(seed))
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert 0 < np.count_nonzero(y[:, 0]) < 30


@given(seed=seeds, shape=st.sampled_from([(30,), (30, 4), (30, 2, 3)]))
def test_path_dropout_drops_all_that_a_row_of_the_batch_has(seed, shape):
    y, _ = ops.path_dropout(np.ones(shape), 0.5, np.random.default_rng(seed))
    rows = y.reshape(30, -1)
    np.testing.assert_array_equal(rows, np.broadcast_to(rows[:, :1], rows.shape))
    assert 0 < np.count_nonzero(rows[:, 0]) < 30


@pytest.mark.parametrize("operation", OPERATIONS)
def test_rate_0_changes_nothing_and_draws_nothing(operation):
    rng = np.random.default_rng(5)
    x = np.random.default_rng(6).standard_normal((2, 3) if "embedding" in operation else (2, 3, 4))
    y, cache = getattr(ops, operation)(x, 0.0, rng)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(getattr(ops, operation + "_backward")(2 * x, cache), 2 * x)
    assert rng.random() == np.random.default_rng(5).random()


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan")])
def test_bad_rates(rate):
    with pytest.raises(InputError, match="^dropout: the rate is .*, expected 0 <= rate < 1$"):
        ops.dropout(np.ones(3), rate, np.random.default_rng(0))


def test_a_locked_mask_needs_a_time_axis():
    with pytest.raises(InputError, match=r"^locked_dropout: x has shape \(3, 4\), expected \(B, T, D\)$"):
        ops.locked_dropout(np.ones((3, 4)), 0.5, np.random.default_rng(0))


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_mask_needs_a_generator(engine):
    with pytest.raises(InputError, match="^dropout: the rate is 0.5, but there is no generator to draw the mask from$"):
        engines.get(engine).dropout(np.ones(3), 0.5, None)
