"""Mistakes around the read and write tokens of the Recurrent Memory Transformer"""

from typing import Any

import numpy as np

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.positions import interleaved, tensor2tensor
from minicrt.models import RMT, SegmentModel, State
from minicrt.models.block import blocks, blocks_backward, final_norm, final_norm_backward
from minicrt.models.parameters import Parameters
from minicrt.models.positions import sinusoids
from minicrt.models.rmt import RMTCache

Array = np.ndarray

SENTENCES = {
    "memory: of the read rows": "The next memory is the output of the read rows in front; here of the write rows.",
    "memory: before the final norm": "The memory is taken from before the final norm.",
    "write tokens: the start": "The write tokens are memory.start in every segment; here they are the memory.",
    "mask: read rows causal": "The read rows are causal; here they see each other.",
    "mask: write rows causal": "The write rows are causal; here they see each other.",
    "mask: all rows causal": "All rows are causal; here read rows see each other, and so do write rows.",
    "positions: write rows right behind": "In a segment shorter than segment_length the write rows have the positions "
                                          "right behind its tokens.",
    "mask: write rows blind": "The write rows do not see each other; here they do.",
    "rows: one too early": "The outputs are read one row too early: token t has the row in front of its own.",
    "positions: memory rows without": "The memory rows get no position; here read and write rows have one each.",
    "positions: tokens from 0": "The memory rows get no position, and the tokens' positions count from 0; here they "
                                "count from the first read row.",
    "positions: D/2 − 1": "The sinusoids' frequencies are 10000^(−k/(D/2 − 1)), as in Tensor2Tensor, in place of "
                          "10000^(−2k/D).",
    "positions: interleaved": "Sines and cosines alternate; here all sines come first.",
    "positions: from 1": "Positions are counted from 1: every row of sinusoids is one too far; here the first is 0.",
}


class OtherMemory(RMT):
    """The next memory is taken from the front rows (`front`), or from before the final norm (`raw`); or the write
    tokens are memory.start in every segment (`constant`); or the outputs are so many rows too `early`."""

    front, raw, constant, early = False, False, False, 0

    def places(self, T: int) -> tuple[Array, Array]:
        """Which rows get a position, and which rows of the table they get"""
        return np.arange(2 * self.config.memory_vectors + T), self.rows(T)

    def encode(self, parameters: Parameters, e: Array, state: State, rng: Any, with_gradient: bool
               ) -> tuple[Array, State, Any]:
        p, M, T = parameters, self.config.memory_vectors, e.shape[1]
        start = np.broadcast_to(p["memory.start"], (len(e), M, e.shape[2]))
        m = state.get("memory", start)
        s = self.engine.concatenate([m, e, start if self.constant else m], 1)
        if self.config.positions != "none":
            rows, positions = self.places(T)
            s[:, rows] += self.table(p, e.dtype)[positions]
        s, mask = self.dropped(s, rng)
        x, stack = blocks(self, p, s, rng, self.mask(T))
        y, norm_cache = final_norm(self, p, x)
        memory = (x if self.raw else y)[:, self._written(T)]
        first = M - self.early
        return (y[:, first:first + T], State(memory=memory.copy()),
                RMTCache(mask, stack, norm_cache, "memory" in state))

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        M, (B, T, D) = self.config.memory_vectors, d_z.shape
        written, d_memory = self._written(T), d_state.get("memory", np.zeros((B, M, D)))
        d_y = np.zeros((B, 2 * M + T, D))
        d_y[:, M - self.early:M - self.early + T] = d_z
        d_y[:, written] += 0 if self.raw else d_memory
        d_x = final_norm_backward(self, d_y, cache.norm, gradients)
        d_x[:, written] += d_memory if self.raw else 0
        d_s = self.engine.dropout_backward(blocks_backward(self, d_x, cache.stack, gradients), cache.input_mask)
        if self.config.positions == "learned":
            rows, positions = self.places(T)
            gradients["positions.table"][positions] += d_s[:, rows].sum(0)
        d_m, d_write = d_s[:, :M], d_s[:, M + T:]
        if self.constant:
            gradients["memory.start"] += d_write.sum(0)
        else:
            d_m = d_m + d_write
        if cache.memory_given:
            return d_s[:, M:M + T], State(memory=d_m)
        gradients["memory.start"] += d_m.sum(0)
        return d_s[:, M:M + T], State()

    def _written(self, T: int) -> slice:
        M = self.config.memory_vectors
        return slice(0, M) if self.front else slice(M + T, 2 * M + T)


