"""CRTs that take other rows, or rows at another point, for the memory"""

from typing import Any

import numpy as np

from minicrt.models import CRT, State
from minicrt.models.block import blocks, blocks_backward, final_norm, final_norm_backward
from minicrt.models.parameters import Array, Parameters
from minicrt.models.positions import add_positions, add_positions_backward


class FirstSegmentWithoutToken(CRT):
    """Where the stream starts there is no memory yet, and the rows are the tokens alone."""

    def encode(self, parameters: Parameters, e: Array, state: State, *arguments: Any) -> tuple[Array, State, Any]:
        self._alone = "memory" not in state
        z, state, cache = super().encode(parameters, e, state, *arguments)
        return z, state, (self._alone, cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        self._alone, cache = cache
        return super().encode_backward(d_z, d_state, cache, gradients)

    def _join(self, token: Array, x: Array) -> Array:
        return x if self._alone else super()._join(token, x)

    def _parted(self, s: Array) -> tuple[Array, Array]:
        if not self._alone:
            return super()._parted(s)
        return np.zeros((len(s), self.config.memory_vectors, s.shape[2]), s.dtype), s


class TokenGetsPosition(CRT):
    """The positions' GRU runs over [m ; e], and its states are added to the memory token as well."""

    def encode(self, parameters: Parameters, e: Array, state: State, rng: Any, with_gradient: bool
               ) -> tuple[Array, State, Any]:
        p = parameters
        m, recall = self._recall(p, state, len(e), with_gradient)
        token, token_cache = self._normed(p, m)
        s, p_T, positions = add_positions(self.engine, p, self.config, self._join(token, e), state.get("positions"))
        y, blocks_cache = self._blocks(p, s, rng)
        h, write_cache = self._write(p, y, m)
        z, readout = self._readout(p, y, h, m)
        new_state = State(memory=np.stack([h_i[:, -1] for h_i in h], axis=1))
        if p_T is not None and self.config.position_carry:
            new_state["positions"] = p_T
        return z, new_state, ("positions" in state, recall, token_cache, positions, blocks_cache, write_cache, readout)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        given, recall, token_cache, positions, blocks_cache, write_cache, readout = cache
        g = gradients
        d_y, d_h, d_m = self._readout_backward(d_z, readout, g)
        d_inputs, d_start = self._write_backward(d_h, d_state.get("memory"), write_cache, g)
        d_s = self._blocks_backward(d_y + d_inputs, blocks_cache, g)
        d_rows, d_p_0 = add_positions_backward(self.engine, d_s, d_state.get("positions"), self.config, positions, g)
        d_token, d_e = self._parted(d_rows)
        d_old = self._recall_backward(d_m + d_start + self._normed_backward(d_token, token_cache, g), recall, g)
        if d_p_0 is not None and given:
            d_old["positions"] = d_p_0
        return d_e, d_old


class WritesAllRows(CRT):
    """The writer reads [y_0 ; y_1 … y_T], y_0 being what became of the memory token."""

    def _blocks(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, Any]:
        s, caches = blocks(self, p, s, rng)
        token, y = self._parted(s)
        y, norm_cache = final_norm(self, p, y)
        token, token_cache = final_norm(self, p, token)
        return self._join(token, y), (caches, norm_cache, token_cache)

    def _blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        caches, norm_cache, token_cache = cache
        d_token, d_y = CRT._parted(self, d_y)
        d_token = final_norm_backward(self, d_token, token_cache, g)
        return blocks_backward(self, self._join(d_token, final_norm_backward(self, d_y, norm_cache, g)), caches, g)

    def _readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        if self.config.memory_update == "per_token":
            h = [CRT._parted(self, h_i)[1] for h_i in h]
        return super()._readout(p, CRT._parted(self, y)[1], h, m)

    def _readout_backward(self, *arguments: Any) -> tuple[Array, list[Array], Any]:
        d_y, d_h, d_m = super()._readout_backward(*arguments)
        nothing = np.zeros((len(d_y), self.config.memory_vectors, d_y.shape[2]))
        if self.config.memory_update == "per_token":
            d_h = [np.concatenate([nothing, d_h_i], axis=1) for d_h_i in d_h]
        return np.concatenate([nothing, d_y], axis=1), d_h, d_m


class WritesUnnormed(CRT):
    """The writer reads what the final norm is about to norm."""

    _d_raw: Any = 0.0                                        # so it stays where there is no writer

    def _blocks(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, Any]:
        s, caches = blocks(self, p, s, rng)
        token, self._raw = self._parted(s)
        y, norm_cache = final_norm(self, p, self._raw)
        return y, (caches, (token.shape, norm_cache))

    def _write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], Any]:
        per_token = self.config.memory_update == "per_token"
        return super()._write(p, self._raw if per_token else self._raw.mean(1, keepdims=True), m)

    def _write_backward(self, *arguments: Any) -> tuple[Array, Array]:
        self._d_raw, d_start = super()._write_backward(*arguments)
        return np.zeros_like(self._d_raw), d_start

    def _blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        caches, (shape, norm_cache) = cache
        d_raw = self._d_raw / (1 if self.config.memory_update == "per_token" else d_y.shape[1])
        d_y = final_norm_backward(self, d_y, norm_cache, g) + d_raw
        return blocks_backward(self, self._join(np.zeros(shape), d_y), caches, g)
