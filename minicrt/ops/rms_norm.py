"""Normalisation by the root mean square"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.shapes import Array, check_shapes


class RMSNormCache(NamedTuple):
    x_hat: Array                                             # (..., D)
    r: Array                                                 # (..., 1)
    gain: Array                                              # (D,)


def rms_norm(x: Array, gain: Array, eps: float = 1e-5
             ) -> tuple[Array, RMSNormCache]:                # (..., D), (D,) -> (..., D)
    """y = gain ⊙ x̂,  x̂ = x r,  r = 1/√(mean(x²) + eps)

    No mean is subtracted and there is no bias. Raises InputError where the shapes do not fit.
    Source: Zhang and Sennrich 2019 (arXiv 1910.07467).
    """
    check_shapes("rms_norm", x=(x, "... D"), gain=(gain, "D"))
    r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)                 # (..., 1)
    x_hat = x * r
    return gain * x_hat, RMSNormCache(x_hat, r, gain)


def rms_norm_backward(d_y: Array, cache: RMSNormCache) -> tuple[Array, Array]:           # (..., D) -> (..., D), (D,)
    """G_x = r (ĝ − x̂ mean(ĝ ⊙ x̂)),  ĝ = G_y ⊙ gain,  G_gain = Σ G_y ⊙ x̂"""
    x_hat, r, gain = cache
    d_x_hat = d_y * gain                                     # y = gain * x_hat
    d_x = r * (d_x_hat - x_hat * (d_x_hat * x_hat).mean(-1, keepdims=True))              # through x and through r
    return d_x, (d_y * x_hat).sum(tuple(range(d_y.ndim - 1)))
