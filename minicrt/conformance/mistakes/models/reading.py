"""Mistakes in how the CRT's outputs read the memory: h_t, and m_{N−1} through W_r"""

from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from minicrt.conformance.mistakes.models.layers import at_zero, without_norm_at
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import CRT, SegmentModel, State
from minicrt.models.crt_caches import PastCache, ReadoutCache
from minicrt.models.parameters import Array, Parameters

SENTENCES = {
    "readout: without y_t": "y_t is left out of the output: it reads the memory alone.",
    "readout: without h_t": "h_t is left out of the output: it reads y_t + (1 + y_t) ⊙ m_{N−1} W_r.",
    "readout: without m W_r": "m_{N−1} W_r is left out of the output: it reads y_t + h_t.",
    "readout: the 1 missing": "m_{N−1} W_r is multiplied by y_t in place of 1 + y_t.",
    "readout: y_t + h_t": "The output reads y_t + h_t; here y_t alone.",
    "readout: one state too early": "The output at token t reads h_{t−1} in place of h_t.",
    "readout: W_r reads h_t": "W_r reads h_t at every token; here m_{N−1}, from which the segment starts.",
    "readout: W_r reads m_N": "W_r reads m_N, which knows the tokens to come, in place of m_{N−1}.",
    "readout: memories added": "The memory vectors' h_t are added in the readout; here their mean is taken.",
    "readout: memories interleaved": "W_r reads the first feature of every memory vector, then the second, and so on; "
                                     "here one vector after the other.",
    "memory norm: h_t without": "The output reads h_t without its norm.",
    "memory norm: W_r with": "W_r reads m_{N−1} through the memory's norm; here as it is carried.",
}
BACKWARD_SENTENCES = {
    "readout: memory detached": "The memory is detached where W_r reads it: no gradient goes from m_{N−1} W_r into "
                                "m_{N−1}.",
}


class WithoutOutputs(CRT):
    """z_t = h_t + m_{N−1} W_r: 0 for y_t"""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, np.zeros_like(y), h, m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        return np.zeros_like(d_y), d_h, d_m


class WithoutStates(CRT):
    """z_t = y_t + (1 + y_t) ⊙ m_{N−1} W_r"""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        z, past = self.read_past(p, y, m)
        return z, ReadoutCache(h, past, None)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        return CRT.readout_backward(self, *arguments)


class WithoutOne(CRT):
    """z_t = y_t + h_t + y_t ⊙ m_{N−1} W_r"""

    def read_past(self, p: Parameters, y: Array, m: Array) -> tuple[Array, PastCache]:
        z, cache = super().read_past(p, y, m)
        return z - cache.r[:, None], cache._replace(y=y - 1)


class StatesRead(CRT):
    """z_t = y_t + h_t, and with `by_matrix` + (1 + y_t) ⊙ [h_t^1 … h_t^M] W_r"""

    by_matrix = False

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        z, past = y, None
        normed = [self.normed(p, h_i) for h_i in h]
        rows = [row for row, _ in normed]
        if self.by_matrix:
            r, linear = self.engine.linear(np.concatenate(rows, axis=-1), p["memory.read"])
            z, past = y + (1 + y) * r, PastCache(y, r, linear)
        return z + reduce(np.add, rows) / len(h), ReadoutCache(h, past, [cache for _, cache in normed])

    def readout_backward(self, d_z: Array, cache: Any, g: Parameters) -> tuple[Array, list[Array], Array]:
        d_y, d_rows = d_z, [d_z / len(cache.h)] * len(cache.h)
        if cache.past is not None:
            d_read, d_w_r, _ = self.engine.linear_backward((1 + cache.past.y) * d_z, cache.past.linear)
            g["memory.read"] += d_w_r
            d_rows = [d + d_i for d, d_i in zip(d_rows, np.split(d_read, len(d_rows), axis=-1))]
            d_y = (1 + cache.past.r) * d_z
        d_h = [self.normed_backward(d, norm_cache, g) for d, norm_cache in zip(d_rows, cache.norms)]
        return d_y, d_h, np.zeros((len(d_z), len(d_h), d_z.shape[2]), d_z.dtype)


class MatrixReadsStates(StatesRead):
    by_matrix = True


