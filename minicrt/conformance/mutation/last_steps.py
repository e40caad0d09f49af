"""What the last steps of a scan tell of a mutant that drops or scales a gradient, so that hardly one is run in full

The gradient of x at the last step comes through that step alone, and the one before it through two. Where a mutant
multiplies what goes back through an expression by f, the gradient there is

    without + f (whole − without)

with `whole` that of the right pass and `without` that with the expression detached, from runs of one or two steps that
begin at the right state. So f is told by the port's gradient: 0 if it is dropped, 1 if nothing is wrong there.
"""

import copy
from dataclasses import replace
from fractions import Fraction

import numpy as np

from minicrt.conformance.mutation.complex_step import ASKED, MOST, OwnGradients, PortGradient
from minicrt.conformance.mutation.running import Operation
from minicrt.conformance.mutation.tree import Changes

X, STARTS = "d_x", ("h0", "s0")     # what the equations of a scan call the input's gradient, and the state in front
STATES = "h"
LAST = 1, 2                         # steps
LEAST = 1e-6                        # a part of the gradient that is smaller tells nothing


class LastSteps:
    """Of an operation that is a scan, with the gradient of x that a port handed in."""

    def __init__(self, operation: Operation, row: PortGradient) -> None:
        self.row, self.short = row, {count: shortened(operation, count) for count in LAST}
        self.whole = {count: self.slopes(count, {}) for count in LAST}

    def slopes(self, count: int, changes: Changes) -> np.ndarray:
        """Of J, as x moves in the last steps along one direction and another"""
        own, row = OwnGradients(self.short[count], changes), self.of_port(count)
        return np.array([own.slope({X: row.direction(number)}) for number in range(ASKED)])

    def of_port(self, count: int) -> PortGradient:
        return replace(self.row, value=self.row.value[:, -count:])

    def factor(self, changes: Changes) -> Fraction | None:
        """By what the port multiplies the gradient that these changes drop: 1 also where no factor gives the port's;
        None where the last steps do not tell"""
        for count in LAST:
            row, without = self.of_port(count), self.slopes(count, changes)
            part = self.whole[count] - without
            if not np.isfinite(part).all():
                return None
            if np.abs(part).min() > LEAST * np.abs(self.whole[count]).max():
                theirs = np.array([float((row.value * row.direction(number)).sum()) for number in range(ASKED)])
                return common((theirs - without) / part)
        return None


def common(factors: np.ndarray) -> Fraction:
    """A simple number that all of them are; else 1"""
    near = Fraction(float(factors[0])).limit_denominator(MOST) if abs(factors[0]) < MOST else Fraction(1)
    return near if np.abs(factors - float(near)).max() <= LEAST else Fraction(1)


def shortened(operation: Operation, count: int) -> Operation:
    """The operation on the last steps, from the right state in front of them"""
    short, states = copy.copy(operation), states_of(operation)
    start = next(name for name in STARTS if name in operation.inputs)
    short.inputs = {**operation.inputs, "x": operation.inputs["x"][:, -count:], start: states[:, -count - 1]}
    short.upstream = operation.upstream[:, -count:]
    return short


def states_of(operation: Operation) -> np.ndarray:
    """Those that a scan carries, which of a state space are not its output"""
    right = operation.right[0]
    return right.get(STATES, right[operation.output])


def last_steps(operation: object, asked: list[PortGradient]) -> LastSteps | None:
    """None of what is no scan of more steps than these, or where the gradient of x was not handed in."""
    row = next((row for row in asked if row.name == X and 0 <= row.allowed), None)
    if row is None or not isinstance(operation, Operation) or not any(name in operation.inputs for name in STARTS):
        return None
    x, states = operation.inputs["x"], states_of(operation)
    start = next(operation.inputs[name] for name in STARTS if name in operation.inputs)
    if states[:, 0].shape != start.shape or states.shape[1] <= max(LAST) or row.value.shape != x.shape:
        return None
    return LastSteps(operation, row)
