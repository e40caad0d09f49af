"""A port's tensors next to those of a golden case: what differs, where, by how much, and which goes wrong first"""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from minicrt.conformance.checking.distance import Distance, close, coarser, distance, precision, tolerated
from minicrt.conformance.checking.problems import not_finite, problem_of_dtype, problem_of_shape
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD, GoldenCase, Tensor

Array = np.ndarray

UNCOMPARED = Distance(math.inf, math.inf, math.inf, math.inf)


@dataclass(frozen=True)
class TensorComparison:
    """One tensor of the case and what the port has under its name.

    theirs     None where the port has nothing under that name
    none       whether it is None there: no gradient, which is compared as zeros
    problem    why the values could not be compared, or hold NaN; empty where they were compared
    distance   how far they are apart, infinite where they could not be compared
    tolerance  the relative error that passes
    dtype      the precision that the tolerance stands for
    """

    tensor: Tensor
    theirs: Array | None = None
    problem: str = ""
    distance: Distance = UNCOMPARED
    tolerance: float = 0.0
    dtype: str = "float64"
    none: bool = False

    @property
    def name(self) -> str:
        return self.tensor.name

    @property
    def present(self) -> bool:
        return self.theirs is not None

    @property
    def wrong(self) -> bool:
        if self.theirs is None:
            return False
        return bool(self.problem) or not close(self.distance, self.tolerance, self.tensor.scale, self.dtype)

    @property
    def verdict(self) -> str:
        return "missing" if self.theirs is None else "WRONG" if self.wrong else "ok"

    def sentence(self) -> str:
        """What is wrong with this tensor, in one line."""
        if self.problem:
            return f"{self.name}: {self.problem}"
        apart = self.distance
        place = f" at {list(apart.index)}" if apart.index else ""
        return (f"{self.name}{place} is {number(apart.theirs)}, expected {number(apart.ours)}; relative error "
                f"{apart.relative:.1e}, tolerance {self.tolerance:.0e}")


@dataclass(frozen=True)
class Comparison:
    """What came of a case: `given` tensors that the port handed back, and the `computed` ones in the case's order.

    unknown  names that the port has and the case does not
    dtype    the precision that was asked of the port, or None: that of each of its tensors
    written  given tensors that the port wrote to
    """

    case: GoldenCase
    given: tuple[TensorComparison, ...]
    computed: tuple[TensorComparison, ...]
    unknown: tuple[str, ...] = ()
    dtype: str | None = None
    written: tuple[str, ...] = ()

    @cached_property
    def compared(self) -> tuple[TensorComparison, ...]:
        return tuple(row for row in self.computed if row.present)

    @cached_property
    def wrong(self) -> tuple[TensorComparison, ...]:
        return tuple(row for row in self.computed if row.wrong)

    @cached_property
    def other_inputs(self) -> tuple[TensorComparison, ...]:
        """Given tensors that the port handed back changed."""
        return tuple(row for row in self.given if row.wrong)

    @property
    def theirs(self) -> dict[str, Array]:
        """All that the port handed in and the case knows, by name."""
        return {row.name: row.theirs for row in (*self.given, *self.computed) if row.theirs is not None}

    @property
    def first_forward(self) -> TensorComparison | None:
        return next((row for row in self.wrong if row.tensor.role in FORWARD), None)

    @property
    def first_backward(self) -> TensorComparison | None:
        return next((row for row in self.wrong if row.tensor.role in BACKWARD), None)

    @property
    def first(self) -> TensorComparison | None:
        """The first diverging tensor: of the forward pass if one diverges there, else of the backward pass."""
        return self.first_forward or self.first_backward

    @property
    def ok(self) -> bool:
        """Something was compared, and nothing differs."""
        return bool(self.compared) and not self.wrong and not self.other_inputs

    def __getitem__(self, name: str) -> TensorComparison:
        return next(row for row in (*self.given, *self.computed) if row.name == name)

    def remarks(self) -> list[str]:
        """What a reader must know before the table, a sentence each."""
        lines = []
        if self.other_inputs:
            rows = self.other_inputs
            lines.append(f"they worked on other inputs: {listed(row.name for row in rows)} "
                         f"{'differs' if len(rows) == 1 else 'differ'} from what was given; {rows[0].sentence()}")
        if not self.compared:
            lines.append(nothing_compared(self.case, self.given, self.unknown))
        if self.written:
            lines.append(f"the port writes to its inputs {listed(self.written)}: whoever reads them afterwards, the "
                         "port itself among them, gets other numbers")
        none = [row.name for row in self.wrong if row.none]
        if none:
            lines.append(f"the port has no gradient for {listed(none)}, but None, which counts as zeros")
        known = [row.name for row in self.computed if not row.present] or [row.name for row in self.computed]
        if self.compared:
            lines += [f"{name} is no tensor of this case{did_you_mean(name, known)}" for name in self.unknown]
        for roles, words in ((FORWARD, "forward"), (BACKWARD, "backward")):
            rows = tuple(row for row in self.computed if row.tensor.role in roles)
            if self.compared and rows and not any(row.present for row in rows):
                lines.append(f"nothing of the {words} pass was handed in, so it was not checked")
        gradients = [row for row in self.computed if row.tensor.role == "gradient"]
        missing = [row.name for row in gradients if not row.present]
        if 0 < len(missing) < len(gradients):
            lines.append(f"{listed(missing)} {'was' if len(missing) == 1 else 'were'} not handed in, though other "
                         "gradients were, and so not checked")
        return lines


