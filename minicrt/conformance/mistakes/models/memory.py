"""Mistakes around the CRT's memory: its token, how it is written, how it is read, and what of it takes a gradient"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.conformance.mistakes.models.layers import one_for_all, without_norm_at
from minicrt.conformance.mistakes.models.memory_rows import (
    FirstSegmentWithoutToken,
    TokenGetsPosition,
    WritesAllRows,
    WritesUnnormed,
)
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import CRT, SegmentModel, State
from minicrt.models.parameters import Parameters

Array = np.ndarray

SENTENCES = {
    "memory token: not in the first segment": "The first segment has no memory token; here it has one, m_0.",
    "memory token: with a position": "The positions' GRU reads the memory token as if it were the first of the tokens, "
                                     "and adds a position to it; here the token gets none.",
    "writer: reads the memory row too": "The writer reads the outputs of all rows, the memory token's own first; here "
                                        "those of the tokens.",
    "writer: reads before the final norm": "The writer reads the last block's output before the final norm.",
    "memory: of the first token": "The memory is the state after the segment's first token, h_1, in place of h_T.",
    "memory: mean of the states": "The memory is the mean of the segment's states h_t, in place of the last.",
    "writer: starts from zeros": "The memory network starts every segment from zeros, in place of the memory m_{N−1}.",
    "readout: one state too early": "The output at token t reads h_{t−1} in place of h_t.",
    "readout: of the memory just written": "The output reads m_N, which knows the tokens to come, in place of m_{N−1}.",
    "readout: memories added": "The memory vectors are added in the readout; here their mean is taken.",
    "writer: one for all vectors": "All memory vectors are written by one network, that which was loaded last.",
    "memory norm: token without": "The memory token is not normed.",
    "memory norm: readout without": "The readout reads h_t without its norm.",
    "memory norm: on what is carried": "The memory is normed before it is carried on, and so is normed twice.",
}
BACKWARD_SENTENCES = {
    "memory token: detached": "The memory token is detached: no gradient goes from the blocks into the memory.",
    "writer: start detached": "The memory network's start is detached: no gradient goes from h_t into m_{N−1}.",
    "writer: inputs detached": "The memory network's inputs are detached: no gradient goes from it into the blocks.",
}


class MemoryOfStates(CRT):
    """m_N is a mean of the states h_t, weighted by `shares`, in place of the last one."""

    def encode(self, *arguments: Any) -> tuple[Array, State, Any]:
        z, state, cache = super().encode(*arguments)
        if "memory" in state:
            means = [np.tensordot(h_i, self.shares(h_i.shape[1]), (1, 0)) for h_i in self._states]
            state["memory"] = np.stack(means, axis=1)
        return z, state, cache

    def write(self, *arguments: Any) -> tuple[list[Array], Any]:
        self._states, cache = super().write(*arguments)
        return self._states, cache

    def write_backward(self, d_h: list[Array], d_last: Array | None, *arguments: Any) -> tuple[Array, Array]:
        if d_last is not None:
            d_h = [d_h_i + self.shares(d_h_i.shape[1])[:, None] * d_last[:, i, None] for i, d_h_i in enumerate(d_h)]
        return super().write_backward(d_h, None, *arguments)

    @staticmethod
    def shares(T: int) -> Array:
        return np.full(T, 1 / T)


class MemoryOfFirstState(MemoryOfStates):
    @staticmethod
    def shares(T: int) -> Array:
        return np.eye(T)[0]


class WriterFromZeros(CRT):
    """h_0 = 0 in every segment; the memory token alone carries m on."""

    def write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], Any]:
        return super().write(p, inputs, np.zeros_like(m))

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_inputs, d_start = super().write_backward(*arguments)
        return d_inputs, np.zeros_like(d_start)


class ReadsStateBefore(CRT):
    """The readout at token t reads h_{t−1}."""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        before = [np.concatenate([m[:, i, None], h_i[:, :-1]], axis=1) for i, h_i in enumerate(h)]
        return super().readout(p, y, before, m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Any]:
        d_y, d_before, _ = super().readout_backward(*arguments)
        d_h = [np.concatenate([d[:, 1:], np.zeros_like(d[:, :1])], axis=1) for d in d_before]
        return d_y, d_h, np.stack([d[:, 0] for d in d_before], axis=1)


class ReadsNewMemory(CRT):
    """Per segment: the readout reads m_N, in which the tokens after it have left their traces."""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, y, h, np.stack([h_i[:, -1] for h_i in h], axis=1))

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Any]:
        d_y, _, d_m = super().readout_backward(*arguments)
        d_new = np.asarray(d_m)                              # (B, M, D)
        return d_y, [d_new[:, i, None] for i in range(d_new.shape[1])], 0


class MemoriesAdded(CRT):
    """Several memory vectors are read as their sum."""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, y, [len(h) * h_i for h_i in h], len(h) * m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Any]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        return d_y, [len(d_h) * d for d in d_h], len(d_h) * d_m


class TokenDetached(CRT):
    """The memory token is a constant to the blocks."""

    _is_backward = False

    def encode_backward(self, *arguments: Any) -> tuple[Array, State]:
        self._is_backward = True
        result = super().encode_backward(*arguments)
        self._is_backward = False
        return result

    def parted(self, s: Array) -> tuple[Array, Array]:
        token, x = super().parted(s)
        return (np.zeros_like(token) if self._is_backward else token), x


class StartDetached(CRT):
    """The writer's start is a constant to it."""

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_inputs, d_start = super().write_backward(*arguments)
        return d_inputs, np.zeros_like(d_start)


