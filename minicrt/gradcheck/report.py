"""What a gradient check found: one row a tensor, printed as a table, raised as one line."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from minicrt.errors import MinicrtError

Array = np.ndarray

ROUNDING = 1e-15    # of a stated natural scale: what float64 arithmetic leaves where the true gradient is zero


class GradientError(MinicrtError):
    """A hand-written gradient differs from its reference, or the check itself cannot be made."""


@dataclass(frozen=True)
class TensorResult:
    """How one tensor's gradient compares with its reference.

    `relative_error` is max|a - b| / max|b| over the entries checked, a the analytic gradient and b the reference;
    there is no absolute floor under it. Where b is all zeros the error is 0 if a is all zeros too, and infinite
    otherwise. It is infinite as well where anything is not finite, where `problem` says why nothing was compared, and
    where `undecided` says why the comparison tells nothing; a tensor that is undecided does not pass.
    `index`, `analytic` and `reference` tell where the two differ most and what they are there.
    `scale` is the natural scale the caller stated, or 0: a difference within 1e-15 of it is rounding and passes.
    """

    name: str
    shape: tuple[int, ...]
    relative_error: float
    index: tuple[int, ...] = ()
    analytic: float = math.nan
    reference: float = math.nan
    scale: float = 0.0
    note: str = ""
    problem: str = ""
    undecided: str = ""

    def passes(self, tolerance: float) -> bool:
        if self.problem or self.undecided:
            return False
        if self.relative_error <= tolerance:
            return True
        return abs(self.analytic - self.reference) <= ROUNDING * self.scale

    def sentence(self, tolerance: float) -> str:
        """What is wrong with this tensor, in one line."""
        if self.problem or self.undecided:
            return f"gradient of {self.name}: {self.problem or f'cannot be decided: {self.undecided}'}"
        place = f"at {list(self.index)} " if self.index else ""
        return (f"gradient of {self.name} is wrong: {place}it is {self.analytic:.9g}, the reference is "
                f"{self.reference:.9g}; relative error {self.relative_error:.1e}, tolerance {tolerance:.0e}")


def compare(name: str, shape: tuple[int, ...], analytic: Array, reference: Array, places: Sequence[tuple[int, ...]],
            scale: float = 0.0, note: str = "", resolution: float = 0.0) -> TensorResult:
    """Compare two equally long vectors; entry k of both belongs to `places[k]` of the tensor `name`.

    A reference no larger than its own `resolution` (the rounding of central differences; 0 for the complex step) says
    no more than that the gradient is small: an analytic gradient of exact zeros agrees with it, and another one of
    that size is undecided: it can be neither accepted nor rejected.
    """
    for values, whose in ((analytic, "the analytic gradient"), (reference, "the reference")):
        if not np.isfinite(values).all():
            k = int(np.argmin(np.isfinite(values)))
            return TensorResult(name, shape, math.inf, places[k], float(analytic[k]), float(reference[k]), scale, note,
                                f"{whose} is {values[k]} at {list(places[k])}")
    if analytic.size == 0:
        return TensorResult(name, shape, 0.0, note="empty")
    difference = np.abs(analytic - reference)
    k = int(difference.argmax())
    largest = float(np.abs(reference).max())
    if largest <= resolution and np.abs(analytic).max() <= resolution:
        undecided = (f"the reference is {largest:.1e}, within the rounding of central differences, {resolution:.1e}; "
                     "use the complex step") if analytic.any() else ""
        return TensorResult(name, shape, math.inf if undecided else 0.0, places[k], float(analytic[k]),
                            float(reference[k]), scale, note, undecided=undecided)
    error = 0.0 if difference[k] == 0 else (float(difference[k]) / largest if largest > 0 else math.inf)
    return TensorResult(name, shape, error, places[k], float(analytic[k]), float(reference[k]), scale, note)


@dataclass(frozen=True)
class Report:
    """The result of a check. `print(report)` shows a table; `report.raise_if_wrong()` stops at a wrong gradient.

    `tensors`    a TensorResult for each tensor, in the order of the inputs
    `method`     how the reference was made
    `tolerance`  the largest relative error that passes
    `remarks`    anything else a reader must know, a sentence each
    """

    tensors: tuple[TensorResult, ...]
    method: str
    tolerance: float
    remarks: tuple[str, ...] = field(default=())

    @property
    def worst(self) -> TensorResult:
        """The tensor with the largest relative error; one with a problem comes first."""
        return max(self.tensors, key=lambda tensor: (bool(tensor.problem), tensor.relative_error))

    @property
    def relative_error(self) -> float:
        """The largest relative error of all tensors."""
        return self.worst.relative_error

    def __getitem__(self, name: str) -> TensorResult:
        return next(tensor for tensor in self.tensors if tensor.name == name)

    def wrong(self, tolerance: float | None = None) -> tuple[TensorResult, ...]:
        """The tensors whose gradient is wrong by more than `tolerance` (the report's own if None)."""
        limit = self.tolerance if tolerance is None else tolerance
        return tuple(tensor for tensor in self.tensors if not tensor.passes(limit))

    def passes(self, tolerance: float | None = None) -> bool:
        return not self.wrong(tolerance)

    def raise_if_wrong(self, tolerance: float | None = None) -> None:
        """Raise GradientError, one line naming the worst tensor, unless every tensor is within `tolerance`."""
        wrong = self.wrong(tolerance)
        if not wrong:
            return
        limit = self.tolerance if tolerance is None else tolerance
        worst = max(wrong, key=lambda tensor: (bool(tensor.problem), tensor.relative_error))
        others = ", ".join(tensor.name for tensor in wrong if tensor is not worst)
        parts = [worst.sentence(limit), *([f"also wrong: {others}"] if others else []), *self.remarks]
        raise GradientError("; ".join(parts))

    def __str__(self) -> str:
        rows = [(t.name, str(t.shape), f"{t.relative_error:.1e}", str(list(t.index)) if t.index else "-",
                 f"{t.analytic:.9g}", f"{t.reference:.9g}", self._verdict(t)) for t in self.tensors]
        head = ("tensor", "shape", "relative error", "largest at", "analytic", "reference", "verdict")
        widths = [max(map(len, column)) for column in zip(head, *rows)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (head, *rows)]
        return "\n".join([f"{self.method}; tolerance {self.tolerance:.0e}", *lines, *self.remarks])

    def _verdict(self, tensor: TensorResult) -> str:
        if tensor.problem:
            return f"WRONG: {tensor.problem}"
        if tensor.undecided:
            return f"UNDECIDED: {tensor.undecided}"
        verdict = "ok" if tensor.passes(self.tolerance) else "WRONG"
        if verdict == "ok" and tensor.relative_error > self.tolerance:
            verdict = f"ok: rounding of {tensor.scale:.2g}"
        return f"{verdict} ({tensor.note})" if tensor.note else verdict
