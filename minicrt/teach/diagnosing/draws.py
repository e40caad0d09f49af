"""What a wrong answer and the solution return for the same arguments"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.conformance.checking.comparison import Comparison, compare
from minicrt.conformance.golden.tensors import GoldenCase, Tensor
from minicrt.teach.exercise import Exercise
from minicrt.teach.running import as_numbers

Array = np.ndarray
Values = tuple[Array, ...]


def solved(exercise: Exercise, arguments: Mapping[str, Any]) -> Values:
    """What the solution returns, as arrays."""
    returned = exercise.solution(*(arguments[name] for name in exercise.parameters))
    values = returned if isinstance(returned, tuple) else (returned,)
    return tuple(as_numbers(value) for value in values)


def same(one: Array, other: Array, tolerance: float) -> bool:
    """Whether two arrays have one shape and the same finite values but for a relative error."""
    if one.shape != other.shape:
        return False
    with np.errstate(all="ignore"):
        size = np.abs(one).max(initial=0)
        return bool(np.isfinite(size) and np.abs(one - other).max(initial=0) <= tolerance * size)


@dataclass(frozen=True)
class Draw:
    """The arguments, what is right for them, and what the student has."""

    exercise: Exercise
    arguments: Mapping[str, Any]
    right: Values
    theirs: Values

    @cached_property
    def wrong(self) -> tuple[int, ...]:
        """Which outputs are wrong."""
        return tuple(k for k, (ours, theirs) in enumerate(zip(self.right, self.theirs))
                     if not same(ours, theirs, self.exercise.tolerance))

    def agrees(self, values: Values | None) -> bool:
        """Whether the student has these values."""
        return values is not None and len(values) == len(self.theirs) and all(
            same(ours, theirs, self.exercise.tolerance) for ours, theirs in zip(values, self.theirs))

    @cached_property
    def comparison(self) -> Comparison:
        """The same as the port checker sees it: a golden case of the exercise, and a port's tensors."""
        exercise, tensors, numbers = self.exercise, list[Tensor](), dict[str, float]()
        for name, value in self.arguments.items():
            if isinstance(value, np.ndarray):
                tensors.append(Tensor(name, "input", value))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                numbers[name] = value
        tensors += [Tensor(name, "gradient" if name.startswith("d_") else "output", value)
                    for name, value in zip(exercise.outputs, self.right)]
        case = GoldenCase(exercise.name, "operation", exercise.operation or exercise.name, tuple(tensors), numbers,
                          tolerance={"float64": exercise.tolerance, "float32": exercise.tolerance})
        return compare(case, dict(zip(exercise.outputs, self.theirs)))
