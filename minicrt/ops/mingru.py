"""The minimal GRU: gates that look at the input alone"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.activations import logistic
from minicrt.ops.linear import LinearCache, linear, linear_backward
from minicrt.ops.shapes import Array, check_shapes


class MinGRUCache(NamedTuple):
    x: LinearCache                                           # of x W + b
    h: Array                                                 # (B, T + 1, D), from h0 on
    z: Array                                                 # (B, T, D)
    c: Array                                                 # (B, T, D)


def mingru(x: Array, h0: Array, w: Array, b: Array
           ) -> tuple[Array, MinGRUCache]:                   # (B, T, I), (B, D) -> (B, T, D)
    """h_t for t = 1..T, started at h0. Blocks of w (I, 2D) and b (2D,) stand in the order z, c.

        z = σ(x W_z + b_z),   c = x W_c + b_c,   h' = (1 − z) ⊙ h + z ⊙ c

    Here z lets the new in; in `gru` it keeps the old. There is no recurrent matrix. Raises InputError where the shapes
    do not fit. Source: Feng et al. 2024 (arXiv 2410.01201), the form that is not in log space.
    """
    sizes = check_shapes("mingru", x=(x, "B T I"), h0=(h0, "B D"), w=(w, "I 2D"), b=(b, "2D"))
    T, D = sizes["T"], sizes["D"]
    x_side, x_cache = linear(x, w, b)                        # (B, T, 2D)
    z, c = logistic(x_side[..., :D]), x_side[..., D:]
    h = np.empty((len(x), T + 1, D), np.result_type(x_side, h0))         # h[:, t] is the state before step t
    h[:, 0] = h0
    for t in range(T):
        h[:, t + 1] = (1 - z[:, t]) * h[:, t] + z[:, t] * c[:, t]
    return h[:, 1:], MinGRUCache(x_cache, h, z, c)


def mingru_backward(d_h: Array, cache: MinGRUCache, d_last: Array | None = None
                    ) -> tuple[Array, ...]:                  # (B, T, D) -> d_x, d_h0, d_w, d_b
    """From t = T to 1, with g the gradient of h_t (`d_last` (B, D) from beyond the segment),

        G_c = g z,   G_{a_z} = g (c − h_{t−1}) z (1 − z),   g ← g (1 − z)
    """
    x_cache, h, z, c = cache
    g_t = np.empty_like(h[:, 1:])                            # of h_t, what came back from t + 1 included
    g = np.zeros_like(h[:, 0]) if d_last is None else d_last
    for t in reversed(range(z.shape[1])):
        g_t[:, t] = g + d_h[:, t]
        g = g_t[:, t] * (1 - z[:, t])                        # h' = (1 - z) h + z c
    d_a = np.concatenate([g_t * (c - h[:, :-1]) * z * (1 - z), g_t * z], axis=2)
    d_x, d_w, d_b = linear_backward(d_a, x_cache)
    return d_x, g, d_w, d_b
