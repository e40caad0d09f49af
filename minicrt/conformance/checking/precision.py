"""A port that computes in float32 and hands in float64: no error of logic, and none may hide behind it"""

import numpy as np

from minicrt.conformance.checking.comparison import Comparison, TensorComparison
from minicrt.conformance.checking.distance import TOLERANCE

Array = np.ndarray
WELL_OFF = 10               # so many times the first error of a right port goes into the tolerance, at least
FEW = 8                     # so many errors have one sign by chance


def single_precision(comparison: Comparison) -> tuple[str, ...]:
    """That everything is right to the accuracy of float32, though the arrays are float64; empty if it is not.

    Where float32 does not show in the values themselves, an error that is anything but rounding is not called that.
    """
    rows = comparison.wrong
    if not in_single_precision(comparison) or len(narrow(comparison)) < len(rows):
        return ()
    to_do = "hand in float32 arrays (then the tolerance is that of float32), or compute in float64 throughout."
    if stored_as_float32(rows):
        return ("The numbers agree to the accuracy of float32 and no further: the values are float32 numbers stored as "
                f"float64. This is no error of logic; {to_do}",)
    if any(one_sided(row) for row in rows):
        return ()
    return ("This looks like float32 somewhere in the port: the numbers agree to its accuracy and no further.",
            f"If so, it is no error of logic; {to_do}",
            "A function that is good to seven digits (erf by a short series, say) looks the same.")


def one_sided(row: TensorComparison) -> bool:
    """Whether all errors have one sign, and are no multiple of the values: rounding does neither."""
    error = np.asarray(row.theirs) - row.tensor.value
    if error.dtype.kind != "f" or np.count_nonzero(error) < FEW or (error > 0).any() and (error < 0).any():
        return False
    with np.errstate(all="ignore"):
        ratio = (error / row.tensor.value)[error != 0]
    return bool(np.ptp(ratio) > 0.01 * np.abs(ratio).max())


def in_single_precision(comparison: Comparison) -> bool:
    """Whether the port seems to compute in float32: the first tensors are off by that much, and few are nearer.

    A port that computes in float64 and has a mistake of small effect has most of its tensors right before it.
    """
    close, first = narrow(comparison), comparison.first
    if first is None or not any(row is first for row in close) or beyond_rounding(comparison, first):
        return False
    right = len(comparison.compared) - len(comparison.wrong)
    return right < len(close) or stored_as_float32(comparison.compared)


def beyond_rounding(comparison: Comparison, first: TensorComparison) -> bool:
    """Whether the first error is larger than float32 leaves it in right ports, which keep well off the tolerance."""
    return first.distance.relative > comparison.case.tolerance.get("float32", TOLERANCE["float32"]) / WELL_OFF


def narrow(comparison: Comparison) -> list[TensorComparison]:
    """The wrong float64 tensors that would be right in float32."""
    limit = comparison.case.tolerance.get("float32", TOLERANCE["float32"])
    return [row for row in comparison.wrong
            if not row.problem and row.dtype == "float64" and row.distance.relative <= limit]


def stored_as_float32(rows: tuple[TensorComparison, ...]) -> bool:
    """Whether every value is one that float32 has."""
    return all(np.array_equal(row.theirs, narrowed(row.theirs)) for row in rows
               if row.theirs is not None and row.theirs.dtype.kind in "fc")


def narrowed(values: Array) -> Array:
    with np.errstate(over="ignore"):
        return values.astype(np.complex64 if np.iscomplexobj(values) else np.float32)
