"""Clipping of the gradient by its norm over all parameters together."""

import math

import numpy as np

Array = np.ndarray
CHUNK = 1 << 16


def global_norm(flat: Array) -> float:
    """√Σ g², summed in float64: a float32 sum of squares overflows on gradients above 1e19."""
    total = 0.0
    for start in range(0, flat.size, CHUNK):
        part = flat[start:start + CHUNK].astype(np.float64)
        total += float(part @ part)
    return math.sqrt(total) if math.isfinite(total) else total


def clip_by_global_norm(flat: Array, limit: float, norm: float) -> None:
    """g ← g min(1, limit / (norm + 1e-6)), in place, as torch.nn.utils.clip_grad_norm_ has it."""
    factor = limit / (norm + 1e-6)
    if factor < 1:
        flat *= factor
