"""Long short-term memory over a segment"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.activations import logistic
from minicrt.ops.linear import LinearCache, linear, linear_backward, rows
from minicrt.ops.shapes import Array, check_shapes


class LSTMCache(NamedTuple):
    x: LinearCache                                           # of x W + b
    s: Array                                                 # (B, T + 1, 2D), from s0 on
    u: Array                                                 # (D, 4D)
    gates: Array                                             # i, f, g, o, (B, T, 4D)
    tanh_c: Array                                            # (B, T, D)


def lstm(x: Array, s0: Array, w: Array, u: Array, b: Array
         ) -> tuple[Array, LSTMCache]:                       # (B, T, I), (B, 2D) -> (B, T, 2D)
    """The states s_t = [h_t, c_t] for t = 1..T, started at s0. Blocks of w (I, 4D), u (D, 4D), b (4D,): i, f, g, o.

        i, f, o = σ(x W + h U + b),   g = tanh(x W_g + h U_g + b_g),   c' = f ⊙ c + i ⊙ g,   h' = o ⊙ tanh(c')

    The order is PyTorch's; its two biases are added into b. No peepholes, no forget bias of its own: start b_f at 1
    for that. Raises InputError where the shapes do not fit.
    Sources: Hochreiter and Schmidhuber 1997; Gers et al. 2000; docs.pytorch.org, LSTM.
    """
    sizes = check_shapes("lstm", x=(x, "B T I"), u=(u, "D 4D"), s0=(s0, "B 2D"), w=(w, "I 4D"), b=(b, "4D"))
    B, T, D = (sizes[letter] for letter in "BTD")
    x_side, x_cache = linear(x, w, b)                        # (B, T, 4D)
    dtype = np.result_type(x_side, s0, u)                    # one complex argument makes all of it complex
    s = np.empty((B, T + 1, 2 * D), dtype)                   # s[:, t] is the state before step t
    s[:, 0] = s0
    gates, tanh_c = np.empty((B, T, 4 * D), dtype), np.empty((B, T, D), dtype)
    for t in range(T):
        h, c, a = s[:, t, :D], s[:, t, D:], gates[:, t]
        a[...] = x_side[:, t] + h @ u
        a[:, :2 * D], a[:, 3 * D:] = logistic(a[:, :2 * D]), logistic(a[:, 3 * D:])
        a[:, 2 * D:3 * D] = np.tanh(a[:, 2 * D:3 * D])
        i, f, g, o = np.split(a, 4, axis=1)
        s[:, t + 1, D:] = f * c + i * g
        tanh_c[:, t] = np.tanh(s[:, t + 1, D:])
        s[:, t + 1, :D] = o * tanh_c[:, t]
    return s[:, 1:], LSTMCache(x_cache, s, u, gates, tanh_c)


def lstm_backward(d_s: Array, cache: LSTMCache, d_last: Array | None = None
                  ) -> tuple[Array, ...]:                    # (B, T, 2D) -> d_x, d_s0, d_w, d_u, d_b
    """From t = T to 1, with G_h, G_c the gradients of h_t and c_t: their own and what came back from step t + 1
    (`d_last` (B, 2D) from beyond the segment), and a the arguments of σ and tanh,

        G_c ← G_c + G_h o (1 − tanh²c)
        G_{a_i} = G_c g i (1 − i),   G_{a_f} = G_c c_{t−1} f (1 − f),   G_{a_g} = G_c i (1 − g²)
        G_{a_o} = G_h tanh(c) o (1 − o),   G_c ← G_c f,   G_h ← G_a Uᵀ
    """
    x_cache, s, u, gates, tanh_c = cache
    B, T, D = tanh_c.shape
    i, f, g, o = np.split(gates, 4, axis=2)
    slope_i, slope_f = g * i * (1 - i), s[:, :-1, D:] * f * (1 - f)      # c' = f c + i g
    slope_g, slope_o = i * (1 - g * g), tanh_c * o * (1 - o)             # h' = o tanh(c')
    slope_c = o * (1 - tanh_c * tanh_c)
    d_a = np.empty((B, T, 4 * D), s.dtype)
    d_h, d_c = np.split(np.zeros((B, 2 * D), s.dtype) if d_last is None else d_last, 2, axis=1)
    for t in reversed(range(T)):
        d_h = d_h + d_s[:, t, :D]
        d_c = d_c + d_s[:, t, D:] + d_h * slope_c[:, t]
        d_a[:, t] = np.concatenate([d_c * slope_i[:, t], d_c * slope_f[:, t], d_c * slope_g[:, t],
                                    d_h * slope_o[:, t]], axis=1)
        d_c = d_c * f[:, t]
        d_h = d_a[:, t] @ u.T                                # a = x w + h @ u + b
    d_u = rows(s[:, :-1, :D]).T @ rows(d_a)
    d_x, d_w, d_b = linear_backward(d_a, x_cache)
    return d_x, np.concatenate([d_h, d_c], axis=1), d_w, d_u, d_b
