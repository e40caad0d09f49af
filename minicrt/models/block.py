"""The Transformer block that all segment models share (docs/spec.md, 2.1)"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from minicrt.engines import Engine
from minicrt.models import initialisers
from minicrt.models.parameters import Array, Parameters, ParameterSpec, Scope


class Stacked(Protocol):
    """A model as its blocks see it: any SegmentModel whose config has heads, layers, activation and norm."""

    @property
    def config(self) -> Any: ...

    @property
    def engine(self) -> Engine: ...

    def dropped(self, x: Array, rng: np.random.Generator | None) -> tuple[Array, Any]: ...


class AttentionCaches(NamedTuple):
    qkv: Any                                                 # of linear
    heads: Any                                               # of self_attention
    out: Any                                                 # of linear


class FeedForwardCaches(NamedTuple):
    inner: Any                                               # of linear_activation
    out: Any                                                 # of linear


class ResidualCaches(NamedTuple):
    norm: Any                                                # of layer_norm
    branch: Any                                              # AttentionCaches or FeedForwardCaches
    mask: Any                                                # of dropout: None without


class BlockCache(NamedTuple):
    parameters: Scope
    attention: ResidualCaches
    feed_forward: ResidualCaches


def block_specs(prefix: str, width: int, inner: int, layers: int) -> list[ParameterSpec]:
    """Matrices start at N(0, 1/fan-in); the two that write to the residual stream are 1/√(2L) smaller, so that the
    stream's variance does not grow with depth (Radford et al. 2019)."""
    into, onto = initialisers.normal(width ** -0.5), (2 * layers) ** -0.5
    table = [
        ("attention.w_qkv", (width, 3 * width), into, True),
        ("attention.b_qkv", (3 * width,), initialisers.zeros, False),
        ("attention.w_out", (width, width), initialisers.normal(onto * width ** -0.5), True),
        ("attention.b_out", (width,), initialisers.zeros, False),
        ("feed_forward.w_in", (width, inner), into, True),
        ("feed_forward.b_in", (inner,), initialisers.zeros, False),
        ("feed_forward.w_out", (inner, width), initialisers.normal(onto * inner ** -0.5), True),
        ("feed_forward.b_out", (width,), initialisers.zeros, False),
    ]
    specs = [ParameterSpec(prefix + name, shape, initial, decay) for name, shape, initial, decay in table]
    return norm_specs(prefix + "norm_attention.", width) + norm_specs(prefix + "norm_feed_forward.", width) + specs


def norm_specs(prefix: str, width: int) -> list[ParameterSpec]:
    return [ParameterSpec(prefix + "gain", (width,), initialisers.ones, decay=False),
            ParameterSpec(prefix + "bias", (width,), initialisers.zeros, decay=False)]


def blocks_specs(config: Any) -> list[ParameterSpec]:
    """L blocks, and with pre-norm a final norm"""
    specs = []
    for layer in range(config.layers):
        specs += block_specs(f"blocks.{layer}.", config.width, config.inner, config.layers)
    return specs + final_norm_specs(config)


def final_norm_specs(config: Any) -> list[ParameterSpec]:
    return norm_specs("norm_final.", config.width) if config.norm == "pre" else []


def blocks(model: Stacked, p: Parameters, x: Array, rng: np.random.Generator | None, mask: Array | None = None
           ) -> tuple[Array, list[BlockCache]]:                           # (B, S, D) -> (B, S, D)
    caches = list[BlockCache]()
    for layer in range(model.config.layers):
        x, cache = block(model, p.scope(f"blocks.{layer}."), x, rng, mask)
        caches.append(cache)
    return x, caches


def blocks_backward(model: Stacked, d_x: Array, caches: list[BlockCache], g: Parameters) -> Array:
    for layer in reversed(range(len(caches))):
        d_x = block_backward(model, d_x, caches[layer], g.scope(f"blocks.{layer}."))
    return d_x


def final_norm(model: Stacked, p: Parameters, x: Array) -> tuple[Array, Any]:
    """LN with pre-norm; with post-norm the last block has done it."""
    return norm(model, p, "norm_final.", x) if model.config.norm == "pre" else (x, None)


def final_norm_backward(model: Stacked, d_y: Array, cache: Any, g: Parameters) -> Array:
    return norm_backward(model, d_y, cache, "norm_final.", g) if cache is not None else d_y


def block(model: Stacked, p: Scope, x: Array, rng: np.random.Generator | None, mask: Array | None = None
          ) -> tuple[Array, BlockCache]:                     # (B, S, D) -> (B, S, D)
    """x ← x + Attention(LN(x)), then x ← x + FeedForward(LN(x)); post-norm: x ← LN(x + Attention(x)), and so on.

    `mask` (S, S), True where a row may look, replaces the causal one.
    """
    x, attention = residual(model, p, "attention", x, rng, mask)
    x, feed_forward = residual(model, p, "feed_forward", x, rng)
    return x, BlockCache(p, attention, feed_forward)


