"""What simple change makes the analytic gradient of the reference, said only where it fits every number"""

from collections.abc import Mapping

import numpy as np

Array = np.ndarray


def explanation(analytic: Array, reference: Array, shape: tuple[int, ...], lengths: Mapping[int, str],
                tolerance: float) -> str:
    """A sentence, or '' where nothing fits to a relative `tolerance`.

    `analytic` and `reference` are vectors: all entries of a tensor of that shape, or some, or projections. `lengths`
    says what a number is the length of.
    """
    if not analytic.any():
        return "it is 0 everywhere"
    if not reference.any():
        return "the reference is 0 everywhere"
    factor = float((analytic * reference).sum() / (reference * reference).sum())
    if _equal(analytic, factor * reference, tolerance):
        known = _named(factor, lengths, 10 * tolerance)
        if known or np.count_nonzero(reference) == 1:        # any single number is some multiple of another
            return known
        return f"it is {factor:.6g} times the reference everywhere"
    if len(shape) == 2 and shape[0] == shape[1] > 1 and analytic.size == shape[0] * shape[1] and _equal(
            analytic, reference.reshape(shape).T.ravel(), tolerance):
        return "it is the transpose of the reference"
    return ""


def _named(factor: float, lengths: Mapping[int, str], tolerance: float) -> str:
    if abs(factor + 1) <= tolerance:
        return "its sign is the other way round"
    for length, of in lengths.items():
        if length > 1 and abs(factor / length - 1) <= tolerance:
            return f"it is {length} times the reference everywhere, and {length} is {of}: a sum in place of a mean?"
        if length > 1 and abs(factor * length - 1) <= tolerance:
            return f"it is 1/{length} of the reference everywhere, and {length} is {of}: a mean in place of a sum?"
    return ""


def _equal(a: Array, b: Array, tolerance: float) -> bool:
    return bool(np.abs(a - b).max() <= tolerance * np.abs(a).max())


def lengths_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[int, str]:
    """The lengths that occur in arrays of these names and shapes: of each axis, and of all of an array."""
    found: dict[int, str] = {}
    for name, shape in shapes.items():
        for axis, length in enumerate(shape):
            found.setdefault(length, f"the length of axis {axis} of {name}")
    for name, shape in shapes.items():
        found.setdefault(int(np.prod(shape)), f"the number of entries of {name}")
    return found
