"""How far a mutant's numbers are a port's, and whether those of two mutants are the same"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np

from minicrt.conformance.checking.distance import ROUNDING, agree, comparable, largest
from minicrt.conformance.checking.search import Search
from minicrt.conformance.golden.tensors import FORWARD
from minicrt.conformance.mutation import complex_step
from minicrt.conformance.mutation.complex_step import ASKED, Directions, OwnGradients, PortGradient
from minicrt.conformance.mutation.mutants import Mutants, Trace
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.running import Notes
from minicrt.conformance.mutation.tree import Changes


@dataclass(frozen=True)
class Tried:
    """Edits, and how far the port's tensors are those of a port with them; `forward` where the gradients are unknown.

    by_hand  the backward pass is the reference's; its tensors are in the trace
    own      the gradients, where the backward pass is right for the forward pass
    """

    edits: tuple[Edit, ...]
    trace: Trace
    reach: int
    by_hand: bool = False
    forward: tuple[Trace, Notes] | None = None
    own: OwnGradients | None = None

    @property
    def changes(self) -> Changes:
        return {number: new for edit in self.edits for number, new in edit.changes.items()}

    @property
    def effort(self) -> int:
        return sum(edit.effort for edit in self.edits)

    @property
    def order(self) -> tuple[int | tuple[int, ...], ...]:
        """What reaches furthest comes first, and of that the simplest; no two have the same"""
        return -self.reach, self.effort, self.by_hand, tuple(edit.number for edit in self.edits)


class Judge:
    """Compares with what a port handed in: arrays with arrays, and its gradients along directions with those that a
    mutant has of its own."""

    def __init__(self, search: Search, mutants: Mutants) -> None:
        self.search, self.handed, self.movable = search, search.handed, mutants.operation.movable
        self.right = mutants.own_gradients({})
        self.forward_rows = [k for k, row in enumerate(self.handed) if row.tensor.role in FORWARD]
        self.asked = [self.port_gradient(k) for k in range(len(self.forward_rows), len(self.handed))]
        self.computed = [PortGradient(tensor.name, tensor.value, max(tensor.scale, largest(tensor.value)) or 1.0, 0.0)
                         for tensor in search.comparison.case.computed() if tensor.name in self.movable]

    def port_gradient(self, k: int) -> PortGradient:
        row = self.handed[k]
        theirs = np.zeros(()) if row.theirs is None else row.theirs
        size = max(self.search.sizes[k], largest(theirs)) or 1.0
        allowed = max(row.tolerance * largest(theirs), ROUNDING[row.dtype] * self.search.sizes[k],
                      complex_step.ROUNDING * size)
        if row.name not in self.movable:                     # what is not computed must be right
            allowed = -1.0 if row.wrong else inf
        elif not comparable(theirs):
            allowed = -1.0
        return PortGradient(row.name, theirs, size, allowed)

    def wrong_numbers(self) -> int:
        """How many there are in all tensors that were handed in"""
        rows = [row for row in self.handed if row.theirs is not None and row.theirs.shape == row.tensor.value.shape]
        return sum(int(np.sum(row.theirs != row.tensor.value)) for row in rows if row.wrong)

    def agrees(self, k: int, one: Tried) -> bool:
        """Whether tensor k of those handed in has the mutant's numbers"""
        before = len(self.forward_rows)
        return one.own.agree([self.asked[k - before]]) if one.own and k >= before else self.search.agrees(k, one.trace)

    def reach(self, trace: Trace, own: OwnGradients | None = None, whole: bool = False) -> int:
        """How many tensors, of those handed in, there are up to the first that has not the mutant's numbers; with
        `whole` it is not looked for among gradients that are not all right"""
        rows = range(len(self.handed)) if own is None else self.forward_rows
        wrong = next((k for k in rows if not self.search.agrees(k, trace)), None)
        if own is None or wrong is not None:
            return len(self.handed) if wrong is None else wrong
        before = len(self.forward_rows)
        if whole:
            return len(self.handed) if own.agree(self.asked) else before
        return before + own.agreeing(self.asked, max(self.search.start + 1 - before, 0))

    def merged(self, found: Iterable[Tried]) -> list[Tried]:
        """One of each that have the same numbers, the simplest."""
        kept: list[Tried] = []
        for one in sorted(found, key=lambda one: one.order):
            if not any(self.same(one, other) for other in kept):
                kept.append(one)
        return kept

    def same(self, one: Tried, other: Tried) -> bool:
        if one.own is None and other.own is None:
            return same_arrays(one.trace, other.trace)
        return same_arrays(self.forward(one), self.forward(other)) and np.allclose(
            self.slopes(one), self.slopes(other), rtol=0, atol=1e-9)

    def forward(self, one: Tried) -> Trace:
        """Without the backward pass"""
        return {name: value for name, value in one.trace.items() if not name.startswith("d_")}

    def slopes(self, one: Tried) -> list[float]:
        """Of J, as everything moves at once along one direction and another"""
        found = []
        for number in range(ASKED if self.computed else 0):
            directions = {row.name: row.direction(number) for row in self.computed}
            found.append(one.own.slope(directions) if one.own else product(one.trace, directions))
        return found


def product(trace: Trace, directions: Directions) -> float:
    """Σ <tensor, direction>; NaN where one is not in the trace"""
    if any(name not in trace or trace[name].shape != v.shape for name, v in directions.items()):
        return np.nan
    return sum(float((trace[name] * v).sum()) for name, v in directions.items())


def same_arrays(one: Trace, other: Trace) -> bool:
    return one.keys() == other.keys() and all(agree(np.asarray(one[name]), np.asarray(other[name]), {"float64": 1e-9})
                                              for name in one)
