"""Attention over the patches of a clip: over all of them at once, or over time and then over each frame

A clip is R + T·N rows: R that belong to no place (memory, class token), then the N patches of each of T time steps,
step after step. Every row sees every row; nothing here is causal.
"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.models.block import AttentionCaches, Stacked, self_attention, self_attention_backward
from minicrt.models.parameters import Array, Scope


class Grid(NamedTuple):
    """How the rows of a clip are laid out"""

    extra: int                                               # R, the rows that belong to no place
    steps: int                                               # T
    patches: int                                             # N


class PlacedCache(NamedTuple):
    attention: AttentionCaches
    grid: Grid


class FrameByFrame:
    """Of a model whose rows that belong to no place look at each frame apart"""

    def together(self, rows: Array) -> Array:                # (B, T, R, D) -> (B, R, D)
        """The mean of what the R rows saw in each frame"""
        return rows.mean(1)

    def together_backward(self, d_rows: Array, T: int) -> Array:                 # (B, R, D) -> (B, T, R, D)
        return np.repeat(d_rows[:, None] / T, T, axis=1)


def all_visible(rows: int) -> Array:                         # -> (S, S)
    return np.ones((rows, rows), bool)


def joint(model: Stacked, p: Scope, x: Array, grid: Grid) -> tuple[Array, PlacedCache]:  # (B, S, D) -> (B, S, D)
    y, cache = self_attention(model, p, x, all_visible(x.shape[1]))
    return y, PlacedCache(cache, grid)


def joint_backward(model: Stacked, d_y: Array, cache: PlacedCache, g: Scope) -> Array:
    return self_attention_backward(model, d_y, cache.attention, g)


def over_time(model: Stacked, p: Scope, x: Array, grid: Grid) -> tuple[Array, PlacedCache]:  # (B, S, D) -> (B, S, D)
    """Each patch sees itself at the other steps; the rows that belong to no place get 0."""
    R, T, N = grid
    B, _, D = x.shape
    columns = x[:, R:].reshape(B, T, N, D).swapaxes(1, 2).reshape(B * N, T, D)
    y, cache = self_attention(model, p, columns, all_visible(T))
    y = y.reshape(B, N, T, D).swapaxes(1, 2).reshape(B, T * N, D)
    return np.concatenate([np.zeros((B, R, D), y.dtype), y], 1), PlacedCache(cache, grid)


def over_time_backward(model: Stacked, d_y: Array, cache: PlacedCache, g: Scope) -> Array:
    R, T, N = cache.grid
    B, _, D = d_y.shape
    d_columns = d_y[:, R:].reshape(B, T, N, D).swapaxes(1, 2).reshape(B * N, T, D)
    d_x = self_attention_backward(model, d_columns, cache.attention, g)
    d_x = d_x.reshape(B, N, T, D).swapaxes(1, 2).reshape(B, T * N, D)
    return np.concatenate([np.zeros((B, R, D), d_x.dtype), d_x], 1)


def over_frames(model: Any, p: Scope, x: Array, grid: Grid) -> tuple[Array, PlacedCache]:  # (B, S, D) -> (B, S, D)
    """Each step's patches see each other and the R rows, which look at every step apart."""
    R, T, N = grid
    B, _, D = x.shape
    everywhere = np.broadcast_to(x[:, None, :R], (B, T, R, D))
    frames = np.concatenate([everywhere, x[:, R:].reshape(B, T, N, D)], 2).reshape(B * T, R + N, D)
    y, cache = self_attention(model, p, frames, all_visible(R + N))
    y = y.reshape(B, T, R + N, D)
    return np.concatenate([model.together(y[:, :, :R]), y[:, :, R:].reshape(B, T * N, D)], 1), PlacedCache(cache, grid)


def over_frames_backward(model: Any, d_y: Array, cache: PlacedCache, g: Scope) -> Array:
    R, T, N = cache.grid
    B, _, D = d_y.shape
    d_extra = model.together_backward(d_y[:, :R], T)
    d_frames = np.concatenate([d_extra, d_y[:, R:].reshape(B, T, N, D)], 2).reshape(B * T, R + N, D)
    d_x = self_attention_backward(model, d_frames, cache.attention, g).reshape(B, T, R + N, D)
    return np.concatenate([d_x[:, :, :R].sum(1), d_x[:, :, R:].reshape(B, T * N, D)], 1)
