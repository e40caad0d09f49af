"""Mistakes around the CRT's memory: its token, how it is written, and what of it takes a gradient"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.conformance.mistakes.models.layers import late_bound, one_for_all
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
    "writer: one for all vectors": "All memory vectors are written by one network, that which was loaded last.",
    "writer: the last one for all": "All memory vectors are written by the last one's network, as by lambdas made in a "
                                    "loop and called after it: the others' parameters get no gradient.",
    "memory norm: token without": "The memory token is not normed.",
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


class TokenUnnormed(CRT):
    """The blocks see m as it is carried; its norm is there for h_t alone."""

    _seen: Any = None
    _d_seen: Any = 0.0
    _is_backward = False

    def recall(self, *arguments: Any) -> tuple[Array, Any]:
        self._is_backward = False
        self._seen, cache = super().recall(*arguments)
        return self._seen, cache

    def joined(self, token: Array, x: Array) -> Array:
        seen, self._seen = self._seen, None                  # the first rows that are joined after `recall`
        return super().joined(token if seen is None else seen, x)

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        self._is_backward = True
        return super().write_backward(*arguments)

    def parted(self, s: Array) -> tuple[Array, Array]:
        token, x = super().parted(s)
        if not self._is_backward:
            return token, x
        self._d_seen = token
        return np.zeros_like(token), x

    def recall_backward(self, d_m: Array, *arguments: Any) -> State:
        d_seen, self._d_seen = self._d_seen, 0.0
        return super().recall_backward(d_m + d_seen, *arguments)


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
    """m_N = LN(h_T): the norm that is there for the token and the outputs acts on what is carried as well."""

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
    per_token = config.memory_update == "per_token"
    models = {
        "memory token: not in the first segment": (first, FirstSegmentWithoutToken),
        "memory token: with a position": (first and per_token and unrolled and config.positions == "recurrent",
                                          TokenGetsPosition),
        "writer: reads the memory row too": (first and unrolled, WritesAllRows),
        "writer: reads before the final norm": (config.norm == "pre" and unrolled, WritesUnnormed),
        "memory: of the first token": (per_token and unrolled, MemoryOfFirstState),
        "memory: mean of the states": (per_token and unrolled, MemoryOfStates),
        "writer: starts from zeros": (True, WriterFromZeros),
        "memory norm: token without": (config.normed_memory, TokenUnnormed),
        "memory norm: on what is carried": (config.normed_memory and unrolled, CarriesNormed),
    }
    backward = {"memory token: detached": (first, TokenDetached), "writer: start detached": (True, StartDetached),
                "writer: inputs detached": (True, InputsDetached)}
    found = [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
    found += [ModelMistake(name, BACKWARD_SENTENCES[name], "backward", models=(made,))
              for name, (applies, made) in backward.items() if applies]
    if config.memory_vectors > 1:
        shared = {"writer: one for all vectors": one_for_all, "writer: the last one for all": late_bound}
        found += [ModelMistake(name, SENTENCES[name], passes=(made("memory"),)) for name, made in shared.items()]
    return found
