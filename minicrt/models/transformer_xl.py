"""Transformer-XL (docs/spec.md, 2.3)"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minicrt.configuration import require
from minicrt.models import initialisers
from minicrt.models.base import SegmentModel, State
from minicrt.models.block import (
    ResidualCaches,
    block_specs,
    final_norm,
    final_norm_backward,
    final_norm_specs,
    norm,
    norm_backward,
    residual,
    residual_backward,
)
from minicrt.models.parameters import Array, Parameters, ParameterSpec, Scope
from minicrt.models.positions import sinusoids
from minicrt.models.stack_config import StackConfig


@dataclass(frozen=True)
class TransformerXLConfig(StackConfig):
    """cache_length   M, the hidden states kept of every layer; -1 stands for segment_length, 0 is no recurrence
    same_length       every query sees as many keys as the cache has room for, not the whole segment before it as well
    clamp_length      distances beyond it count as it; 0: none are clamped
    shared_biases     u and v are one pair for all layers, as in the PyTorch code, or a pair a layer, as in TensorFlow's
    """

    cache_length: int = -1
    same_length: bool = False
    clamp_length: int = 0
    shared_biases: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.cache_length >= -1, f"cache_length is {self.cache_length}, expected 0 or more, or -1 for "
                "segment_length")
        require(self.clamp_length >= 0, f"clamp_length is {self.clamp_length}, expected 0 or more")
        require(not self.same_length or self.cached >= 1,
                "same_length needs a cache: with cache_length 0 a query would see nothing")

    @property
    def cached(self) -> int:
        return self.segment_length if self.cache_length == -1 else self.cache_length


class AttendCaches(NamedTuple):
    norm: Any                                                # of layer_norm, before (pre) or after (post)
    q: Any                                                   # of linear, as are the next two
    kv: Any
    r: Any
    heads: Any                                               # of relative_attention
    out: Any                                                 # of linear
    mask: Any                                                # of dropout: None without
    cached: int                                              # rows of the cache in front


class LayerCache(NamedTuple):
    parameters: Scope
    attention: AttendCaches
    feed_forward: ResidualCaches


class TransformerXLCache(NamedTuple):
    input_mask: Any                                          # of dropout: None without
    layers: list[LayerCache]
    norm: Any                                                # of the final norm: None with post-norm
    old: Array | None                                        # the cache of states that was given


class TransformerXL(SegmentModel):
    """Each layer attends over [its cached inputs of the last M positions ; its inputs], by distance.

    State: "cache" (B, L + 1, ≤ M, D), the inputs of every layer and the last one's output, which the paper keeps and
    no one reads; it starts empty and grows. No gradient goes into it: that of a given cache is 0.
    With pre-norm the cache is normed with the input, and a final norm follows, which the authors' code does not have.
    Source: Dai et al. 2019 (arXiv 1901.02860), github.com/kimiyoung/transformer-xl.
    """

    memory_entries = frozenset({"cache"})
    detached_entries = frozenset({"cache"})
    config: TransformerXLConfig

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        p, L = parameters, self.config.layers
        old = state.get("cache", np.zeros((len(e), L + 1, 0, e.shape[2]), e.dtype))
        table, _ = self.dropped(self.table(old.shape[2] + e.shape[1], e.dtype)[None], rng)
        mask = self.mask(e.shape[1], old.shape[2])
        x, input_mask = self.dropped(e, rng)
        hidden, caches = [x], list[LayerCache]()
        for layer in range(L):
            scope = p.scope(f"blocks.{layer}.")
            x, attended = self.attend(scope, x, old[:, layer], table[0], self.biases(p, layer), mask, rng)
            x, fed = residual(self, scope, "feed_forward", x, rng)
            hidden.append(x)
            caches.append(LayerCache(scope, attended, fed))
        z, norm_cache = final_norm(self, p, x)
        kept = np.concatenate([old, np.stack(hidden, axis=1)], axis=2)
        M = self.config.cached
        new_state = State(cache=kept[:, :, max(kept.shape[2] - M, 0):].copy()) if M else State()
        return z, new_state, TransformerXLCache(input_mask, caches, norm_cache, state.get("cache"))

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_x = final_norm_backward(self, d_z, cache.norm, gradients)
        for layer in reversed(range(self.config.layers)):
            kept: LayerCache = cache.layers[layer]
            g = gradients.scope(f"blocks.{layer}.")
            d_x = residual_backward(self, "feed_forward", d_x, kept.feed_forward, g)
            d_x = self.attend_backward(d_x, kept.attention, self.biases(gradients, layer), g)
        d_e = self.engine.dropout_backward(d_x, cache.input_mask)
        return d_e, State() if cache.old is None else State(cache=np.zeros_like(cache.old))

    def attend(self, p: Scope, x: Array, old: Array, table: Array, biases: tuple[Array, Array], mask: Array | None,
                rng: np.random.Generator | None) -> tuple[Array, AttendCaches]:       # (B, T, D), (B, M, D), (M + T, D)
        """pre-norm: x + A(LN([old ; x]));  post-norm: LN(x + A([old ; x])), A of one query a row of x"""
        engine = self.engine
        c, norm_cache = self.context(p, old, x)                          # (B, M + T, D)
        q, q_cache = engine.linear(c[:, old.shape[1]:], p["attention.w_q"])
        kv, kv_cache = engine.linear(c, p["attention.w_kv"])
        k, v = np.split(kv, 2, axis=-1)
        r, r_cache = engine.linear(table, p["attention.w_r"])
        heads, heads_cache = engine.relative_attention(q, k, v, r, *biases, self.config.heads, mask)
        y, out_cache = engine.linear(heads, p["attention.w_out"])
        y, drop_mask = self.dropped(y, rng)
        x = engine.add(x, y)
        if self.config.norm == "post":
            x, norm_cache = norm(self, p, "norm_attention.", x)
        return x, AttendCaches(norm_cache, q_cache, kv_cache, r_cache, heads_cache, out_cache, drop_mask, old.shape[1])

    def attend_backward(self, d_x: Array, cache: AttendCaches, d_biases: tuple[Array, Array], g: Scope) -> Array:
        engine = self.engine
        if self.config.norm == "post":
            d_x = norm_backward(self, d_x, cache.norm, "norm_attention.", g)
        d_heads = self.linear_back(engine.dropout_backward(d_x, cache.mask), cache.out, "attention.w_out", g)
        d_q, d_k, d_v, d_r, d_u, d_w = engine.relative_attention_backward(d_heads, cache.heads)
        d_biases[0][...] += d_u
        d_biases[1][...] += d_w
        self.linear_back(d_r, cache.r, "attention.w_r", g)              # the table takes no gradient
        d_c = self.linear_back(np.concatenate([d_k, d_v], axis=-1), cache.kv, "attention.w_kv", g)
        d_c[:, cache.cached:] += self.linear_back(d_q, cache.q, "attention.w_q", g)
        d_c = self.context_backward(d_c, cache, g)
        return engine.add(d_x, d_c[:, cache.cached:])                    # the rows of the cache end here

    def context(self, p: Scope, old: Array, x: Array) -> tuple[Array, Any]:      # (B, M, D), (B, T, D) -> (B, M + T, D)
        """What is attended over: [old ; x], normed with pre-norm"""
        c = self.engine.concatenate([old, x], 1)
        return norm(self, p, "norm_attention.", c) if self.config.norm == "pre" else (c, None)

    def context_backward(self, d_c: Array, cache: AttendCaches, g: Scope) -> Array:      # -> of [old ; x]
        return norm_backward(self, d_c, cache.norm, "norm_attention.", g) if self.config.norm == "pre" else d_c

    def linear_back(self, d_y: Array, cache: Any, weight: str, g: Scope) -> Array:
        d_x, d_weight, _ = self.engine.linear_backward(d_y, cache)
        g[weight] += d_weight
        return d_x

    def encoder_specs(self) -> list[ParameterSpec]:
        config, D = self.config, self.config.width
        into = initialisers.normal(D ** -0.5)
        pairs = 1 if config.shared_biases else config.layers
        specs = [ParameterSpec(f"attention_bias.{i}.{name}", (D,), initialisers.normal(0.02), decay=False)
                 for i in range(pairs) for name in ("u", "v")]
        for layer in range(config.layers):
            prefix = f"blocks.{layer}."
            specs += [ParameterSpec(prefix + "attention.w_q", (D, D), into),
                      ParameterSpec(prefix + "attention.w_kv", (D, 2 * D), into),
                      ParameterSpec(prefix + "attention.w_r", (D, D), into)]
            left_out = {prefix + "attention." + name for name in ("w_qkv", "b_qkv", "b_out")}
            specs += [spec for spec in block_specs(prefix, D, config.inner, config.layers) if spec.name not in left_out]
        return specs + final_norm_specs(config)

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return {"cache": (batch, self.config.layers + 1, None, self.config.width)} if self.config.cached else {}

    def biases(self, p: Parameters, layer: int) -> tuple[Array, Array]:
        pair = 0 if self.config.shared_biases else layer
        return p[f"attention_bias.{pair}.u"], p[f"attention_bias.{pair}.v"]

    def table(self, rows: int, dtype: Any) -> Array:                    # -> (M + T, D), distances M + T − 1 to 0
        distances = np.arange(rows)[::-1]
        if self.config.clamp_length:
            distances = np.minimum(distances, self.config.clamp_length)
        return sinusoids(rows, self.config.width)[distances].astype(np.zeros(0, dtype).real.dtype)

    def mask(self, T: int, cached: int) -> Array | None:                # (T, M + T), True = visible
        """Causal; same_length: also no more than M keys, the query itself included."""
        if not self.config.same_length:
            return None
        beyond = T + cached - self.config.cached                         # keys more than the cache has room for
        return np.tri(T, T + cached, cached, dtype=bool) & ~np.tri(T, T + cached, max(beyond, 0) - T, dtype=bool)