def block_backward(model: Stacked, d_x: Array, cache: BlockCache, g: Scope) -> Array:
    d_x = residual_backward(model, "feed_forward", d_x, cache.feed_forward, g)
    return residual_backward(model, "attention", d_x, cache.attention, g)


def residual(model: Stacked, p: Scope, name: str, x: Array, rng: np.random.Generator | None, *arguments: Any
             ) -> tuple[Array, ResidualCaches]:
    """pre-norm: x + dropout(f(LN(x)));  post-norm: LN(x + dropout(f(x)))"""
    branch, _ = BRANCHES[name]
    if model.config.norm == "pre":
        normed, norm_cache = norm(model, p, f"norm_{name}.", x)
        y, branch_cache = branch(model, p, normed, *arguments)
        y, mask = model.dropped(y, rng)
        x = model.engine.add(x, y)
    else:
        y, branch_cache = branch(model, p, x, *arguments)
        y, mask = model.dropped(y, rng)
        x, norm_cache = norm(model, p, f"norm_{name}.", model.engine.add(x, y))
    return x, ResidualCaches(norm_cache, branch_cache, mask)


def residual_backward(model: Stacked, name: str, d_x: Array, cache: ResidualCaches, g: Scope) -> Array:
    norm_cache, branch_cache, mask = cache
    _, branch_backward = BRANCHES[name]
    if model.config.norm == "pre":                           # x + dropout(f(LN(x)))
        d_y = model.engine.dropout_backward(d_x, mask)
        d_normed = branch_backward(model, d_y, branch_cache, g)
        return model.engine.add(d_x, norm_backward(model, d_normed, norm_cache, f"norm_{name}.", g))
    d_sum = norm_backward(model, d_x, norm_cache, f"norm_{name}.", g)          # LN(x + dropout(f(x)))
    d_y = model.engine.dropout_backward(d_sum, mask)
    return model.engine.add(d_sum, branch_backward(model, d_y, branch_cache, g))


def norm(model: Stacked, p: Parameters | Scope, prefix: str, x: Array) -> tuple[Array, Any]:
    y, cache = model.engine.layer_norm(x, p[prefix + "gain"], p[prefix + "bias"])
    return y, cache


def norm_backward(model: Stacked, d_y: Array, cache: Any, prefix: str, g: Parameters | Scope) -> Array:
    d_x, d_gain, d_bias = model.engine.layer_norm_backward(d_y, cache)
    g[prefix + "gain"] += d_gain
    g[prefix + "bias"] += d_bias
    return d_x


def self_attention(model: Stacked, p: Scope, x: Array, mask: Array | None = None) -> tuple[Array, AttentionCaches]:
    """softmax(q kᵀ/√K + mask) v W_out + b_out,  [q, k, v] = x W_qkv + b_qkv"""
    engine = model.engine
    qkv, qkv_cache = engine.linear(x, p["attention.w_qkv"], p["attention.b_qkv"])        # (B, S, 3D)
    heads, heads_cache = engine.self_attention(qkv, model.config.heads, mask)
    y, out_cache = engine.linear(heads, p["attention.w_out"], p["attention.b_out"])
    return y, AttentionCaches(qkv_cache, heads_cache, out_cache)


def self_attention_backward(model: Stacked, d_y: Array, cache: AttentionCaches, g: Scope) -> Array:
    engine = model.engine
    d_heads = linear_into(engine.linear_backward, d_y, cache.out, "attention.w_out", "attention.b_out", g)
    d_qkv = engine.self_attention_backward(d_heads, cache.heads)
    return linear_into(engine.linear_backward, d_qkv, cache.qkv, "attention.w_qkv", "attention.b_qkv", g)


def feed_forward(model: Stacked, p: Scope, x: Array) -> tuple[Array, FeedForwardCaches]:     # (B, S, D) -> (B, S, D)
    """f(x W_in + b_in) W_out + b_out, f the configured activation"""
    engine = model.engine
    inner, in_cache = engine.linear_activation(x, p["feed_forward.w_in"], p["feed_forward.b_in"],
                                               model.config.activation)                   # (B, S, F)
    y, out_cache = engine.linear(inner, p["feed_forward.w_out"], p["feed_forward.b_out"])
    return y, FeedForwardCaches(in_cache, out_cache)


def feed_forward_backward(model: Stacked, d_y: Array, cache: FeedForwardCaches, g: Scope) -> Array:
    engine = model.engine
    d_inner = linear_into(engine.linear_backward, d_y, cache.out, "feed_forward.w_out", "feed_forward.b_out", g)
    return linear_into(engine.linear_activation_backward, d_inner, cache.inner, "feed_forward.w_in",
                       "feed_forward.b_in", g)


def linear_into(backward: Any, d_y: Array, cache: Any, weight: str, bias: str, g: Parameters | Scope) -> Array:
    """The gradient of a linear layer's input; those of its weight and bias are added into g."""
    d_x, d_weight, d_bias = backward(d_y, cache)
    g[weight] += d_weight
    g[bias] += d_bias
    return d_x


BRANCHES: dict[str, tuple[Any, Any]] = {
    "attention": (self_attention, self_attention_backward),
    "feed_forward": (feed_forward, feed_forward_backward),
}
