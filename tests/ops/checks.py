"""What every operation has to hold, whatever it computes"""

import copy
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minicrt import ops
from minicrt.gradcheck.cases import Case

Array = np.ndarray

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 4)
layouts = st.sampled_from(["C", "Fortran", "strided", "reversed"])


def arranged(x: Array, layout: str) -> Array:
    """The same values in another memory layout."""
    if layout == "Fortran":
        return np.asfortranarray(x)
    if layout == "strided":
        return np.repeat(x, 2, axis=-1)[..., ::2]
    if layout == "reversed":
        return x[::-1].copy()[::-1]
    return x


def assert_gradient(case: Case, seed: int, layout: str = "C") -> None:
    """The backward pass agrees with the complex step to 1e-10, and writes neither to an input nor to its gradient."""
    inputs = {name: arranged(value, layout) if isinstance(value, np.ndarray) and value.ndim else value
              for name, value in case.inputs.items()}
    replace(case, inputs=inputs).check(np.random.default_rng([seed, 1])).raise_if_wrong()


def run(case: Case, dtype: Any = np.float64, d_y: Array | None = None) -> tuple[Array, tuple[Array, ...]]:
    """y and the gradients, every floating-point input in `dtype`; a random upstream gradient by default."""
    inputs = {name: value.astype(dtype) if is_float(value) else copy.deepcopy(value)     # a generator is used up
              for name, value in case.inputs.items()}
    y, cache = getattr(ops, case.operation)(**inputs)
    if d_y is None:
        d_y = np.asarray(np.random.default_rng(7).standard_normal(np.shape(y)))
    gradients = getattr(ops, case.operation + "_backward")(d_y.astype(dtype)[()], cache)
    return y, gradients if isinstance(gradients, tuple) else (gradients,)


def assert_keeps_dtype(case: Case) -> None:
    """float32, float64 and complex128 come out as they went in, and float32 agrees with float64 to its precision."""
    exact = run(case)
    for dtype in (np.float32, np.float64, np.complex128):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            y, gradients = run(case, dtype)
        assert y.dtype == dtype
        for a, b in zip((y, *gradients), (exact[0], *exact[1]), strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                assert a.dtype == dtype
                np.testing.assert_allclose(a, b, rtol=0, atol=2e-5 * max(1.0, np.abs(b).max(initial=0)))


def is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)
