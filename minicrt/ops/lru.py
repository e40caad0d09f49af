"""The linear recurrent unit: a diagonal complex recurrence, written in real pairs"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.linear import LinearCache, linear, linear_backward
from minicrt.ops.shapes import Array, check_shapes


class LRUCache(NamedTuple):
    x: LinearCache                                           # of x W
    x_side: Array                                            # x W, (B, T, 2N)
    h: Array                                                 # (B, T + 1, 2N), from h0 on
    a: Array                                                 # Re λ, (N,)
    b: Array                                                 # Im λ, (N,)
    scale: Array                                             # [γ, γ], (2N,)
    nu: Array                                                # (N,)
    angle: Array                                             # exp(θ), (N,)


def lru(x: Array, h0: Array, w: Array, nu: Array, theta: Array, log_gamma: Array
        ) -> tuple[Array, LRUCache]:                         # (B, T, I), (B, 2N) -> (B, T, 2N)
    """h_t for t = 1..T, started at h0, N complex numbers as [real parts, imaginary parts]:

        h_t = λ ⊙ h_{t−1} + γ ⊙ (x_t W),   λ = exp(−exp(ν) + i exp(θ)),   γ = exp(log γ)

    w (I, 2N) is [Re B, Im B]; nu, theta and log_gamma are (N,). |λ| < 1 for every ν. The output y = Re(C h) + D x is
    the model's: two linear maps. Raises InputError where the shapes do not fit.
    Source: Orvieto et al. 2023 (arXiv 2303.06349).
    """
    sizes = check_shapes("lru", x=(x, "B T I"), nu=(nu, "N"), h0=(h0, "B 2N"), w=(w, "I 2N"), theta=(theta, "N"),
                         log_gamma=(log_gamma, "N"))
    T, N = sizes["T"], sizes["N"]
    size, angle, gamma = np.exp(-np.exp(nu)), np.exp(theta), np.exp(log_gamma)
    a, b = size * np.cos(angle), size * np.sin(angle)        # λ = a + i b
    x_side, x_cache = linear(x, w)                           # (B, T, 2N)
    scale = np.concatenate([gamma, gamma])
    h = np.empty((len(x), T + 1, 2 * N), np.result_type(x_side, h0, a, scale))           # h[:, t]: before step t
    h[:, 0] = h0
    for t in range(T):
        h[:, t + 1] = times(a, b, h[:, t]) + scale * x_side[:, t]
    return h[:, 1:], LRUCache(x_cache, x_side, h, a, b, scale, nu, angle)


def lru_backward(d_h: Array, cache: LRUCache, d_last: Array | None = None
                 ) -> tuple[Array, ...]:                     # (B, T, 2N) -> d_x, d_h0, d_w, d_nu, d_theta, d_log_gamma
    """From t = T to 1, with g = ∂/∂Re h + i ∂/∂Im h of h_t (`d_last` (B, 2N) from beyond the segment), g ← λ* g, and

        G_λ = Σ g h*_{t−1},   G_ν = Re(G_λ* (−e^ν λ)),   G_θ = Re(G_λ* (i e^θ λ)),   G_{log γ} = γ Σ Re(g (x W)*)
    """
    x_cache, x_side, h, a, b, scale, nu, angle = cache
    N = a.size
    g_t = np.empty_like(h[:, 1:])                            # of h_t, what came back from t + 1 included
    g = np.zeros_like(h[:, 0]) if d_last is None else d_last
    for t in reversed(range(x_side.shape[1])):
        g_t[:, t] = g + d_h[:, t]
        g = times(a, -b, g_t[:, t])                          # h' = λ h + γ (x w)
    re, im, h_re, h_im = g_t[..., :N], g_t[..., N:], h[:, :-1, :N], h[:, :-1, N:]
    d_a, d_b = (re * h_re + im * h_im).sum((0, 1)), (im * h_re - re * h_im).sum((0, 1))   # of λ = a + i b
    d_nu = -np.exp(nu) * (d_a * a + d_b * b)                 # |λ| = exp(-exp(nu))
    d_theta = angle * (d_b * a - d_a * b)                    # arg λ = exp(theta)
    d_scale = (g_t * x_side).sum((0, 1)) * scale             # scale = [γ, γ], γ = exp(log_gamma)
    d_x, d_w, _ = linear_backward(g_t * scale, x_cache)
    return d_x, g, d_w, d_nu, d_theta, d_scale[:N] + d_scale[N:]


def times(a: Array, b: Array, h: Array) -> Array:            # (N,), (N,), (B, 2N) -> (B, 2N)
    """(a + i b) ⊙ h, the real parts first"""
    re, im = h[:, :a.size], h[:, a.size:]
    return np.concatenate([a * re - b * im, b * re + a * im], axis=1)
