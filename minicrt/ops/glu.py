"""The gated linear unit"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.activations import logistic
from minicrt.ops.shapes import Array


class GluCache(NamedTuple):
    a: Array                                                 # (..., D)
    gate: Array                                              # σ(b), (..., D)


def glu(x: Array) -> tuple[Array, GluCache]:                 # (..., 2D) -> (..., D)
    """y = a ⊙ σ(b) with x = [a, b]. Raises InputError for an odd width. Source: arXiv 1612.08083."""
    if x.ndim < 1 or x.shape[-1] % 2:
        raise InputError(f"glu: x has shape {x.shape}, expected (..., 2D)")
    a, b = np.split(x, 2, axis=-1)
    gate = logistic(b)
    return a * gate, GluCache(a, gate)


def glu_backward(d_y: Array, cache: GluCache) -> Array:      # (..., D) -> (..., 2D)
    """G_a = G σ(b),  G_b = G a σ(b) (1 − σ(b))"""
    a, gate = cache
    return np.concatenate([d_y * gate, d_y * a * gate * (1 - gate)], axis=-1)