class ReadsStateBefore(CRT):
    """z_t = y_t + h_{t−1} + (1 + y_t) ⊙ m_{N−1} W_r, h_0 what `recall` gave, whatever W_r reads"""

    _d_carried: Any = 0.0

    def recall(self, *arguments: Any) -> tuple[Array, Any]:
        self._carried, cache = super().recall(*arguments)
        return self._carried, cache

    def recall_backward(self, d_m: Array, *arguments: Any) -> State:
        d_carried, self._d_carried = self._d_carried, 0.0
        return super().recall_backward(d_m + d_carried, *arguments)


    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        before = [np.concatenate([self._carried[:, i, None], h_i[:, :-1]], axis=1) for i, h_i in enumerate(h)]
        return super().readout(p, y, before, m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_before, d_m = super().readout_backward(*arguments)
        self._d_carried = self._d_carried + np.stack([d[:, 0] for d in d_before], axis=1)
        return d_y, [np.concatenate([d[:, 1:], np.zeros_like(d[:, :1])], axis=1) for d in d_before], d_m


class NormedCache(NamedTuple):
    norm: Any                                                # of m_{N−1}
    readout: Any


class MatrixReadsNormed(CRT):
    """W_r reads what the token is."""

    engine: Any

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        with self.engine.within("readout.carried"):          # a place of its own, beside the norm of h_t
            normed, norm_cache = self.normed(p, m)
        z, cache = super().readout(p, y, h, normed)
        return z, NormedCache(norm_cache, cache)

    def readout_backward(self, d_z: Array, cache: Any, g: Parameters) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_normed = super().readout_backward(d_z, cache.readout, g)
        return d_y, d_h, self.normed_backward(d_normed, cache.norm, g)


class MatrixReadsNewMemory(CRT):
    """z_t = y_t + h_t + (1 + y_t) ⊙ m_N W_r"""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, y, h, np.stack([h_i[:, -1] for h_i in h], axis=1))

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_new = super().readout_backward(*arguments)
        d_h = [np.concatenate([d[:, :-1], d[:, -1:] + d_new[:, i, None]], axis=1) for i, d in enumerate(d_h)]
        return d_y, d_h, np.zeros_like(d_new)


class MemoriesAdded(CRT):
    """Several memory vectors are read as their sum."""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, y, [len(h) * h_i for h_i in h], m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        return d_y, [len(d_h) * d for d in d_h], d_m


class MemoriesInterleaved(CRT):
    """(B, D, M) is flattened for W_r in place of (B, M, D)."""

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        return super().readout(p, y, h, m.swapaxes(1, 2).reshape(m.shape))

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        B, M, D = d_m.shape
        return d_y, d_h, d_m.reshape(B, D, M).swapaxes(1, 2)


class MatrixDetached(CRT):
    """What W_r reads is a constant to it."""

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        return d_y, d_h, np.zeros_like(d_m)


def reading(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, CRT) or model.config.memory == "none":
        return []
    config = model.config
    reads, states = config.readout == "memory", config.memory_update == "per_token"
    both, several, normed = reads and states, config.memory_vectors > 1, config.normed_memory
    models: dict[str, tuple[bool, type[CRT]]] = {
        "readout: without y_t": (reads, WithoutOutputs),
        "readout: without h_t": (both, WithoutStates),
        "readout: the 1 missing": (reads, WithoutOne),
        "readout: y_t + h_t": (not reads and states, StatesRead),
        "readout: one state too early": (both, ReadsStateBefore),
        "readout: W_r reads h_t": (both, MatrixReadsStates),
        "readout: W_r reads m_N": (reads, MatrixReadsNewMemory),
        "readout: memories added": (both and several and not normed, MemoriesAdded),
        "readout: memories interleaved": (reads and several, MemoriesInterleaved),
        "memory norm: W_r with": (reads and normed, MatrixReadsNormed),
    }
    found = [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
    if both:                                                 # per segment nothing of the memory would be left
        name = "readout: without m W_r"
        found.append(ModelMistake(name, SENTENCES[name], passes=(at_zero("memory.read"),)))
    if both and normed:
        name = "memory norm: h_t without"
        found.append(ModelMistake(name, SENTENCES[name], substitutes=(without_norm_at("readout.memory.norm"),)))
    return found + [ModelMistake(name, sentence, "backward", models=(MatrixDetached,))
                    for name, sentence in BACKWARD_SENTENCES.items() if reads]