def compare(case: GoldenCase, theirs: Mapping[str, Array | None], dtype: str | None = None) -> Comparison:
    """Compare what a port computed, by name, with a golden case; any subset of its tensors will do.

    The tolerance is the case's for the coarser of both dtypes; `dtype` "float32" asks for no more than that, whatever
    dtype the port's arrays have. Given tensors, where the port hands them back, must be what it was given. A bad shape
    or dtype is a finding of the tensor and no exception. None for a gradient says that there is none: zeros; for any
    other tensor, that it was not handed in.
    """
    given = tuple(compare_tensor(tensor, theirs[tensor.name], {"float64": 0.0, "float32": 0.0})
                  for tensor in case.tensors if tensor.given and theirs.get(tensor.name) is not None)
    computed = tuple(no_gradient(tensor, case.tolerance, dtype)
                     if tensor.role in BACKWARD and theirs.get(tensor.name, 0) is None
                     else compare_tensor(tensor, theirs.get(tensor.name), case.tolerance, dtype)
                     for tensor in case.computed())
    known = {tensor.name for tensor in case.tensors}
    return Comparison(case, given, computed, tuple(name for name in theirs if name not in known), dtype)


def no_gradient(tensor: Tensor, tolerance: Mapping[str, float], dtype: str | None) -> TensorComparison:
    return replace(compare_tensor(tensor, np.zeros_like(tensor.value), tolerance, dtype), none=True)


def compare_tensor(tensor: Tensor, theirs: Array | None, tolerance: Mapping[str, float],
                   dtype: str | None = None) -> TensorComparison:
    if theirs is None:
        return TensorComparison(tensor)
    ours, theirs = np.asarray(tensor.value), np.asarray(theirs)
    if ours.ndim == 0 and theirs.shape == (1,):              # many a format and language has no arrays without axes
        theirs = theirs.reshape(())
    limit = tolerated(ours, theirs, tolerance, dtype)
    working = coarser(dtype, precision(ours, theirs))
    problem = problem_of_dtype(ours, theirs) or problem_of_shape(ours.shape, theirs.shape)
    if problem:
        return TensorComparison(tensor, theirs, problem, UNCOMPARED, limit, working)
    return TensorComparison(tensor, theirs, not_finite(ours, theirs), distance(ours, theirs), limit, working)


def nothing_compared(case: GoldenCase, given: Iterable[TensorComparison], unknown: Iterable[str]) -> str:
    names = [tensor.name for tensor in case.computed()]
    unknown = list(unknown)
    if not unknown and not list(given):
        return f"no tensors were handed in; the case computes {listed(names)}"
    got = "only given tensors were handed in" if not unknown else \
        f"none of the tensors handed in ({listed(unknown)}) is one that the case computes"
    hint = did_you_mean(unknown[0], names) if unknown else ""
    return f"{got}; it computes {listed(names)}{hint}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""


def listed(names: Iterable[str], most: int = 6) -> str:
    """`a, b, c and 4 more`"""
    names = list(names)
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most - 1])} and {len(names) - most + 1} more"


def number(value: int | float | complex) -> str:
    return f"{value:.9g}"
