"""The blocks of a Vision Transformer of clips, with joint or with divided attention, and stochastic depth

    joint      x ← x + Attention(LN(x)),   x ← x + FeedForward(LN(x))
    divided    x ← x + TimeAttention(LN(x)),   x ← x + FrameAttention(LN(x)),   x ← x + FeedForward(LN(x))

Divided: Bertasius et al. 2021 (arXiv 2102.05095). Its linear layer behind the attention over time, which starts at zero
in all blocks but the first, is W_out of that attention here: two linear layers in a row are one.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minicrt.models import initialisers
from minicrt.models.block import (
    Stacked,
    block_specs,
    feed_forward,
    feed_forward_backward,
    final_norm_specs,
    norm,
    norm_backward,
    norm_specs,
)
from minicrt.models.parameters import Array, Parameters, ParameterSpec, Scope
from minicrt.models.video import attention
from minicrt.models.video.attention import Grid

Rng = np.random.Generator | None


class BranchCache(NamedTuple):
    norm: Any                                                # of layer_norm
    branch: Any                                              # of the branch
    mask: Any                                                # of dropout: None without
    path: Any                                                # of path_dropout: None without


class VideoBlockCache(NamedTuple):
    branches: tuple[BranchCache, ...]                        # in the order of `branches_of`


def _whole(branch: Callable[..., Any]) -> Callable[..., Any]:
    """A branch that looks at each row alone, and so not at the grid"""
    def of_rows(model: Stacked, p: Scope, x: Array, grid: Grid) -> tuple[Array, Any]:
        y, cache = branch(model, p, x)
        return y, cache
    return of_rows


class Branch(NamedTuple):
    scope: str                                               # of its parameters, in the block's
    name: str                                                # of its norm
    forward: Callable[..., Any]
    backward: Callable[..., Any]


TIME = Branch("time.", "norm_attention.", attention.over_time, attention.over_time_backward)
FRAMES = Branch("", "norm_attention.", attention.over_frames, attention.over_frames_backward)
JOINT = Branch("", "norm_attention.", attention.joint, attention.joint_backward)
FEED_FORWARD = Branch("", "norm_feed_forward.", _whole(feed_forward), feed_forward_backward)


def branches_of(config: Any) -> tuple[Branch, ...]:
    return (TIME, FRAMES, FEED_FORWARD) if config.attention == "divided" else (JOINT, FEED_FORWARD)


def video_blocks_specs(config: Any) -> list[ParameterSpec]:
    """Those of the language models' blocks; with divided attention a norm and an attention over time more"""
    specs, D = list[ParameterSpec](), config.width
    for layer in range(config.layers):
        prefix = f"blocks.{layer}."
        specs += block_specs(prefix, D, config.inner, config.layers)
        if config.attention == "divided":
            out = initialisers.zeros if layer else initialisers.normal((2 * config.layers * D) ** -0.5)
            specs += norm_specs(prefix + "time.norm_attention.", D) + [
                ParameterSpec(prefix + "time.attention.w_qkv", (D, 3 * D), initialisers.normal(D ** -0.5)),
                ParameterSpec(prefix + "time.attention.b_qkv", (3 * D,), initialisers.zeros, False),
                ParameterSpec(prefix + "time.attention.w_out", (D, D), out),
                ParameterSpec(prefix + "time.attention.b_out", (D,), initialisers.zeros, False)]
    return specs + final_norm_specs(config)


def video_blocks(model: Stacked, p: Parameters, x: Array, grid: Grid, rng: Rng
                 ) -> tuple[Array, list[VideoBlockCache], list[Array]]:
    """(B, S, D) → (B, S, D), the caches, and what each block gave"""
    caches, outputs, last = list[VideoBlockCache](), list[Array](), model.config.layers - 1
    for layer in range(model.config.layers):
        rate = 0.0 if rng is None or not last else model.config.path_dropout * layer / last
        kept = list[BranchCache]()
        for branch in branches_of(model.config):
            x, cache = residual(model, p.scope(f"blocks.{layer}.{branch.scope}"), branch, x, grid, rng, rate)
            kept.append(cache)
        caches.append(VideoBlockCache(tuple(kept)))
        outputs.append(x)
    return x, caches, outputs


def video_blocks_backward(model: Stacked, d_x: Array, caches: list[VideoBlockCache], g: Parameters,
                          arriving: dict[int, Array]) -> Array:
    """`arriving` holds, by block, the gradients of what it gave that come from elsewhere than the next block."""
    for layer in reversed(range(len(caches))):
        if layer in arriving:
            d_x = d_x + arriving[layer]
        for branch, cache in zip(reversed(branches_of(model.config)), reversed(caches[layer].branches)):
            d_x = residual_backward(model, branch, d_x, cache, g.scope(f"blocks.{layer}.{branch.scope}"))
    return d_x


def residual(model: Stacked, p: Scope, branch: Branch, x: Array, grid: Grid, rng: Rng, rate: float
             ) -> tuple[Array, BranchCache]:
    """x + path(dropout(f(LN(x)))), the path of a row of the batch being dropped at `rate`"""
    normed, norm_cache = norm(model, p, branch.name, x)
    y, branch_cache = branch.forward(model, p, normed, grid)
    y, mask = model.dropped(y, rng)
    y, path = model.engine.path_dropout(y, rate, rng)
    return model.engine.add(x, y), BranchCache(norm_cache, branch_cache, mask, path)


def residual_backward(model: Stacked, branch: Branch, d_x: Array, cache: BranchCache, g: Scope) -> Array:
    d_y = model.engine.path_dropout_backward(d_x, cache.path)
    d_y = model.engine.dropout_backward(d_y, cache.mask)
    d_normed = branch.backward(model, d_y, cache.branch, g)
    return model.engine.add(d_x, norm_backward(model, d_normed, cache.norm, branch.name, g))
