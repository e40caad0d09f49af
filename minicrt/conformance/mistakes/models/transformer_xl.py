"""Mistakes around the Transformer-XL's cache, its table of distances and its biases"""

from typing import Any

import numpy as np

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.positions import interleaved
from minicrt.models import SegmentModel, State, TransformerXL
from minicrt.models.block import final_norm_backward, norm, norm_backward, residual_backward
from minicrt.models.parameters import Parameters

Array = np.ndarray

SENTENCES = {
    "cache: of outputs": "The cache holds each layer's outputs in place of its inputs.",
    "cache: zeros at first": "The first segment's cache is full of zeros, which take part in the softmax; here it is "
                             "empty.",
    "cache: not normed": "The norm acts on the segment's rows alone, not on the cached ones.",
    "u, v: exchanged": "The biases u (of content) and v (of position) are exchanged.",
    "u, v: missing": "The biases u and v are left out.",
    "distances: ascending": "The table of distances starts at 0; here it ends there.",
    "distances: interleaved": "The table's sines and cosines alternate; here all sines come first.",
}
LEAK = "The cache is not detached: gradients flow into earlier segments."


class CacheNotDetached(TransformerXL):
    """The gradient goes on into the cached rows, and from there into the segments that made them."""

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        L, T, cached = self.config.layers, d_z.shape[1], 0 if cache.old is None else cache.old.shape[2]
        d_rows = np.zeros((len(d_z), L + 1, cached + T, d_z.shape[2]))   # of [old ; the segment's], in every layer
        if "cache" in d_state:
            d_rows[:, :, cached + T - d_state["cache"].shape[2]:] = d_state["cache"]
        d_x = final_norm_backward(self, d_z, cache.norm, gradients) + d_rows[:, L, cached:]
        for layer in reversed(range(L)):
            kept = cache.layers[layer]
            g = gradients.scope(f"blocks.{layer}.")
            d_x = residual_backward(self, "feed_forward", d_x, kept.feed_forward, g)
            d_x, d_c = self._attend_backward_all(d_x, kept.attention, self.biases(gradients, layer), g)
            d_rows[:, layer, :cached] += d_c[:, :cached]
            d_x = d_x + d_c[:, cached:] + d_rows[:, layer, cached:]
        d_e = self.engine.dropout_backward(d_x, cache.input_mask)
        return d_e, State() if cache.old is None else State(cache=d_rows[:, :, :cached])

    def _attend_backward_all(self, d_x: Array, cache: Any, d_biases: tuple[Array, Array], g: Any
                             ) -> tuple[Array, Array]:       # (B, T, D) -> (B, T, D), (B, M + T, D)
        """The gradient of x around the attention, and that of [old ; x] through it"""
        engine, post = self.engine, self.config.norm == "post"
        d_x = norm_backward(self, d_x, cache.norm, "norm_attention.", g) if post else d_x
        d_heads = self.linear_back(engine.dropout_backward(d_x, cache.mask), cache.out, "attention.w_out", g)
        d_q, d_k, d_v, d_r, d_u, d_w = engine.relative_attention_backward(d_heads, cache.heads)
        d_biases[0][...] += d_u
        d_biases[1][...] += d_w
        self.linear_back(d_r, cache.r, "attention.w_r", g)
        d_c = self.linear_back(np.concatenate([d_k, d_v], axis=-1), cache.kv, "attention.w_kv", g)
        d_c[:, cache.cached:] += self.linear_back(d_q, cache.q, "attention.w_q", g)
        return d_x, self.context_backward(d_c, cache, g)


class CacheOfOutputs(TransformerXL):
    """Layer l attends over the cached inputs of layer l + 1."""

    def encode(self, parameters: Parameters, e: Array, state: State, *arguments: Any) -> tuple[Array, State, Any]:
        self._cached, self._layer = state.get("cache"), 0
        return super().encode(parameters, e, state, *arguments)

    def attend(self, p: Any, x: Array, old: Array, *arguments: Any) -> tuple[Array, Any]:
        self._layer += 1
        return super().attend(p, x, old if self._cached is None else self._cached[:, self._layer], *arguments)


class CacheOfZeros(TransformerXL):
    """Where the stream starts the cache has rows of zeros."""

    def encode(self, parameters: Parameters, e: Array, state: State, *arguments: Any) -> tuple[Array, State, Any]:
        zeros = np.zeros((len(e), self.config.layers + 1, self.config.cached, e.shape[2]), e.dtype)
        return super().encode(parameters, e, {"cache": zeros} | state, *arguments)


class CacheNotNormed(TransformerXL):
    """Pre-norm: queries, keys and values come from [old ; LN(x)]."""

    def context(self, p: Any, old: Array, x: Array) -> tuple[Array, Any]:
        c = self.engine.concatenate([old, x], 1)
        normed, cache = norm(self, p, "norm_attention.", c[:, old.shape[1]:])
        return np.concatenate([old, normed], axis=1), cache

    def context_backward(self, d_c: Array, cache: Any, g: Any) -> Array:
        d_x = norm_backward(self, d_c[:, cache.cached:], cache.norm, "norm_attention.", g)
        return np.concatenate([d_c[:, :cache.cached], d_x], axis=1)


class BiasesExchanged(TransformerXL):
    def biases(self, p: Parameters, layer: int) -> tuple[Array, Array]:
        u, v = super().biases(p, layer)
        return v, u


class NoBiases(TransformerXL):
    def biases(self, p: Parameters, layer: int) -> tuple[Array, Array]:
        u, v = super().biases(p, layer)
        return np.zeros_like(u), np.zeros_like(v)


class TableAscending(TransformerXL):
    def table(self, rows: int, dtype: Any) -> Array:
        return super().table(rows, dtype)[::-1]


class TableInterleaved(TransformerXL):
    def table(self, rows: int, dtype: Any) -> Array:
        return interleaved(super().table(rows, dtype))


def transformer_xl(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, TransformerXL):
        return []
    cached = model.config.cached > 0
    models = {
        "cache: of outputs": (cached, CacheOfOutputs),
        "cache: zeros at first": (cached, CacheOfZeros),
        "cache: not normed": (cached and model.config.norm == "pre", CacheNotNormed),
        "u, v: exchanged": (True, BiasesExchanged),
        "u, v: missing": (True, NoBiases),
        "distances: ascending": (True, TableAscending),
        "distances: interleaved": (True, TableInterleaved),
    }
    found = [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
    return found + [ModelMistake("cache: not detached", LEAK, "backward", models=(CacheNotDetached,))] * cached
