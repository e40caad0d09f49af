"""What an optimizer does to every parameter. Unlike all other operations, the update writes to its arguments."""

import math

import numpy as np

from minicrt.ops.shapes import Array

CHUNK = 1 << 15                                              # values at a time: what is needed stays in the cache


def global_norm(flat: Array) -> float:                       # (N,) -> float
    """√Σ g², summed in float64: a float32 sum of squares overflows on gradients above 1e19."""
    # No dot product: it would wake BLAS's threads, which go on spinning for a while and slow those of the next step.
    total = 0.0
    for start in range(0, flat.size, CHUNK):
        total += float(np.square(flat[start:start + CHUNK], dtype=np.float64).sum())
    return math.sqrt(total) if math.isfinite(total) else total


def adamw_update(theta: Array, g: Array, m: Array, v: Array, count: int, learning_rate: float, weight_decay: float,
                 beta1: float, beta2: float, eps: float, scale: float = 1.0) -> None:
    """One step of Adam with bias correction and decoupled weight decay, in place on θ, m and v, each (N,):

        g ← g · scale                         (not written back; a clipped gradient's factor)
        m ← β₁ m + (1 − β₁) g                 m̂ = m / (1 − β₁ᵗ),   t = count, 1 at the first step
        v ← β₂ v + (1 − β₂) g²                v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η λ θ − η m̂ / (√v̂ + eps)     η the learning rate, λ the weight decay; eps outside the root

    Source: Loshchilov and Hutter 2019 (arXiv 1711.05101), as in torch.optim.AdamW.
    """
    unbias1, unbias2 = 1 - beta1 ** count, 1 - beta2 ** count
    for start in range(0, theta.size, CHUNK):
        piece = slice(start, start + CHUNK)
        g_piece = g[piece] * scale
        m[piece] = beta1 * m[piece] + (1 - beta1) * g_piece
        v[piece] = beta2 * v[piece] + (1 - beta2) * g_piece * g_piece
        root = np.sqrt(v[piece] / unbias2) + eps
        theta[piece] = (1 - learning_rate * weight_decay) * theta[piece] - learning_rate / unbias1 * m[piece] / root
