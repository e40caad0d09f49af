"""Mistakes in what a CRT's writer reads, and in what it hands on for the memory"""

from typing import Any

import numpy as np

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import CRT, SegmentModel, State
from minicrt.models.parameters import Array, Parameters

SENTENCES = {
    "writer: reads x": "The writer reads x_t, the blocks' input, in place of their output y_t.",
    "writer: reads e": "The writer reads the embedding e_t in place of the blocks' output y_t.",
    "writer: reads the last output": "The writer reads the segment's last output y_T in place of the mean of all y_t.",
    "writer: mean by the full length": "The mean over a segment is the sum of its y_t divided by segment_length, in a "
                                       "shorter segment too.",
    "memory: last output": "The memory is the segment's last output y_T in place of h_T: the writer does not write it.",
    "memory: mean of the outputs": "The memory is the mean of the segment's outputs y_t in place of h_T: the writer "
                                   "does not write it.",
}


class ReadsBlocksInput(CRT):
    """RNN(x_t, h_{t−1}); or, with `embedded`, RNN(e_t, h_{t−1})"""

    embedded = False
    _read: Any = None
    _d_read: Any = 0.0

    def positions(self, p: Parameters, e: Array, start: Array | None) -> tuple[Array, Any, Any]:
        x, last, cache = super().positions(p, e, start)
        self._read = e if self.embedded else x
        return x, last, cache

    def write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], Any]:
        per_token = self.config.memory_update == "per_token"
        return super().write(p, self._read if per_token else self._read.mean(1, keepdims=True), m)

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        self._d_read, d_start = super().write_backward(*arguments)
        return np.zeros_like(self._d_read), d_start

    def positions_backward(self, d_x: Array, *arguments: Any) -> tuple[Array, Any]:
        d_read = self._d_read / (1 if self.config.memory_update == "per_token" else d_x.shape[1])
        d_e, d_start = super().positions_backward(d_x if self.embedded else d_x + d_read, *arguments)
        return (d_e + d_read if self.embedded else d_e), d_start


class ReadsEmbedding(ReadsBlocksInput):
    embedded = True


class ReadsOutput(CRT):
    """One that keeps y, the blocks' output"""

    _y: Any = None

    def blocks(self, *arguments: Any) -> tuple[Array, Any]:
        self._y, cache = super().blocks(*arguments)
        return self._y, cache


class ReadsLast(ReadsOutput):
    """Per segment: RNN(y_T, m)"""

    def write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], Any]:
        return super().write(p, self._y[:, -1:], m)

    def encode_backward(self, d_z: Array, *arguments: Any) -> tuple[Array, State]:
        self._length = d_z.shape[1]
        return super().encode_backward(d_z, *arguments)

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_inputs, d_start = super().write_backward(*arguments)
        T = self._length                                     # what comes of this is divided by it
        return np.concatenate([np.zeros((len(d_inputs), T - 1, d_inputs.shape[2])), T * d_inputs], axis=1), d_start


class MeanByFullLength(ReadsOutput):
    """Per segment: RNN(Σ y_t / segment_length, m)"""

    def write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], Any]:
        return super().write(p, inputs * (self._y.shape[1] / self.config.segment_length), m)

    def encode_backward(self, d_z: Array, *arguments: Any) -> tuple[Array, State]:
        self._share = d_z.shape[1] / self.config.segment_length
        return super().encode_backward(d_z, *arguments)

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_inputs, d_start = super().write_backward(*arguments)
        return d_inputs * self._share, d_start


class MemoryOfOutputs(ReadsOutput):
    """Every vector of m_N is a mean of the y_t, weighted by `shares`."""

    def encode(self, *arguments: Any) -> tuple[Array, State, Any]:
        z, state, cache = super().encode(*arguments)
        if "memory" in state:
            mean = np.tensordot(self._y, self.shares(self._y.shape[1]), (1, 0))
            state["memory"] = np.repeat(mean[:, None], self.config.memory_vectors, axis=1)
        return z, state, cache

    def write_backward(self, d_h: list[Array], d_last: Array | None, *arguments: Any) -> tuple[Array, Array]:
        d_inputs, d_start = super().write_backward(d_h, None, *arguments)
        if d_last is not None:
            d_inputs = d_inputs + self.shares(d_inputs.shape[1])[:, None] * d_last.sum(1, keepdims=True)
        return d_inputs, d_start

    @staticmethod
    def shares(T: int) -> Array:
        return np.full(T, 1 / T)


class MemoryOfLastOutput(MemoryOfOutputs):
    @staticmethod
    def shares(T: int) -> Array:
        return np.eye(T)[-1]


def writer_inputs(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, CRT) or model.config.memory == "none" or model.config.memory_gradient != "unroll":
        return []
    per_token = model.config.memory_update == "per_token"
    models: dict[str, tuple[bool, type[CRT]]] = {
        "writer: reads x": (True, ReadsBlocksInput), "writer: reads e": (True, ReadsEmbedding),
        "writer: reads the last output": (not per_token, ReadsLast),
        "writer: mean by the full length": (not per_token, MeanByFullLength),
        "memory: last output": (per_token, MemoryOfLastOutput),
        "memory: mean of the outputs": (per_token, MemoryOfOutputs),
    }
    return [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
