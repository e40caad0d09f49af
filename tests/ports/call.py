"""A call of an operation with arguments of given sizes, which minicrt and an oracle both make"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray


class Sizes(NamedTuple):
    """B batch, T time, S extra keys in front, I inputs, D width (H heads of K), V vocabulary."""

    B: int
    T: int
    S: int
    I: int  # noqa: E741
    H: int
    K: int
    V: int

    @property
    def D(self) -> int:  # noqa: N802
        return self.H * self.K


@dataclass(frozen=True)
class Call:
    """`ops.<operation>(*arrays, **settings)`; the gradient is asked for the floating-point arrays."""

    arrays: tuple[Array, ...]
    settings: dict[str, Any]


Draw = Callable[[np.random.Generator, Sizes], Call]


def normal(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    return scale * rng.standard_normal(shape)
