"""The delta rule: an associative matrix that is corrected by what it says wrongly of each key"""

from typing import NamedTuple

import numpy as np

from minicrt.ops.activations import logistic
from minicrt.ops.shapes import Array, check_shapes

EPS = 1e-6


class DeltaRuleCache(NamedTuple):
    q_hat: Array                                             # (B, T, K)
    k_hat: Array                                             # (B, T, K)
    r_q: Array                                               # 1/|q|, (B, T, 1)
    r_k: Array                                               # 1/|k|, (B, T, 1)
    beta: Array                                              # β, (B, T, 1)
    error: Array                                             # e, (B, T, V)
    s: Array                                                 # S, (B, T + 1, K, V), from s0 on
    last: Array                                              # S_T, (B, K, V)


def unit(x: Array) -> tuple[Array, Array]:
    """x̂ = x r,  r = 1/√(Σ x² + ε), over the last axis"""
    r = 1 / np.sqrt((x * x).sum(-1, keepdims=True) + EPS)
    return x * r, r


def delta_rule(q: Array, k: Array, v: Array, b: Array, s0: Array) -> tuple[Array, DeltaRuleCache]:
    """y_t for t = 1..T of a matrix S that starts at s0: keys and queries (B, T, K), values (B, T, V), s0 (B, K, V),

        e_t = v_t − k̂_t S_{t−1},   S_t = S_{t−1} + β_t k̂_tᵀ e_t,   y_t = q̂_t S_t,   β = σ(b)

    with k̂ = k/√(k·k + 1e-6), and q̂ likewise. b is (B, T). With β = 1 the matrix says v_t of k̂_t from then on, until
    a key that is not at right angles to it is written. `last` of the cache is S_T, the s0 of the next segment.
    Raises InputError where the shapes do not fit.
    Source: Schlag et al. 2021 (arXiv 2102.11174), with the keys of Yang et al. 2024 (arXiv 2406.06484).
    """
    sizes = check_shapes("delta_rule", q=(q, "B T K"), k=(k, "B T K"), v=(v, "B T V"), b=(b, "B T"), s0=(s0, "B K V"))
    (q_hat, r_q), (k_hat, r_k), beta = unit(q), unit(k), logistic(b)[..., None]
    s = np.empty((len(q), sizes["T"] + 1, *s0.shape[1:]), np.result_type(q, k, v, b, s0))
    s[:, 0] = s0                                             # s[:, t]: before step t
    error = np.empty(v.shape, s.dtype)
    for t in range(sizes["T"]):
        k_t = k_hat[:, t, None]                              # (B, 1, K)
        error[:, t] = v[:, t] - (k_t @ s[:, t])[:, 0]
        s[:, t + 1] = s[:, t] + k_t.swapaxes(1, 2) @ (beta[:, t] * error[:, t])[:, None]
    y = (q_hat[:, :, None] @ s[:, 1:])[:, :, 0]
    return y, DeltaRuleCache(q_hat, k_hat, r_q, r_k, beta, error, s, s[:, -1].copy())


def delta_rule_backward(d_y: Array, cache: DeltaRuleCache, d_last: Array | None = None
                        ) -> tuple[Array, Array, Array, Array, Array]:       # -> d_q, d_k, d_v, d_b, d_s0
    """From t = T to 1, with G the gradient of S_t (`d_last` (B, K, V) from beyond the segment), G ← G + q̂ᵀ G_y,

        G_e = β k̂ G,   G_β = k̂ G eᵀ,   G_k̂ = β e Gᵀ − G_e Sᵀ_{t−1},   G_v = G_e,   G_q̂ = G_y Sᵀ_t,   G ← G − k̂ᵀ G_e

    and G_k = (G_k̂ − k̂ (k̂ · G_k̂))/|k|, G_q likewise, G_b = G_β β (1 − β).
    """
    q_hat, k_hat, r_q, r_k, beta, error, s, _ = cache
    d_q_hat = (s[:, 1:] @ d_y[..., None])[..., 0]            # y = q̂ S
    d_k_hat, d_v, d_beta = np.empty_like(k_hat), np.empty_like(error), np.empty_like(beta)
    g = np.zeros_like(s[:, 0]) if d_last is None else d_last
    for t in reversed(range(d_y.shape[1])):
        k_t, e_t = k_hat[:, t, None], error[:, t, None]      # (B, 1, K), (B, 1, V)
        g = g + q_hat[:, t, :, None] @ d_y[:, t, None]
        by_key = k_t @ g                                     # S' = S + β k̂ᵀ e
        d_e = beta[:, t, None] * by_key
        d_beta[:, t] = (by_key * e_t).sum(-1)
        d_k_hat[:, t] = (beta[:, t, None] * e_t @ g.swapaxes(1, 2) - d_e @ s[:, t].swapaxes(1, 2))[:, 0]
        d_v[:, t] = d_e[:, 0]                                # e = v − k̂ S
        g = g - k_t.swapaxes(1, 2) @ d_e
    d_b = (d_beta * beta * (1 - beta))[..., 0]
    return unit_backward(d_q_hat, q_hat, r_q), unit_backward(d_k_hat, k_hat, r_k), d_v, d_b, g


def unit_backward(d_hat: Array, hat: Array, r: Array) -> Array:
    """G_x = r (G_x̂ − x̂ (x̂ · G_x̂))"""
    return r * (d_hat - hat * (hat * d_hat).sum(-1, keepdims=True))
