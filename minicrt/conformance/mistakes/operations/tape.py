"""What one pass of an operation knows: its inputs, and every tensor it computes, by name and in order"""

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np

Array = np.ndarray


class Tape(SimpleNamespace):
    """The inputs as attributes, and each tensor that is kept as one more."""

    def __init__(self, **inputs: Any) -> None:
        super().__init__(**inputs)
        self.kept: dict[str, Array] = {}

    def keep(self, name: str, value: Array) -> Array:
        """Returns the value, so that an equation and its name stand in one line."""
        self.kept[name] = value
        setattr(self, name, value)
        return value

    def copied(self) -> "Tape":
        """One that may be kept on, apart from this one"""
        other = copy.copy(self)
        other.kept = dict(self.kept)
        return other


class Drawn:
    """Stands in for the generator of a dropout mask where the numbers are given; each draw after the first turns them
    by one, so that another mask is another."""

    def __init__(self, uniform: Array) -> None:
        self.uniform, self.draws = np.asarray(uniform), 0

    def random(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        numbers = np.roll(self.uniform, self.draws)
        self.draws += 1
        return np.resize(numbers, shape).astype(dtype)
