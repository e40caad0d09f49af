"""An operation with the inputs on which it is checked"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.gradcheck.check import check_operation
from minicrt.gradcheck.report import Report

Rng = np.random.Generator


@dataclass(frozen=True)
class Case:
    """An operation's name and its inputs by name; `scale` holds natural sizes where gradients may cancel to zero."""

    name: str
    operation: str
    inputs: dict[str, Any]
    scale: dict[str, float] = field(default_factory=dict)

    def check(self, rng: Rng, forward: Callable[..., Any] | None = None, backward: Callable[..., Any] | None = None,
              tolerance: float = 1e-10) -> Report:
        """The complex-step check of the operation in minicrt.ops, or of `forward` and `backward` in its place."""
        forward = forward or getattr(ops, self.operation)
        backward = backward or getattr(ops, self.operation + "_backward")
        return check_operation(forward, backward, self.inputs, rng=rng, scale=self.scale, tolerance=tolerance)
