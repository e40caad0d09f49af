"""The selective scan: a diagonal state space whose step, input and output depend on the token (S6, of Mamba)"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.activations import logistic
from minicrt.ops.shapes import Array, check_shapes


class SelectiveScanCache(NamedTuple):
    x: Array                                                 # (B, T, D)
    delta: Array                                             # Δ, (B, T, D)
    slope: Array                                             # of the softplus, σ(dt), (B, T, D)
    a: Array                                                 # A, (D, N)
    b: Array                                                 # (B, T, N)
    c: Array                                                 # (B, T, N)
    d: Array                                                 # (D,)
    h: Array                                                 # (B, T + 1, D, N), from h0 on
    last: Array                                              # h_T, (B, D, N)


def softplus(x: Array) -> Array:
    """log(1 + e^x), without overflow"""
    positive = x.real > 0
    return x * positive + np.log1p(np.exp(np.where(positive, -x, x)))


def selective_scan(x: Array, h0: Array, dt: Array, a_log: Array, b: Array, c: Array, d: Array
                   ) -> tuple[Array, SelectiveScanCache]:    # (B, T, D), (B, D, N) -> (B, T, D)
    """y_t for t = 1..T, started at h0: N states for each of the D channels,

        h_t = exp(Δ_t A) ⊙ h_{t−1} + Δ_t x_t B_t,   y_t = h_t C_t + d ⊙ x_t,   Δ = softplus(dt),   A = −exp(a_log)

    A is discretised by zero-order hold, B by Euler's rule. dt is (B, T, D), before its softplus, with its bias in it;
    b and c are (B, T, N), shared by the channels; a_log is (D, N), d (D,). `last` of the cache is h_T, the h0 of the
    next segment. Raises InputError where the shapes do not fit. Source: Gu and Dao 2023 (arXiv 2312.00752).
    """
    sizes = check_shapes("selective_scan", x=(x, "B T D"), a_log=(a_log, "D N"), h0=(h0, "B D N"), dt=(dt, "B T D"),
                         b=(b, "B T N"), c=(c, "B T N"), d=(d, "D"))
    delta, a = softplus(dt), -np.exp(a_log)
    driven = delta * x                                       # Δ_t x_t
    h = np.empty((len(x), sizes["T"] + 1, *a.shape), np.result_type(x, h0, dt, a, b))    # h[:, t]: before step t
    h[:, 0] = h0
    for t in range(sizes["T"]):
        h[:, t + 1] = np.exp(delta[:, t, :, None] * a) * h[:, t] + driven[:, t, :, None] * b[:, t, None, :]
    y = (h[:, 1:] * c[:, :, None, :]).sum(-1) + d * x
    return y, SelectiveScanCache(x, delta, logistic(dt), a, b, c, d, h, h[:, -1].copy())


def selective_scan_backward(d_y: Array, cache: SelectiveScanCache, d_last: Array | None = None
                            ) -> tuple[Array, ...]:          # -> d_x, d_h0, d_dt, d_a_log, d_b, d_c, d_d
    """From t = T to 1, with g the gradient of h_t (`d_last` (B, D, N) from beyond the segment), g ← g + G_{y_t} C_t,

        G_{ΔA} = g ⊙ h_{t−1} ⊙ exp(Δ A),   G_Δ = Σ_n G_{ΔA} A + x Σ_n g B,   G_x = Δ Σ_n g B + d G_y,
        G_B = Σ_D g Δ x,   G_C = Σ_D G_y h,   G_{a_log} = A Σ Δ G_{ΔA},   G_dt = G_Δ σ(dt),   g ← g exp(Δ A)
    """
    x, delta, slope, a, b, c, d, h, _ = cache
    decay = np.exp(delta[..., None] * a)                     # (B, T, D, N)
    g_t = np.empty_like(decay)                               # of h_t, what came back from t + 1 included
    g = np.zeros_like(h[:, 0]) if d_last is None else d_last
    for t in reversed(range(x.shape[1])):
        g_t[:, t] = g + d_y[:, t, :, None] * c[:, t, None, :]              # y = h c + d x
        g = g_t[:, t] * decay[:, t]                          # h' = exp(Δ A) h + Δ x b
    d_delta_a = g_t * h[:, :-1] * decay
    through_b = (g_t * b[:, :, None, :]).sum(-1)             # of Δ x, (B, T, D)
    d_delta = (d_delta_a * a).sum(-1) + x * through_b
    d_x = delta * through_b + d * d_y
    d_b = (g_t * (delta * x)[..., None]).sum(2)
    d_c = (d_y[..., None] * h[:, 1:]).sum(2)
    d_a_log = a * (delta[..., None] * d_delta_a).sum((0, 1))               # a = -exp(a_log)
    return d_x, g, d_delta * slope, d_a_log, d_b, d_c, (d_y * x).sum((0, 1))
