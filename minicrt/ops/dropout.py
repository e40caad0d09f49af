"""Inverted dropout in four shapes. Each takes the generator its mask is drawn from, and rate 0 draws nothing.

y = x ⊙ mask / (1 − rate), mask ~ Bernoulli(1 − rate); the backward pass is the same product.
Uniform numbers are drawn in float32 whatever the dtype of x, so that one seed gives one mask in every precision.
"""

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.shapes import Array

Rng = np.random.Generator


def dropout(x: Array, rate: float, rng: Rng | None) -> tuple[Array, Array | None]:  # (...) -> (...)
    """Every element has a mask of its own. Source: Srivastava et al. 2014."""
    return _masked(x, x.shape, rate, rng)


def locked_dropout(x: Array, rate: float, rng: Rng | None
                   ) -> tuple[Array, Array | None]:          # (B, T, D) -> (B, T, D)
    """One mask per (batch row, feature), shared over time. Source: Gal, Ghahramani 2016 (arXiv 1512.05287)."""
    if x.ndim != 3:
        raise InputError(f"locked_dropout: x has shape {x.shape}, expected (B, T, D)")
    return _masked(x, (x.shape[0], 1, x.shape[2]), rate, rng)


def embedding_dropout(table: Array, rate: float, rng: Rng | None
                      ) -> tuple[Array, Array | None]:       # (V, D) -> (V, D)
    """Whole rows of the table are dropped: a word is there, or it is not. Source: arXiv 1512.05287."""
    return _masked(table, (len(table), 1), rate, rng)


def path_dropout(x: Array, rate: float, rng: Rng | None) -> tuple[Array, Array | None]:  # (B, ...) -> (B, ...)
    """Stochastic depth: the whole branch is there for a row of the batch, or it is not. Source: arXiv 1603.09382."""
    return _masked(x, (len(x), *(1,) * (x.ndim - 1)), rate, rng)


def dropout_backward(d_y: Array, cache: Array | None) -> Array:  # (...) -> (...)
    """G_x = G_y ⊙ mask / (1 − rate)"""
    mask = cache
    return d_y if mask is None else d_y * mask


locked_dropout_backward = embedding_dropout_backward = path_dropout_backward = dropout_backward


def _masked(x: Array, shape: tuple[int, ...], rate: float, rng: Rng | None
            ) -> tuple[Array, Array | None]:
    if not 0 <= rate < 1:
        raise InputError(f"dropout: the rate is {rate}, expected 0 <= rate < 1")
    if rate == 0:
        return x, None
    if rng is None:
        raise InputError(f"dropout: the rate is {rate}, but there is no generator to draw the mask from")
    keep = rng.random(shape, dtype=np.float32) >= rate
    mask = keep.astype(x.real.dtype) / (1 - rate)
    return x * mask, mask
