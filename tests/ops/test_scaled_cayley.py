import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.cases import scaled_cayley_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds


@settings(max_examples=50)
@given(seed=seeds, n=st.integers(1, 6), spread=st.sampled_from([0.01, 1.0, 4.0]), layout=layouts, data=st.data())
def test_gradient(seed, n, spread, layout, data):
    negatives = data.draw(st.integers(0, n))
    assert_gradient(scaled_cayley_case(np.random.default_rng(seed), n, negatives, spread), seed, layout)


def test_dtype():
    assert_keeps_dtype(scaled_cayley_case(np.random.default_rng(0)))


@given(seed=seeds, n=st.integers(1, 8), spread=st.sampled_from([0.0, 0.1, 1.0, 30.0]), data=st.data())
def test_the_matrix_is_orthogonal_and_its_determinant_known(seed, n, spread, data):
    negatives = data.draw(st.integers(0, n))
    U, _ = run(scaled_cayley_case(np.random.default_rng(seed), n, negatives, spread))
    np.testing.assert_allclose(U.T @ U, np.eye(n), atol=1e-12)
    assert np.linalg.det(U) == pytest.approx((-1) ** negatives, rel=1e-10)


def test_by_hand():
    """n = 2: (I + A)⁻¹(I − A) turns by 2 arctan(a), and S turns the last column round."""
    a = np.array([0.5])
    np.testing.assert_array_equal(ops.skew_symmetric(a, 2), [[0, 0.5], [-0.5, 0]])
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    np.testing.assert_allclose(ops.scaled_cayley(a, 0, 2)[0], turn, rtol=1e-15)
    np.testing.assert_allclose(ops.scaled_cayley(a, 1, 2)[0], turn * [1, -1], rtol=1e-15)


@given(seed=seeds, n=st.integers(1, 7))
def test_the_free_entries_fill_the_upper_triangle_row_by_row(seed, n):
    a = np.random.default_rng(seed).standard_normal(n * (n - 1) // 2)
    A = ops.skew_symmetric(a, n)
    np.testing.assert_array_equal(A.T, -A)
    np.testing.assert_array_equal([A[i, j] for i in range(n) for j in range(i + 1, n)], a)
    np.testing.assert_allclose(ops.cayley_inverse(a, n) @ (np.eye(n) + A), np.eye(n), atol=1e-13)


@given(seed=seeds)
def test_a_given_inverse_is_used(seed):
    case = scaled_cayley_case(np.random.default_rng(seed), 5, 2)
    a = case.inputs["a"]
    U, cache = ops.scaled_cayley(a, 2, 5)
    same, same_cache = ops.scaled_cayley(a, 2, 5, inverse=ops.cayley_inverse(a, 5))
    np.testing.assert_array_equal(same, U)
    d_U = np.random.default_rng(1).standard_normal((5, 5))
    np.testing.assert_array_equal(ops.scaled_cayley_backward(d_U, same_cache), ops.scaled_cayley_backward(d_U, cache))
    assert np.abs(ops.scaled_cayley(a, 2, 5, inverse=np.eye(5))[0] - U).max() > 0.1


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_neumann_error_falls_by_2_to_the_order_plus_1_as_the_step_halves(order, seed):
    rng = np.random.default_rng(seed)
    a, step = rng.standard_normal((2, 28))

    def error(size):
        approximate = ops.neumann_inverse(ops.cayley_inverse(a, 8), size * step, order)
        return np.linalg.norm(approximate - ops.cayley_inverse(a - size * step, 8))

    assert error(2e-3) / error(1e-3) == pytest.approx(2 ** (order + 1), rel=0.05)


def adam_like_drift(order, learning_rate=1e-3, steps=49, n=16, true_step=True):
    """‖UᵀU − I‖ after steps of which each has about the size of the learning rate, the inverse kept by the series."""
    rng = np.random.default_rng(2)
    a, target = rng.standard_normal((2, n * (n - 1) // 2))
    m = v = 0.0
    inverse = ops.cayley_inverse(a, n)
    for t in range(1, steps + 1):
        gradient = a - target + 0.1 * rng.standard_normal(len(a))
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        step = learning_rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        a_new = a - step
        inverse = ops.neumann_inverse(inverse, a - a_new if true_step else learning_rate * gradient, order)
        a = a_new
    U, _ = ops.scaled_cayley(a, n // 2, n, inverse)
    return np.linalg.norm(U.T @ U - np.eye(n)), np.linalg.norm(inverse - ops.cayley_inverse(a, n))


def test_with_the_true_step_the_inverse_stays_right_over_many_steps():
    orthogonality, inverse = zip(*(adam_like_drift(order) for order in (1, 2, 3)))
    assert orthogonality[0] > 30 * orthogonality[1] > 900 * orthogonality[2]
    assert inverse[0] > 30 * inverse[1] > 900 * inverse[2]
    assert orthogonality[1] < 1e-4


def test_with_the_gradient_in_place_of_the_true_step_it_does_not():
    assert adam_like_drift(2, true_step=False)[0] > 1000 * adam_like_drift(2)[0]


@pytest.mark.parametrize("call, message", [
    (lambda: ops.scaled_cayley(np.zeros(3), 4, 3), "scaled_cayley: 4 negative signs, expected 0 to n = 3"),
    (lambda: ops.scaled_cayley(np.zeros(4), 1, 3),
     r"skew_symmetric: 4 free entries, expected n\(n-1\)/2 = 3 for n = 3"),
    (lambda: ops.neumann_inverse(np.eye(3), np.zeros(3), 0), "neumann_inverse: the order is 0, expected 1, 2 or 3")])
def test_bad_arguments(call, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        call()
