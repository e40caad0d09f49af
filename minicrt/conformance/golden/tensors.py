"""What a golden case consists of: named tensors, in the order in which a right implementation meets them"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Array = np.ndarray
Role = Literal["input", "parameter", "upstream", "intermediate", "output", "backward", "gradient"]
FORWARD: tuple[Role, ...] = ("intermediate", "output")
BACKWARD: tuple[Role, ...] = ("backward", "gradient")


@dataclass(frozen=True)
class Tensor:
    """One array of a case.

    role     input, parameter: given. upstream: the gradient that the backward pass starts from, given as well.
             intermediate, output: of the forward pass. backward: an intermediate of the backward pass. gradient: of an
             input, a parameter or the initial state
    meaning  what it is, in the symbols of the operation's docstring
    scale    the natural size of the terms that may cancel in it: a difference within rounding of it is no difference
    """

    name: str
    role: Role
    value: Array
    meaning: str = ""
    scale: float = 0.0

    @property
    def given(self) -> bool:
        return self.role in ("input", "parameter", "upstream")


@dataclass(frozen=True)
class GoldenCase:
    """Everything that one operation, or one model over several segments, computes from given values.

    tensors        given ones first, then the forward pass in its order, then the backward pass in its order
    configuration  what is not an array: the operation's options, the model's configuration, the segments' lengths
    conventions    sentences on what a port is most likely to do differently
    tolerance      the largest relative error that passes, by the dtype of the port's tensor
    """

    name: str
    kind: Literal["operation", "model"]
    subject: str
    tensors: tuple[Tensor, ...]
    configuration: Mapping[str, Any] = field(default_factory=dict)
    conventions: tuple[str, ...] = ()
    tolerance: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Tensor:
        return next(tensor for tensor in self.tensors if tensor.name == name)

    def __contains__(self, name: object) -> bool:
        return any(tensor.name == name for tensor in self.tensors)

    def given(self) -> dict[str, Array]:
        """The values that a port is handed, by name."""
        return {tensor.name: tensor.value for tensor in self.tensors if tensor.given}

    def computed(self) -> tuple[Tensor, ...]:
        """The tensors that a port computes, in order."""
        return tuple(tensor for tensor in self.tensors if not tensor.given)


def names(tensors: Iterable[Tensor]) -> list[str]:
    return [tensor.name for tensor in tensors]
