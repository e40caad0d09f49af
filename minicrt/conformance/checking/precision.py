"""A port that computes in float32 and hands in float64: no error of logic, and none may hide behind it"""

import numpy as np

from minicrt.conformance.checking.comparison import Comparison, TensorComparison
from minicrt.conformance.checking.distance import TOLERANCE

Array = np.ndarray


def single_precision(comparison: Comparison) -> tuple[str, ...]:
    """That everything is right to the accuracy of float32, though the arrays are float64; empty if it is not."""
    rows = comparison.wrong
    if not in_single_precision(comparison) or len(narrow(comparison)) < len(rows):
        return ()
    how = "the values are float32 numbers stored as float64" if stored_as_float32(rows) else \
        "somewhere the port computes in float32"
    return (f"The numbers agree to the accuracy of float32 and no further: {how}. This is no error of logic; hand in "
            "float32 arrays (then the tolerance is that of float32), or compute in float64 throughout.",)


def in_single_precision(comparison: Comparison) -> bool:
    """Whether the port seems to compute in float32: the first tensors are off by that much, and few are nearer.

    A port that computes in float64 and has a mistake of small effect has most of its tensors right before it.
    """
    close, first = narrow(comparison), comparison.first
    if first is None or not any(row is first for row in close):
        return False
    right = len(comparison.compared) - len(comparison.wrong)
    return right < len(close) or stored_as_float32(comparison.compared)


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