class InputsDetached(CRT):
    """What the writer reads is a constant to it."""

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        d_inputs, d_start = super().write_backward(*arguments)
        return np.zeros_like(d_inputs), d_start


class NormedCache(NamedTuple):
    norm: Any                                                # of what is carried
    segment: Any


class CarriesNormed(CRT):
    """m_N = LN(h_T): the norm that is there for the token and the readout acts on what is carried as well."""

    def encode(self, parameters: Parameters, *arguments: Any) -> tuple[Array, State, Any]:
        z, state, cache = super().encode(parameters, *arguments)
        state["memory"], norm_cache = self.normed(parameters, state["memory"])
        return z, state, NormedCache(norm_cache, cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        if "memory" in d_state:
            d_state = d_state | {"memory": self.normed_backward(d_state["memory"], cache.norm, gradients)}
        return super().encode_backward(d_z, d_state, cache.segment, gradients)


def memory(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, CRT) or model.config.memory == "none":
        return []
    config = model.config
    first, unrolled = config.memory_position == "first", config.memory_gradient == "unroll"
    per_token, reads = config.memory_update == "per_token", config.readout != "transformer"
    several = config.memory_vectors > 1
    models = {
        "memory token: not in the first segment": (first, FirstSegmentWithoutToken),
        "memory token: with a position": (first and per_token and unrolled and config.positions == "recurrent",
                                          TokenGetsPosition),
        "writer: reads the memory row too": (first and unrolled, WritesAllRows),
        "writer: reads before the final norm": (config.norm == "pre" and unrolled, WritesUnnormed),
        "memory: of the first token": (per_token and unrolled, MemoryOfFirstState),
        "memory: mean of the states": (per_token and unrolled, MemoryOfStates),
        "writer: starts from zeros": (True, WriterFromZeros),
        "readout: one state too early": (per_token and reads, ReadsStateBefore),
        "readout: of the memory just written": (not per_token and reads, ReadsNewMemory),
        "memory norm: on what is carried": (config.normed_memory and unrolled, CarriesNormed),
        "readout: memories added": (several and reads and not config.normed_memory, MemoriesAdded),
    }
    backward = {"memory token: detached": (first, TokenDetached), "writer: start detached": (True, StartDetached),
                "writer: inputs detached": (True, InputsDetached)}
    norms = {"memory norm: token without": (config.normed_memory, "memory.norm"),
             "memory norm: readout without": (config.normed_memory and reads, "readout.memory.norm")}
    found = [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
    found += [ModelMistake(name, BACKWARD_SENTENCES[name], "backward", models=(made,))
              for name, (applies, made) in backward.items() if applies]
    found += [ModelMistake(name, SENTENCES[name], substitutes=(without_norm_at(place),))
              for name, (applies, place) in norms.items() if applies]
    if several:
        name = "writer: one for all vectors"
        found.append(ModelMistake(name, SENTENCES[name], passes=(one_for_all("memory"),)))
    return found
