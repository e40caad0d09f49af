import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt import engines
from minicrt.errors import InputError
from minicrt.training import clip_factor

global_norm = engines.get().global_norm


@given(size=st.integers(1, 200_000), seed=st.integers(0, 99))
def test_norm(size, seed):
    flat = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    assert global_norm(flat) == pytest.approx(np.sqrt(np.sum(flat.astype(np.float64) ** 2)), rel=1e-12)


def test_norm_of_huge_values_does_not_overflow():
    assert global_norm(np.full(4, 3e30, np.float32)) == pytest.approx(6e30)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_norm_shows_what_is_not_finite(bad):
    flat = np.zeros(100_000, np.float32)
    flat[70_001] = bad
    assert not np.isfinite(global_norm(flat))


def test_clip_scales_to_the_limit():
    assert clip_factor(1.0, global_norm(np.array([3.0, 4.0]))) == pytest.approx(1 / (5 + 1e-6), rel=1e-15)


def test_clip_leaves_a_small_gradient_alone():
    assert clip_factor(1.0, global_norm(np.array([0.3, 0.4]))) == 1


def test_a_negative_norm_would_turn_the_gradient_round():
    with pytest.raises(InputError, match="norm is -1, expected 0 or more"):
        clip_factor(1.0, -1)


def test_a_limit_of_0_does_not_clip():
    assert clip_factor(0, 1e30) == 1
