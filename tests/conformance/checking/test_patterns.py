"""Every simple change is recognised, and a right tensor or noise is not"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.conformance import golden
from minicrt.conformance.checking.appearance import appearance
from minicrt.conformance.checking.comparison import compare
from minicrt.conformance.checking.extent import right_segments
from minicrt.conformance.checking.patterns import find_patterns
from minicrt.conformance.checking.precision import single_precision
from minicrt.conformance.golden.tensors import GoldenCase, Tensor
from tests.conformance.checking.hand_made import TOLERANCE, affine_case, computed, drawn, one_tensor


def phrases(case, name, theirs):
    return find_patterns(case, compare(case, {name: theirs})[name])


def looks(case, name, theirs):
    return appearance(case, compare(case, {name: theirs})[name])


def changed_y(change, shape=(2, 3, 6), subject="gru"):
    case = one_tensor(drawn(5, shape), subject=subject)
    return phrases(case, "y", change(case["y"].value))


@pytest.mark.parametrize("change, words", [
    (lambda y: 0 * y, "is all zero"),
    (lambda y: -y, "has its sign reversed"),
    (lambda y: 3 * y, "is 3 times ours"),
    (lambda y: y / 7, "is 0.142857 times ours"),
    (lambda y: -2 * y, "is 2 times ours and has its sign reversed"),
    (lambda y: y * (np.arange(36).reshape(y.shape) % 5 > 0) / 0.8, "is 0 in 8 of its 36 elements and 1.25 times ours"),
    (lambda y: np.roll(y, 1, 1), "is ours shifted along axis 1: 1 place too late"),
    (lambda y: np.concatenate([y[:, 1:], 0 * y[:, :1]], 1), "is ours shifted along axis 1: 1 place too early"),
    (lambda y: y[:, ::-1], "is ours reversed along axis 1"),
    (lambda y: np.broadcast_to(y.mean(0), y.shape), "is everywhere the mean of ours along axis 0"),
    (lambda y: np.broadcast_to(y.sum(1, keepdims=True), y.shape), "is everywhere the sum of ours along axis 1"),
    (lambda y: y[..., [2, 3, 0, 1, 4, 5]], "has its 3 blocks in the order z, r, n; ours is r, z, n"),
    (lambda y: y[..., [4, 5, 2, 3, 0, 1]], "has its 3 blocks in the order n, z, r; ours is r, z, n"),
    (lambda y: y[..., [3, 4, 5, 0, 1, 2]], "has its 2 blocks in the order"),
    (lambda y: np.clip(y, -0.5, 0.5), "is ours, clipped at ±0.5"),
    (lambda y: y * np.array([1, -1])[:, None, None],
     "is wrong in batch row 1 alone; where it is wrong it is ours with the sign reversed"),
    (lambda y: y * np.array([1, 1, 3, 3, 1, 1]), "is wrong in block 2 of 3 along its features and right in the others; "
                                                 "where it is wrong it is 3 times ours"),
    (lambda y: y.reshape(2, 18), "has the right values in the shape (2, 18) in place of (2, 3, 6)"),
])
def test_a_simple_change_is_named(change, words):
    assert words in changed_y(change)[0]


def test_the_blocks_of_an_lstm_have_its_letters():
    assert "i, f, o, g; ours is i, f, g, o" in changed_y(lambda y: y[:, [0, 1, 3, 2]], (5, 4), "lstm")[0]


@given(st.permutations(range(4)))
def test_any_order_of_the_axes_is_found(axes):
    y = drawn(1, (2, 3, 4, 5))
    found = phrases(one_tensor(y), "y", y.transpose(axes))
    assert found == [] if axes == [0, 1, 2, 3] else found[0].startswith("is ours transposed")


@pytest.mark.parametrize("shape", [(4, 6), (5, 5)])
def test_a_transposed_matrix(shape):
    y = drawn(2, shape)
    assert phrases(one_tensor(y), "y", y.T)[0] == "is ours transposed"
    assert "transposed" in phrases(one_tensor(y), "y", y.T.reshape(shape))[0]


@given(st.integers(0, 999), st.sampled_from([(6,), (3, 4), (2, 3, 6), (2, 2, 3, 3)]))
def test_noise_is_no_simple_change(seed, shape):
    case = one_tensor(drawn(seed, shape), given=(Tensor("x", "input", drawn(seed + 2000, shape)),))
    assert phrases(case, "y", np.random.default_rng(seed).standard_normal(shape)) == []


ROW = np.array([0.5, -1.0, 0.25, 2.0, -0.75, 0.125])
COLUMN = np.array([[[2.0]], [[3.0]]]) / 4


@pytest.mark.parametrize("change, words", [
    (lambda y: y + ROW, "is ours plus b"),
    (lambda y: y - 2 * ROW, "is ours less 2 times b"),
    (lambda y: y * ROW, "is ours times b"),
    (lambda y: y / ROW, "is ours divided by b"),
    (lambda y: y * (1 - ROW), "is ours times 1 − b"),
    (lambda y: y + np.outer([1, 2], ROW)[:, None], "is ours plus state, the same in every step"),
    (lambda y: y - np.array([4, 5, 6, 7, 8, 9]), "is ours less block 2 of 3 of wide"),
])
def test_another_term_or_factor_of_the_case(change, words):
    wide = np.array([1.0, 1, 2, 3, 1, 0, 4, 5, 6, 7, 8, 9, 1, 0, 1, 2, 2, 2])
    given = (Tensor("b", "parameter", ROW), Tensor("state", "input", np.outer([1, 2], ROW)),
             Tensor("wide", "parameter", wide))
    case = one_tensor(drawn(5, (2, 3, 6)), given=given)
    assert words == phrases(case, "y", change(case["y"].value))[0]


@pytest.mark.parametrize("change, words", [
    (lambda y, e: y + e * np.array([0, 1])[:, None, None], "is wrong in batch row 1 alone"),
    (lambda y, e: y + e * np.array([0, 1, 1])[:, None], "is right in time step 0 and wrong from 1 on"),
    (lambda y, e: y + e * np.array([1, 1, 0])[:, None], "is wrong up to time step 1 and right from 2 on"),
    (lambda y, e: y + e * np.array([0, 0, 1, 1, 0, 0]),
     "is wrong in block 2 of 3 along its features and right in the others"),
    (lambda y, e: y + e * np.outer([0, 1], [0, 0, 1])[..., None],
     "is wrong in batch row 1 alone, there in time step 2 alone"),
    (lambda y, e: y + e[:1, :1], "differs from ours by the same in every batch row and time step"),
    (lambda y, e: y * (1 + 0.1 * np.arange(6).reshape(2, 3, 1)),
     "is ours times a factor of its own in each row along its features, from 1 to 1.5"),
    (lambda y, e: y + e * 10.0 ** np.arange(-3, 0)[:, None], "is the more wrong the later the time step"),
    (lambda y, e: y + e * 10.0 ** -np.arange(3)[:, None], "is the more wrong the earlier the time step"),
])
def test_what_an_error_looks_like(change, words):
    case = one_tensor(drawn(5, (2, 3, 6)))
    theirs = change(case["y"].value, 1 + drawn(6, (2, 3, 6)) ** 2)
    assert phrases(case, "y", theirs) == []
    assert any(found.startswith(words) for found in looks(case, "y", theirs))


@pytest.mark.parametrize("rank", [1, 2])
def test_a_matrix_of_low_rank(rank):
    case = one_tensor(drawn(5, (6, 7)))
    theirs = case["y"].value + drawn(6, (6, rank)) @ drawn(7, (rank, 7))
    assert f"is wrong by a matrix of rank {'one' if rank == 1 else rank}" in looks(case, "y", theirs)[0]
    assert looks(case, "y", case["y"].value + drawn(6, (6, 7))) == []


def test_the_rows_of_the_memory():
    case = golden.case("crt-gru")
    name = "segment1/blocks.0.attention.out"
    theirs = case[name].value.copy()
    theirs[:, 0] += drawn(3, theirs[:, 0].shape)
    assert looks(case, name, theirs)[0] == "is wrong in row 0 alone: the memory's"
    theirs = case[name].value.copy()
    theirs[:, 1:] += drawn(3, theirs[:, 1:].shape)
    assert looks(case, name, theirs)[0] == "is right in row 0 alone: the tokens', not the memory's"


@given(st.integers(0, 99), st.floats(-12, -8))
def test_what_is_said_to_be_right_is_right_in_the_table_too(seed, exponent):
    case = one_tensor(drawn(seed, (2, 3, 6)), scale=1e5)
    theirs = case["y"].value + 10.0**exponent * drawn(seed + 1, (2, 3, 6)) * np.array([1, 2, 3])[:, None]
    row = compare(case, {"y": theirs})["y"]
    assert bool(appearance(case, row)) <= row.wrong


@pytest.mark.parametrize("value", [0.25, np.nan, np.inf])
def test_a_single_number_is_no_multiple_of_ours_unless_the_factor_is_known(value):
    assert phrases(one_tensor(np.array(0.7), "loss"), "loss", np.array(value)) == []


def test_names_of_factors():
    targets = Tensor("targets", "input", np.array([[3, -1, 2, 0], [1, 1, -1, 2]]))
    case = one_tensor(np.array(1.25), "loss", given=(targets,))
    assert "the number of scored targets, 6: a sum in place of the mean" in phrases(case, "loss", np.array(7.5))[0]
    assert "the mean is over all of them" in phrases(case, "loss", np.array(1.25 * 6 / 8))[0]
    case = one_tensor(drawn(0, (2, 3)), "scores", configuration={"heads": 2},
                      given=(Tensor("q", "input", drawn(1, (2, 5, 6))),))
    assert "√K, K = 3 the width of a head" in phrases(case, "scores", case["scores"].value * np.sqrt(3))[0]
    assert "the batch, 2" in phrases(case, "scores", case["scores"].value * 2)[0]
    assert "1/the number of time steps, 5" in phrases(case, "scores", case["scores"].value / 5)[0]


def test_an_exchanged_name():
    case = affine_case()
    assert "equals the tensor d_a of the case" in phrases(case, "y", case["d_a"].value)[0]


def test_masks():
    ours = np.tril(drawn(3, (4, 4))) + np.eye(4)
    seen = ours + np.diag([0.25, 0.5, 0.75], 1)
    assert "is not zero where ours is exactly 0, first at [0, 1]" in " ".join(looks(one_tensor(ours), "y", seen))
    cut = np.where(np.eye(4, k=-3) > 0, 0, ours)
    assert "is zero where ours is not, first at [3, 0]" in " ".join(looks(one_tensor(ours), "y", cut))


def test_single_precision_is_told_from_a_mistake():
    case = affine_case()
    stored = {name: value.astype(np.float32).astype(np.float64) for name, value in computed(case).items()}
    assert "float32 numbers stored as float64" in single_precision(compare(case, stored))[0]
    noisy = {name: value * (1 + 1e-7) for name, value in computed(case).items()}
    assert "This looks like float32 somewhere in the port" in single_precision(compare(case, noisy))[0]
    assert single_precision(compare(case, noisy | {"d_b": 2 * case["d_b"].value})) == ()
    assert single_precision(compare(case, computed(case))) == ()
    added = {name: value + 1e-8 for name, value in computed(case).items()}
    assert single_precision(compare(case, added)) == ()


def test_the_first_segment_right_and_the_next_wrong():
    values = {f"segment{n}/{place}": drawn(n, (2, 3)) for n in range(3) for place in ("z", "loss")}
    case = GoldenCase("m", "model", "m", tuple(Tensor(name, "output", value) for name, value in values.items()),
                      tolerance=TOLERANCE)
    later = {name: value + (not name.startswith("segment0")) for name, value in values.items()}
    assert "is right in segment 0 and goes wrong in segment 1, at segment1/z" in right_segments(compare(case, later))
    assert right_segments(compare(case, {name: value + 1 for name, value in values.items()})) == ""


def test_a_sum_that_is_not_reset_between_heads():
    case = golden.case("relative_attention")
    heads, ours = case.configuration["heads"], case["d_u"].value
    theirs = np.cumsum(ours.reshape(heads, -1), axis=0).ravel()
    assert "not reset between heads" in phrases(case, "d_u", theirs)[0]


def test_a_state_that_a_later_segment_has_written_over():
    case = golden.case("lstm-model")
    later = case["segment3/state/layer.1"].value
    assert "(a view of one buffer, and no copy)" in phrases(case, "segment1/state/layer.1", later)[0]
    earlier = case["segment0/state/layer.1"].value
    assert "one stands in for the other" in phrases(case, "segment1/state/layer.1", earlier)[0]
