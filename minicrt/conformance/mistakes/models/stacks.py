"""Pre-norm models whose blocks are put together in another way, under the same final norm

A stack is a pair of functions: forward(model, p, x, rng, mask) -> (y, caches), with the mask of `models.block`, and
backward(model, d_y, caches, g) -> d_x.
"""

from typing import Any

import numpy as np

from minicrt.models import CRT, RMT, SegmentModel, State, Transformer
from minicrt.models.block import final_norm, final_norm_backward
from minicrt.models.crt_caches import BlocksCache
from minicrt.models.memory_forms.form import FormedCRT, StackCache
from minicrt.models.parameters import Array, Parameters
from minicrt.models.rmt import RMTCache
from minicrt.models.transformer import TransformerCache


def with_stack(model: SegmentModel, forward: Any, backward: Any, norms: tuple[str, ...] = ("pre",)
               ) -> tuple[type, ...]:
    """The model's class with another stack of blocks; none where the model has no such stack."""
    config: Any = model.config
    kind = next((stacked for known, stacked in STACKED.items() if isinstance(model, known)), None)
    if kind is None or config.norm not in norms:
        return ()
    return (type(kind.__name__, (kind,), {"other": forward, "other_backward": backward}),)


class Stacked:
    """`other` is the stack in the place of the model's own."""

    other: Any
    other_backward: Any


class StackedCRT(Stacked, CRT):
    def blocks(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, Any]:
        s, caches = self.other(p, s, rng)
        _, raw = self.parted(s)
        y, norm_cache = final_norm(self, p, raw)
        return y, BlocksCache(caches, raw, norm_cache)

    def blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        d_raw = final_norm_backward(self, d_y, cache.norm, g)
        vectors = 0 if self.config.memory == "none" else self.config.memory_vectors
        unread = np.zeros((len(d_raw), vectors, d_raw.shape[2]), d_raw.dtype)
        return self.other_backward(self.joined(unread, d_raw), cache.stack, g)


class StackedTransformer(Stacked, Transformer):
    def encode(self, parameters: Parameters, e: Array, state: State, rng: Any, with_gradient: bool
               ) -> tuple[Array, State, Any]:
        x, _, _ = self.positions(parameters, e, None)
        x, mask = self.dropped(x, rng)
        y, caches = self.other(parameters, x, rng)
        z, norm_cache = final_norm(self, parameters, y)
        return z, State(), TransformerCache(mask, caches, norm_cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_y = final_norm_backward(self, d_z, cache.norm, gradients)
        d_x = self.engine.dropout_backward(self.other_backward(d_y, cache.stack, gradients), cache.input_mask)
        d_e, _ = self.positions_backward(d_x, None, None, gradients)
        return d_e, State()


class StackedForm(Stacked, FormedCRT):
    def stack(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, StackCache]:
        s, stack = self.other(p, s, rng)
        y, norm_cache = final_norm(self, p, s[:, self.config.memory_rows:])
        return y, StackCache(stack, norm_cache)

    def stack_backward(self, d_y: Array, cache: StackCache, g: Parameters) -> Array:
        d_y = final_norm_backward(self, d_y, cache.norm, g)
        unread = np.zeros((len(d_y), self.config.memory_rows, d_y.shape[2]), d_y.dtype)
        return self.other_backward(np.concatenate([unread, d_y], 1), cache.stack, g)


class StackedRMT(Stacked, RMT):
    def encode(self, parameters: Parameters, e: Array, state: State, rng: Any, with_gradient: bool
               ) -> tuple[Array, State, Any]:
        p, M, T = parameters, self.config.memory_vectors, e.shape[1]
        m = state.get("memory", np.broadcast_to(p["memory.start"], (len(e), M, e.shape[2])))
        s = np.concatenate([m, e, m], 1)
        if self.config.positions != "none":
            s = s + self.table(p, e.dtype)[self.rows(T)]
        y, stack = self.other(p, s, rng, self.mask(T))
        y, norm_cache = final_norm(self, p, y)
        return y[:, M:M + T], State(memory=y[:, M + T:].copy()), RMTCache(None, stack, norm_cache, "memory" in state)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        M, (B, T, D) = self.config.memory_vectors, d_z.shape
        nothing = np.zeros((B, M, D), d_z.dtype)
        d_y = np.concatenate([nothing, d_z, d_state.get("memory", nothing)], 1)
        d_s = self.other_backward(final_norm_backward(self, d_y, cache.norm, gradients), cache.stack, gradients)
        if self.config.positions == "learned":
            gradients["positions.table"][self.rows(T)] += d_s.sum(0)
        d_m = d_s[:, :M] + d_s[:, M + T:]
        if cache.memory_given:
            return d_s[:, M:M + T], State(memory=d_m)
        gradients["memory.start"] += d_m.sum(0)
        return d_s[:, M:M + T], State()


STACKED: dict[type, type] = {CRT: StackedCRT, Transformer: StackedTransformer, FormedCRT: StackedForm, RMT: StackedRMT}
