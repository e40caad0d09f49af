"""What may decide whether the memory learns: the default CRT of the study, and variants that differ in one thing.

Some are no settings of the package, since what they show is that they should not be: these are made here.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicrt.models import CRT, Parameters, SegmentModel
from minicrt.models.parameters import Array


class WithoutStates(CRT):
    """z_t = y_t + (1 + y_t) ⊙ m_{N−1} W_r: the reading of the past alone"""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, y, [np.zeros_like(h_i) for h_i in h], m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        return d_y, [np.zeros_like(d_h_i) for d_h_i in d_h], d_m


class Drawn(CRT):
    """W_r starts with a draw of its own, N(0, s²/D), not as √3 s W_nᵀ."""

    related = SegmentModel.related


class Added(CRT):
    """z_t = y_t + h_t + m_{N−1} W_r"""

    def read_past(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Any]:
        z, past = super().read_past(p, np.zeros_like(y), m)
        return y + z, past

    def read_past_backward(self, d_z: Array, cache: Any, g: Parameters) -> tuple[Array, Array]:
        return d_z, super().read_past_backward(d_z, cache, g)[1]


class AddedDrawn(Drawn, Added):
    """Both"""


class Multiplied(CRT):
    """z_t = y_t + h_t + y_t ⊙ m_{N−1} W_r"""

    def read_past(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Any]:
        z, past = super().read_past(p, y - 1, m)
        return z + 1, past


class LargeToken(CRT):
    """The memory token is four times as large among the rows of the first block."""

    factor = 4.0
    _is_backward = False

    def encode_backward(self, *arguments: Any) -> tuple[Array, Any]:
        self._is_backward = True
        result = super().encode_backward(*arguments)
        self._is_backward = False
        return result

    def joined(self, token: Array, x: Array) -> Array:
        return super().joined(token if self._is_backward else np.asarray(self.factor * token, token.dtype), x)

    def parted(self, s: Array) -> tuple[Array, Array]:
        token, x = super().parted(s)
        return (np.asarray(self.factor * token, token.dtype) if self._is_backward else token), x


@dataclass(frozen=True)
class Variant:
    """What differs from the default: settings of the model, k = bptt_segments, or what is no setting."""

    settings: dict[str, Any] = field(default_factory=dict)
    k: int = 2
    learning_rate: float = 3e-3
    model: type[CRT] = CRT
    zero: tuple[str, ...] = ()                               # parameters that start at zero
    frozen: bool = False                                     # and stay there
    embedding: float = 1.0                                   # how many times the default's first values
    curriculum: bool = False                                 # distances from 1 on, all of them after half of the steps


VARIANTS: dict[str, Variant] = {
    "the default": Variant(),
    "y + h: no reading of m": Variant(zero=("memory.read",), frozen=True),
    "y + h, b = 0: the former readout": Variant({"update_bias": 0.0}, zero=("memory.read",), frozen=True),
    "y: the token alone": Variant({"readout": "transformer"}),
    "y: the token alone, b = 4": Variant({"readout": "transformer", "update_bias": 4.0}),
    "y: the token alone, b chrono": Variant({"readout": "transformer", "update_bias": "chrono"}),
    "added alone: y + h + m W": Variant(model=Added),
    "multiplied alone: y + h + y ⊙ m W": Variant(model=Multiplied),
    "without h: the reading of the past alone": Variant(model=WithoutStates),
    "W starts at zero": Variant(zero=("memory.read",)),
    "W drawn": Variant(model=Drawn),
    "embedding half as large": Variant(embedding=0.5),
    "embedding twice as large": Variant(embedding=2.0),
    "W drawn, embedding half as large": Variant(model=Drawn, embedding=0.5),
    "added alone, W drawn, embedding half as large": Variant(model=AddedDrawn, embedding=0.5),
    "no token: the reading alone": Variant({"memory_position": "last"}),
    "token four times as large": Variant(model=LargeToken),
    "m_0 = 0": Variant(zero=("memory.start",), frozen=True),
    "b = 0": Variant({"update_bias": 0.0}),
    "b = 2": Variant({"update_bias": 2.0}),
    "b = 4": Variant({"update_bias": 4.0}),
    "b = 6": Variant({"update_bias": 6.0}),
    "b chrono": Variant({"update_bias": "chrono"}),
    "b log-uniform over one segment": Variant({"memory_span": 1}),
    "norm on m and h": Variant({"memory_norm": "on"}),
    "NC-GRU": Variant({"memory": "ncgru"}),
    "gradient over one segment": Variant(k=1),
    "gradient over four": Variant(k=4),
    "writer's gradient": Variant({"memory_gradient": "writer"}, k=1),
    "curriculum over distances": Variant(curriculum=True),
    "learning rate 1e-3": Variant(learning_rate=1e-3),
    "learning rate 1e-2": Variant(learning_rate=1e-2),
}


class Held:
    """Lets parameters of a variant start larger or at zero, and puts back after each step those that are frozen."""

    def __init__(self, variant: Variant, parameters: Parameters):
        self.variant, self.parameters = variant, parameters
        parameters["embedding"] *= parameters.dtype.type(variant.embedding)
        self.put_back()

    def put_back(self) -> None:
        for name in self.variant.zero:
            self.parameters[name][:] = 0

    def after_step(self) -> None:
        if self.variant.frozen:
            self.put_back()
