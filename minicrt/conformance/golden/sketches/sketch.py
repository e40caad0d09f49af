"""What the inputs of a golden case are, before anything is computed"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicrt.conformance.golden.values import Values

Array = np.ndarray


@dataclass(frozen=True)
class Sketch:
    """An operation and its inputs: arrays, and options that are no arrays.

    special  a sentence on what sets the case apart from the operation's others
    inputs   makes them from the case's values
    cancels  whether terms of different sign may cancel to (nearly) zero in a gradient, so that it needs a scale
    """

    name: str
    special: str
    inputs: Callable[[Values], dict[str, Any]]
    cancels: bool = False

    @property
    def operation(self) -> str:
        return self.name.partition("-")[0]


class Drawn:
    """Stands in for the generator of a dropout mask: its random numbers are those of the case."""

    def __init__(self, uniform: Array) -> None:
        self.uniform = uniform

    def random(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        return np.broadcast_to(self.uniform, shape).astype(dtype)