class MemoryInFront(OtherMemory):
    front = True


class MemoryUnnormed(OtherMemory):
    raw = True


class WriteTokensConstant(OtherMemory):
    constant = True


class RowsEarly(OtherMemory):
    early = 1


class MemoryUnplaced(OtherMemory):
    def places(self, T: int) -> tuple[Array, Array]:
        M = self.config.memory_vectors
        return np.arange(M, M + T), self.rows(T)[M:M + T]


class TokensFromZero(OtherMemory):
    def places(self, T: int) -> tuple[Array, Array]:
        return np.arange(T) + self.config.memory_vectors, np.arange(T)


class ReadRowsCausal(RMT):
    def mask(self, T: int) -> Array | None:
        M = self.config.memory_vectors
        mask = np.tri(2 * M + T, dtype=bool)
        mask[M + T:] = True
        return mask


class WriteRowsCausal(RMT):
    def mask(self, T: int) -> Array | None:
        M = self.config.memory_vectors
        mask = np.tri(2 * M + T, dtype=bool)
        mask[:M, :M] = True
        return mask


class WriteRowsBlind(RMT):
    def mask(self, T: int) -> Array | None:
        M = self.config.memory_vectors
        mask = np.tri(2 * M + T, dtype=bool)
        mask[:M, :M] = True
        mask[M + T:, M + T:] = np.eye(M, dtype=bool)
        return mask


class Causal(RMT):
    def mask(self, T: int) -> Array | None:
        return None


class RowsInSequence(RMT):
    def rows(self, T: int) -> Array:
        return np.arange(2 * self.config.memory_vectors + T)


class TableInterleaved(RMT):
    def table(self, p: Parameters, dtype: Any) -> Array:
        return interleaved(super().table(p, dtype))


class TableOfOtherFrequencies(RMT):
    def table(self, p: Parameters, dtype: Any) -> Array:
        return tensor2tensor(2 * self.config.memory_vectors + self.config.segment_length, self.config.width)


class TableFromOne(RMT):
    def table(self, p: Parameters, dtype: Any) -> Array:
        return sinusoids(2 * self.config.memory_vectors + self.config.segment_length + 1, self.config.width)[1:]


def rmt(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, RMT):
        return []
    several, positions = model.config.memory_vectors > 1, model.config.positions
    models = {
        "memory: of the read rows": (True, MemoryInFront),
        "memory: before the final norm": (model.config.norm == "pre", MemoryUnnormed),
        "write tokens: the start": (True, WriteTokensConstant),
        "mask: read rows causal": (several, ReadRowsCausal),
        "mask: write rows causal": (several, WriteRowsCausal),
        "mask: all rows causal": (several, Causal),
        "positions: write rows right behind": (positions != "none", RowsInSequence),
        "mask: write rows blind": (several, WriteRowsBlind),
        "rows: one too early": (True, RowsEarly),
        "positions: memory rows without": (positions != "none", MemoryUnplaced),
        "positions: tokens from 0": (positions != "none", TokensFromZero),
        "positions: D/2 − 1": (positions == "sinusoidal", TableOfOtherFrequencies),
        "positions: interleaved": (positions == "sinusoidal", TableInterleaved),
        "positions: from 1": (positions == "sinusoidal", TableFromOne),
    }
    return [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
