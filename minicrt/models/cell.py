"""What a recurrent network is to the models that carry its state"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from minicrt.models.parameters import Array, ParameterSpec, Scope


@dataclass(frozen=True)
class SkewParameter:
    """A parameter that holds the free entries of a skew-symmetric matrix of a scaled Cayley transform."""

    name: str
    width: int
    negatives: int


@dataclass(frozen=True)
class Cell(ABC):
    """h_t = RNN(x_t, h_{t−1}), h_0 = start, by the operation of that name and the weights that it takes.

    `size` state values a unit are carried on; the first unit of them is what is read. `bounded`: |h| stays under 1.
    """

    operation: ClassVar[str]
    weights: ClassVar[tuple[str, ...]]
    size: ClassVar[int] = 1

    @property
    def bounded(self) -> bool:
        return True

    @abstractmethod
    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        """The rows of the parameter table, named `prefix` + weight."""

    def skew_parameters(self, prefix: str, width: int) -> list[SkewParameter]:
        return []

    def arguments(self, engine: Any, p: Scope) -> tuple[Any, ...]:
        """What the operation takes after x and start: the weights, or what is computed of them alone"""
        return tuple(p[name] for name in self.weights)

    def run(self, engine: Any, p: Scope, x: Array, start: Array) -> tuple[Array, Any]:
        """(B, T, I), (B, size · D) → the states (B, T, size · D), and the cache"""
        return getattr(engine, self.operation)(x, start, *self.arguments(engine, p))

    def run_backward(self, engine: Any, d_states: Array, cache: Any, d_last: Array | None, g: Scope
                     ) -> tuple[Array, Array]:
        """→ d_x, d_start; the weights' gradients are added into g. `d_last` is the gradient of h_T from beyond the
        segment."""
        d_x, d_start, *d_weights = getattr(engine, self.operation + "_backward")(d_states, cache, d_last)
        for name, d_weight in zip(self.weights, d_weights):
            g[name] += d_weight
        return d_x, d_start
