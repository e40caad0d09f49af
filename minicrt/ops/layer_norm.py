"""Layer normalisation over the last axis"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.shapes import Array, check_shapes


class LayerNormCache(NamedTuple):
    x_hat: Array                                             # (..., D)
    r: Array                                                 # (..., 1)
    gain: Array                                              # (D,)


def layer_norm(x: Array, gain: Array, bias: Array, eps: float = 1e-5
               ) -> tuple[Array, LayerNormCache]:            # (..., D), (D,), (D,) -> (..., D)
    """y = gain ⊙ x̂ + bias,  x̂ = (x − mean) r,  r = 1/√(var + eps)

    Mean and variance over the last axis; the variance is the biased one (divided by D), eps is inside the root.
    Raises InputError where the shapes do not fit. Source: Ba, Kiros, Hinton 2016 (arXiv 1607.06450).
    """
    check_shapes("layer_norm", x=(x, "... D"), gain=(gain, "D"), bias=(bias, "D"))
    centred = x - x.mean(-1, keepdims=True)
    r = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + eps)     # (..., 1)
    x_hat = centred * r
    return gain * x_hat + bias, LayerNormCache(x_hat, r, gain)


def layer_norm_backward(d_y: Array, cache: LayerNormCache
                        ) -> tuple[Array, Array, Array]:     # (..., D) -> (..., D), (D,), (D,)
    """G_x = r (ĝ − mean(ĝ) − x̂ mean(ĝ ⊙ x̂)),  ĝ = G_y ⊙ gain,  G_gain = Σ G_y ⊙ x̂,  G_bias = Σ G_y"""
    x_hat, r, gain = cache
    leading = tuple(range(d_y.ndim - 1))
    d_x_hat = d_y * gain                                     # y = gain * x_hat + bias
    d_x = r * (d_x_hat
               - d_x_hat.mean(-1, keepdims=True)                           # through the mean
               - x_hat * (d_x_hat * x_hat).mean(-1, keepdims=True))        # through the variance
    return d_x, (d_y * x_hat).sum(leading), d_y.sum(leading)
