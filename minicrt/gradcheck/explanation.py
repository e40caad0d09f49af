"""What simple change makes the analytic gradient of the reference, said only where it fits every number"""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray


def explanation(analytic: Array, reference: Array, shape: tuple[int, ...], lengths: Mapping[int, str],
                tolerance: float, numbers: Mapping[str, float] | None = None) -> str:
    """A sentence, or '' where nothing fits to a relative `tolerance`.

    `analytic` and `reference` are vectors: all entries of a tensor of that shape, or some, or projections. `lengths`
    says what a number is the length of; `numbers` are the inputs that are a single number, by name.
    """
    if not analytic.any():
        return "it is 0 everywhere"
    if not reference.any():
        return "the reference is 0 everywhere"
    factor = float((analytic * reference).sum() / (reference * reference).sum())
    if _equal(analytic, factor * reference, tolerance):
        known = _named(factor, lengths, numbers or {}, 10 * tolerance)
        if known or np.count_nonzero(reference) == 1:        # any single number is some multiple of another
            return known
        return f"it is {factor:.6g} times the reference everywhere"
    if len(shape) == 2 and shape[0] == shape[1] > 1 and analytic.size == shape[0] * shape[1] and _equal(
            analytic, reference.reshape(shape).T.ravel(), tolerance):
        return "it is the transpose of the reference"
    return ""


def _named(factor: float, lengths: Mapping[int, str], numbers: Mapping[str, float], tolerance: float) -> str:
    """What a factor is that occurs among the shapes or the inputs, or -1; else ''."""
    sign = "its sign is the other way round" if factor < 0 else ""
    size = _of_length(abs(factor), lengths, tolerance) or _of_number(abs(factor), numbers, tolerance)
    return "; ".join(filter(None, [sign, size])) if size or abs(factor + 1) <= tolerance else ""


def _of_length(factor: float, lengths: Mapping[int, str], tolerance: float) -> str:
    for length, of in lengths.items():
        if length > 1 and abs(factor / length - 1) <= tolerance:
            return f"it is {length} times the reference everywhere, and {length} is {of}: a sum in place of a mean?"
        if length > 1 and abs(factor * length - 1) <= tolerance:
            return f"it is 1/{length} of the reference everywhere, and {length} is {of}: a mean in place of a sum?"
    return ""


def _of_number(factor: float, numbers: Mapping[str, float], tolerance: float) -> str:
    for name, number in numbers.items():
        for power in ("", "²"):
            value = abs(number) ** (2 if power else 1)
            if value in (0, 1):
                continue
            if abs(factor / value - 1) <= tolerance:
                return (f"it is {factor:.6g} times the reference everywhere, and that is {name}{power}: a factor "
                        f"1/{name}{power} is lost, or {name}{power} is one too many?")
            if abs(factor * value - 1) <= tolerance:
                return (f"it is {factor:.6g} times the reference everywhere, and that is 1/{name}{power}: a factor "
                        f"{name}{power} is lost, or 1/{name}{power} is one too many?")
    return ""


def _equal(a: Array, b: Array, tolerance: float) -> bool:
    return bool(np.abs(a - b).max() <= tolerance * np.abs(a).max())


def lengths_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[int, str]:
    """The lengths that occur in arrays of these names and shapes: of each axis, of all rows, and of all of an array."""
    found: dict[int, str] = {}
    for name, shape in shapes.items():
        for axis, length in enumerate(shape):
            found.setdefault(length, f"the length of axis {axis} of {name}")
    for name, shape in shapes.items():
        if len(shape) > 2:
            found.setdefault(int(np.prod(shape[:-1])), f"the number of rows of {name}")
    for name, shape in shapes.items():
        found.setdefault(int(np.prod(shape)), f"the number of entries of {name}")
    return found


def numbers_of(values: Mapping[str, Any]) -> dict[str, float]:
    """The values that are a single real number, by name."""
    arrays = {name: np.asarray(value) for name, value in values.items()}
    return {name: float(array.reshape(())) for name, array in arrays.items() if array.size == 1
            and array.dtype.kind == "f"}
