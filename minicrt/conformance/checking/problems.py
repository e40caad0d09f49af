"""Why a port's tensor cannot be compared, or has no value to compare: its dtype, its shape, what is not finite"""

import itertools
import math

import numpy as np

from minicrt.conformance.checking.distance import comparable

Array = np.ndarray


def problem_of_dtype(ours: Array, theirs: Array) -> str:
    """Why numbers of this type cannot stand for ours; empty if they can."""
    got, expected = theirs.dtype, ours.dtype
    if not comparable(theirs):
        coarse = got.kind == "f" or "float" in got.name
        reason = "too coarse to tell a mistake from rounding" if coarse else "these are no numbers"
        return f"its dtype is {got}, {reason}; hand in {expected if expected.kind in 'iub' else 'float32 or float64'}"
    if got.kind == "c" and expected.kind != "c" and np.any(theirs.imag):
        return f"its dtype is {got}, expected {expected}: drop the imaginary part if it should be there"
    if got.kind in "iub" and expected.kind in "fc":
        return f"its dtype is {got}, expected floating point"
    return ""


def problem_of_shape(expected: tuple[int, ...], got: tuple[int, ...]) -> str:
    """That the shape is wrong, and what would make it fit."""
    if got == expected:
        return ""
    problem = f"its shape is {got}, expected {expected}"
    if len(got) == len(expected) <= 5:
        for axes in itertools.permutations(range(len(got))):
            if tuple(got[axis] for axis in axes) == expected:
                return f"{problem}; it would fit transposed, with its axes in the order {axes}"
    if math.prod(got) == math.prod(expected):
        return f"{problem}; it has as many elements and would fit reshaped"
    return problem


def not_finite(ours: Array, theirs: Array) -> str:
    """How many values are NaN or infinite where ours are not, and where the first of them is."""
    if theirs.dtype.kind not in "fc":
        return ""
    bad = ~np.isfinite(theirs) & np.isfinite(ours)
    if not bad.any():
        return ""
    index = [int(i) for i in np.argwhere(bad)[0]]
    count = int(bad.sum())
    place = f", the first at {index}" if index and count > 1 else f", at {index}" if index else ""
    return f"{count} of {theirs.size} values are not finite{place}: {theirs[tuple(index)]}"
