"""The scans of state spaces: several blocks of channels, several threads, and what goes on to the next segment"""

import numpy as np
import pytest

pytest.importorskip("numba")

from minicrt import kernels, ops
from minicrt.gradcheck.memory_form_cases import delta_rule_case
from minicrt.gradcheck.state_space_cases import s4d_case, selective_scan_case
from minicrt.kernels.selective_scan import BLOCK
from minicrt.parallel import threads

CASES = {"selective_scan": selective_scan_case, "s4d": s4d_case, "delta_rule": delta_rule_case}


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("name", CASES)
def test_many_channels_and_threads_and_a_gradient_from_behind(name, number):
    case = CASES[name](np.random.default_rng(0), 2, 5, BLOCK + 3, 3)
    inputs = case.inputs
    d_y = np.random.default_rng(1).standard_normal(inputs["v" if name == "delta_rule" else "x"].shape)
    d_last = np.random.default_rng(2).standard_normal(inputs["s0" if name == "delta_rule" else "h0"].shape)
    found = []
    for engine in (ops, kernels):
        with threads.limit(number):
            y, cache = getattr(engine, name)(**inputs)
            found.append((y, cache.last, *getattr(engine, name + "_backward")(d_y, cache, d_last)))
    for expected, ours in zip(*found, strict=True):
        assert ours.shape == expected.shape
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("name", CASES)
def test_what_goes_on_is_kept_when_the_cache_is_gone(name):
    """Its memory is not that which is lent to the next call."""
    case = CASES[name](np.random.default_rng(3), 2, 5, BLOCK + 3, 3)
    _, cache = getattr(kernels, name)(**case.inputs)
    last = cache.last
    before = last.copy()
    del cache
    getattr(kernels, name)(**{key: value + 1 if isinstance(value, np.ndarray) else value
                              for key, value in case.inputs.items()})
    np.testing.assert_array_equal(last, before)
