"""Other things than h_t and m_{N−1} W_r that a CRT's outputs may read of the memory"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.reading import StatesRead
from minicrt.models import CRT, SegmentModel
from minicrt.models.crt_caches import ReadoutCache
from minicrt.models.parameters import Array, Parameters

SENTENCES = {
    "readout: y_t + m": "The output reads y_t + m_{N−1}, the memory itself: without h_t, and without W_r.",
    "readout: y_t + h_t + m": "m_{N−1} is added to the output as it is: without its matrix W_r, and without "
                           "the product with y_t.",
    "readout: h_T at every token": "The output at every token reads h_T, which knows the tokens to come, in place of "
                                   "h_t.",
    "readout: mean of the last outputs": "W_r reads the mean of the last segment's outputs y_t in place of m_{N−1}; "
                                         "m_0 in the first segment.",
    "readout: last output": "W_r reads the last segment's last output y_T in place of m_{N−1}; m_0 in the first "
                            "segment.",
}


class ReadsMemoryItself(CRT):
    """z_t = y_t + m̄, with m̄ the mean over memory vectors"""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return y + m.mean(1, keepdims=True), ReadoutCache(h, None, None)

    def readout_backward(self, d_z: Array, cache: Any, g: Parameters) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(d_z, cache, g)
        return d_y, d_h, d_m + d_z.sum(1, keepdims=True) / d_m.shape[1]


class ReadsStatesAndMemory(StatesRead):
    """z_t = y_t + h_t + m̄"""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        z, cache = super().readout(p, y, h, m)
        return z + m.mean(1, keepdims=True), cache

    def readout_backward(self, d_z: Array, cache: Any, g: Parameters) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(d_z, cache, g)
        return d_y, d_h, d_m + d_z.sum(1, keepdims=True) / d_m.shape[1]


class ReadsLastState(CRT):
    """h_T stands at every token."""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, y, [np.broadcast_to(h_i[:, -1:], h_i.shape) for h_i in h], m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        last = np.eye(d_y.shape[1])[-1][:, None]
        return d_y, [last * d.sum(1, keepdims=True) for d in d_h], d_m


class AddsLastState(ReadsLastState, StatesRead):
    """z_t = y_t + h_T"""


class OfOutputsCache(NamedTuple):
    first: bool                                              # there was no segment before
    readout: Any


class ReadsLastOutputs(CRT):
    """W_r reads a mean of the y_t of the segment before, weighted by `shares`, as every memory vector."""

    _before: Any = None
    _d_before: Any = 0.0

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        first = self._before is None
        read = m if first else np.broadcast_to(self._before[:, None], m.shape)
        self._before = np.tensordot(y, self.shares(y.shape[1]), (1, 0))
        z, cache = super().readout(p, y, h, read)
        return z, OfOutputsCache(first, cache)

    def readout_backward(self, d_z: Array, cache: Any, g: Parameters) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_read = super().readout_backward(d_z, cache.readout, g)
        d_y = d_y + self.shares(d_y.shape[1])[:, None] * self._d_before
        self._d_before = 0.0 if cache.first else d_read.sum(1, keepdims=True)
        return d_y, d_h, d_read if cache.first else np.zeros_like(d_read)

    @staticmethod
    def shares(T: int) -> Array:
        return np.full(T, 1 / T)


class ReadsLastOutput(ReadsLastOutputs):
    @staticmethod
    def shares(T: int) -> Array:
        return np.eye(T)[-1]


def readouts(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, CRT) or model.config.memory == "none":
        return []
    reads, states = model.config.readout == "memory", model.config.memory_update == "per_token"
    models: dict[str, tuple[bool, type[CRT]]] = {
        "readout: y_t + m": (True, ReadsMemoryItself),
        "readout: y_t + h_t + m": (states, ReadsStatesAndMemory),
        "readout: h_T at every token": (states, ReadsLastState if reads else AddsLastState),
        "readout: mean of the last outputs": (reads, ReadsLastOutputs),
        "readout: last output": (reads, ReadsLastOutput),
    }
    return [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
