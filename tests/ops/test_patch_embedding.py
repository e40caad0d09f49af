import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.errors import InputError
from minicrt.gradcheck.video_cases import patch_embedding_case
from tests.ops.checks import assert_gradient, assert_keeps_dtype, layouts, run, seeds, sizes

small = st.integers(1, 2)


@settings(max_examples=30)
@given(seed=seeds, batch=small, grid=st.tuples(small, small, sizes), size=small, frames=small, channels=small,
       width=sizes, layout=layouts)
def test_gradient(seed, batch, grid, size, frames, channels, width, layout):
    case = patch_embedding_case(np.random.default_rng(seed), batch, grid, size, frames, channels, width)
    assert_gradient(case, seed, layout)


def test_dtype():
    assert_keeps_dtype(patch_embedding_case(np.random.default_rng(0), frames=2))


@settings(max_examples=20)
@given(seed=seeds, grid=st.tuples(small, small, sizes), size=small, frames=small)
def test_a_patch_is_cut_from_where_it_stands(seed, grid, size, frames):
    case = patch_embedding_case(np.random.default_rng(seed), 2, grid, size, frames)
    x, weight, bias = (case.inputs[name] for name in ("x", "weight", "bias"))
    y, _ = run(case)
    T, rows, columns = grid
    assert y.shape == (2, T, rows * columns, 4)
    for t, row, column in np.ndindex(grid):
        patch = x[:, t * frames:(t + 1) * frames, row * size:(row + 1) * size, column * size:(column + 1) * size]
        np.testing.assert_allclose(y[:, t, row * columns + column], patch.reshape(2, -1) @ weight + bias, atol=1e-12)


@pytest.mark.parametrize("change, message", [
    ({"size": 3}, r"patches of 1 frames and 3 × 3 pixels do not divide clips of 2 frames and 4 × 6 pixels"),
    ({"frames": 3}, r"patches of 3 frames and 2 × 2 pixels do not divide clips of 2 frames"),
    ({"size": 0}, "patches of 1 frames and 0 × 0 pixels do not divide"),
    ({"weight": np.zeros((11, 4))}, "weight has 11 rows, expected 12, a patch's numbers"),
    ({"x": np.zeros((2, 4, 6, 3))}, r"x has shape \(2, 4, 6, 3\), expected \(B, F, Y, X, C\)"),
    ({"bias": np.zeros(3)}, r"bias has shape \(3,\), expected \(D\)")])
def test_bad_arguments(change, message):
    inputs = patch_embedding_case(np.random.default_rng(0)).inputs
    with pytest.raises(InputError, match="^patch_embedding: " + message):
        ops.patch_embedding(**(inputs | change))
