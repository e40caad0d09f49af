"""What a gradient check found: one row a tensor, printed as a table, raised as one line."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from minicrt.errors import MinicrtError

ROUNDING = 1e-15    # of a stated natural scale: what float64 arithmetic leaves where the true gradient is zero


class GradientError(MinicrtError):
    """A hand-written gradient differs from its reference, or the check itself cannot be made."""


@dataclass(frozen=True)
class TensorResult:
    """How one tensor's gradient compares with its reference.

    `relative_error` is max|a - b| / max|b| over the entries checked, a the analytic gradient and b the reference;
    there is no absolute floor under it. Where b is all zeros the error is 0 if a is all zeros too, and infinite
    otherwise. It is infinite as well where anything is not finite, and where `problem` says why nothing was compared.
    `index`, `analytic` and `reference` tell where the two differ most and what they are there.
    `scale` is the natural scale the caller stated, or 0; a difference within `rounding` is what rounding leaves of it,
    and passes.
    `undecided` says why a difference may be no mistake (a kink, rounding): the tensor does not pass, but is not wrong.
    `explanation` says what the mistake is, where the numbers tell exactly.
    """

    name: str
    shape: tuple[int, ...]
    relative_error: float
    index: tuple[int, ...] = ()
    analytic: float = math.nan
    reference: float = math.nan
    scale: float = 0.0
    rounding: float = 0.0
    note: str = ""
    problem: str = ""
    undecided: str = ""
    explanation: str = ""

    def passes(self, tolerance: float) -> bool:
        if self.problem:
            return False
        return self.relative_error <= tolerance or abs(self.analytic - self.reference) <= self.rounding

    def verdict(self, tolerance: float) -> str:
        """ok, WRONG or UNDECIDED."""
        return "ok" if self.passes(tolerance) else "UNDECIDED" if self.undecided else "WRONG"

    def sentence(self, tolerance: float) -> str:
        """What is wrong with this tensor, in one line."""
        if self.problem or self.undecided:
            return f"gradient of {self.name}: {self.problem or f'cannot be decided: {self.undecided}'}"
        place = f"at {list(self.index)} " if self.index else ""
        why = f"; {self.explanation}" if self.explanation else ""
        return (f"gradient of {self.name} is wrong: {place}it is {self.analytic:.9g}, the reference is "
                f"{self.reference:.9g}; relative error {self.relative_error:.1e}, tolerance {tolerance:.0e}{why}")


@dataclass(frozen=True)
class Report:
    """The result of a check. `print(report)` shows a table; `report.raise_if_wrong()` stops at a wrong gradient.

    `tensors`      a TensorResult for each tensor, in the order of the inputs
    `method`       how the reference was made
    `tolerance`    the largest relative error that passes
    `not_checked`  the inputs that were not differentiated, each with what it is
    `missing`      of a wrong backward pass of an operation of minicrt.ops: which of its terms is missing or changed
    """

    tensors: tuple[TensorResult, ...]
    method: str
    tolerance: float
    not_checked: tuple[str, ...] = field(default=())
    missing: str = ""

    @property
    def worst(self) -> TensorResult:
        """The tensor with the largest relative error; one with a problem comes first, then those that are wrong."""
        return self._worst(self.tensors, self.tolerance)

    @property
    def relative_error(self) -> float:
        """The largest relative error of all tensors."""
        return max(tensor.relative_error for tensor in self.tensors)

    def __getitem__(self, name: str) -> TensorResult:
        """The result of one tensor. Raises GradientError, naming those that there are."""
        for tensor in self.tensors:
            if tensor.name == name:
                return tensor
        raise GradientError(f"no tensor {name!r} was checked, only {', '.join(tensor.name for tensor in self.tensors)}")

    def wrong(self, tolerance: float | None = None) -> tuple[TensorResult, ...]:
        """The tensors that do not pass: wrong by more than `tolerance` (the report's own if None), or undecided."""
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
        worst = self._worst(wrong, limit)
        parts = [worst.sentence(limit)]
        for verdict, also in (("WRONG", "also wrong"), ("UNDECIDED", "also undecided")):
            others = [t.name for t in wrong if t is not worst and t.verdict(limit) == verdict]
            parts += [f"{also}: {', '.join(others)}"] if others else []
        raise GradientError("; ".join(parts))

    def __str__(self) -> str:
        rows = [(t.name, str(t.shape), f"{t.relative_error:.1e}", str(list(t.index)) if t.index else "-",
                 f"{t.analytic:.9g}", f"{t.reference:.9g}", self._verdict(t)) for t in self.tensors]
        head = ("tensor", "shape", "relative error", "largest at", "analytic", "reference", "verdict")
        widths = [max(map(len, column)) for column in zip(head, *rows)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (head, *rows)]
        words = [(t.name, t.problem or t.undecided or t.explanation) for t in self.wrong()]
        sentences = [f"{name}: {sentence}" for name, sentence in words if sentence]
        left = [f"not checked: {', '.join(self.not_checked)}"] if self.not_checked else []
        missing = [self.missing] if self.missing else []
        return "\n".join([f"{self.method}; tolerance {self.tolerance:.0e}", *lines, *sentences, *missing, *left])

    @staticmethod
    def _worst(tensors: Sequence[TensorResult], limit: float) -> TensorResult:
        return max(tensors, key=lambda t: (bool(t.problem), t.verdict(limit) == "WRONG", t.verdict(limit) != "ok",
                                           t.relative_error))

    def _verdict(self, tensor: TensorResult) -> str:
        verdict = tensor.verdict(self.tolerance)
        if verdict == "ok" and tensor.relative_error > self.tolerance:
            verdict = f"ok: rounding of {tensor.scale:.2g}"
        return f"{verdict} ({tensor.note})" if tensor.note else verdict
