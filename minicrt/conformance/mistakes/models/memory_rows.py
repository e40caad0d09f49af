"""CRTs that take other rows, or rows at another point, for the memory"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.models import CRT, State
from minicrt.models.block import blocks, blocks_backward, final_norm, final_norm_backward
from minicrt.models.crt_caches import CRTCache
from minicrt.models.parameters import Array, Parameters


class AloneCache(NamedTuple):
    alone: bool                                              # there was no memory token
    segment: Any


class FirstSegmentWithoutToken(CRT):
    """Where the stream starts there is no memory yet, and the rows are the tokens alone."""

    _alone = False

    def encode(self, parameters: Parameters, e: Array, state: State, *arguments: Any) -> tuple[Array, State, Any]:
        self._alone = "memory" not in state
        z, state, cache = super().encode(parameters, e, state, *arguments)
        return z, state, AloneCache(self._alone, cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        self._alone = cache.alone
        return super().encode_backward(d_z, d_state, cache.segment, gradients)

    def joined(self, token: Array, x: Array) -> Array:
        return x if self._alone else super().joined(token, x)

    def parted(self, s: Array) -> tuple[Array, Array]:
        if not self._alone:
            return super().parted(s)
        return np.zeros((len(s), self.config.memory_vectors, s.shape[2]), s.dtype), s


class TokenGetsPosition(CRT):
    """The positions' GRU runs over [m ; e], and its states are added to the memory token as well."""

    def encode(self, parameters: Parameters, e: Array, state: State, rng: Any, with_gradient: bool
               ) -> tuple[Array, State, Any]:
        p = parameters
        m, recall = self.recall(p, state, len(e), with_gradient)
        token, token_cache = self.normed(p, m)
        s, p_T, positions = self.positions(p, self.joined(token, e), state.get("positions"))
        y, blocks_cache = self.blocks(p, s, rng)
        h, write_cache = self.write(p, y, m)
        z, readout = self.readout(p, y, h, token)
        new_state = State(memory=np.stack([h_i[:, -1] for h_i in h], axis=1))
        if p_T is not None and self.config.position_carry:
            new_state["positions"] = p_T
        return z, new_state, CRTCache(positions, "positions" in state, None, blocks_cache, recall, token_cache,
                                      write_cache, readout)

    def encode_backward(self, d_z: Array, d_state: State, cache: CRTCache, gradients: Parameters
                        ) -> tuple[Array, State]:
        g = gradients
        d_y, d_h, d_read = self.readout_backward(d_z, cache.readout, g)
        d_inputs, d_start = self.write_backward(d_h, d_state.get("memory"), cache.write, g)
        d_s = self.blocks_backward(d_y + d_inputs, cache.blocks, g)
        d_rows, d_p_0 = self.positions_backward(d_s, d_state.get("positions"), cache.positions, g)
        d_token, d_e = self.parted(d_rows)
        d_m = d_start + self.normed_backward(d_token + d_read, cache.token, g)
        d_old = self.recall_backward(d_m, cache.recall, g)
        if d_p_0 is not None and cache.positions_given:
            d_old["positions"] = d_p_0
        return d_e, d_old


class AllRowsCache(NamedTuple):
    """Of blocks whose rows are all normed, the memory token's too"""

    stack: Any
    raw: Array
    norm: Any
    token_norm: Any


class WritesAllRows(CRT):
    """The writer reads [y_0 ; y_1 … y_T], y_0 being what became of the memory token."""

    def blocks(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, Any]:
        s, stack = blocks(self, p, s, rng)
        token, raw = self.parted(s)
        y, norm_cache = final_norm(self, p, raw)
        token, token_cache = final_norm(self, p, token)
        return self.joined(token, y), AllRowsCache(stack, raw, norm_cache, token_cache)

    def blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        d_token, d_y = CRT.parted(self, d_y)
        d_token = final_norm_backward(self, d_token, cache.token_norm, g)
        return blocks_backward(self, self.joined(d_token, final_norm_backward(self, d_y, cache.norm, g)), cache.stack,
                               g)

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        if self.config.memory_update == "per_token":
            h = [CRT.parted(self, h_i)[1] for h_i in h]
        return super().readout(p, CRT.parted(self, y)[1], h, m)

    def readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Array]:
        d_y, d_h, d_m = super().readout_backward(*arguments)
        nothing = np.zeros((len(d_y), self.config.memory_vectors, d_y.shape[2]))
        if self.config.memory_update == "per_token":
            d_h = [np.concatenate([nothing, d_h_i], axis=1) for d_h_i in d_h]
        return np.concatenate([nothing, d_y], axis=1), d_h, d_m


class WritesUnnormed(CRT):
    """The writer reads what the final norm is about to norm."""

    _raw: Any = np.zeros(0)                                  # so it stays where other blocks than the CRT's run
    _d_raw: Any = 0.0                                        # so it stays where there is no writer

    def blocks(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, Any]:
        y, cache = super().blocks(p, s, rng)
        self._raw = cache.raw
        return y, cache

    def write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], Any]:
        per_token = self.config.memory_update == "per_token"
        return super().write(p, self._raw if per_token else self._raw.mean(1, keepdims=True), m)

    def write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        self._d_raw, d_start = super().write_backward(*arguments)
        return np.zeros_like(self._d_raw), d_start

    def blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        d_raw = self._d_raw / (1 if self.config.memory_update == "per_token" else d_y.shape[1])
        d_raw = final_norm_backward(self, d_y, cache.norm, g) + d_raw
        unread = np.zeros((len(d_raw), self.config.memory_vectors, d_raw.shape[2]))
        return blocks_backward(self, self.joined(unread, d_raw), cache.stack, g)
