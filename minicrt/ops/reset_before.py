"""The scan that gru(reset_after=False) and ncgru share: the reset gate acts before the recurrent product"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.activations import logistic, modrelu, modrelu_backward, tanh, tanh_backward
from minicrt.ops.linear import LinearCache, linear, linear_backward, rows
from minicrt.ops.shapes import Array, check_shapes


class ResetBeforeCache(NamedTuple):
    candidate: str
    x: LinearCache                                           # of x W
    h: Array                                                 # (B, T + 1, D), from h0 on
    u: Array                                                 # (D, 3D)
    rz: Array                                                # (B, T, 2D)
    n: Array                                                 # (B, T, D)
    f: list[Any]                                             # the cache of f at each step


def scan(x: Array, h0: Array, w: Array, u: Array, b: Array, candidate: str, operation: str
         ) -> tuple[Array, ResetBeforeCache]:                # (B, T, I), (B, D) -> (B, T, D)
    """r, z = σ(x W + h U + b),   n = f(x W_n + (r ⊙ h) U_n, b_n),   h' = (1 − z) ⊙ n + z ⊙ h

    f(v, b_n) = tanh(v + b_n) for candidate "tanh", modrelu(v, b_n) for "modrelu".
    """
    B, T, D = checked_sizes(x, h0, w, u, b, candidate, operation)
    x_side, x_cache = linear(x, w)                           # (B, T, 3D)
    dtype = np.result_type(x_side, h0, u, b)                 # one complex argument makes all of it complex
    h = np.empty((B, T + 1, D), dtype)                       # h[:, t] is the state before step t
    h[:, 0] = h0
    rz, n = np.empty((B, T, 2 * D), h.dtype), np.empty((B, T, D), h.dtype)
    f_caches = []
    for t in range(T):
        rz[:, t] = logistic(x_side[:, t, :2 * D] + h[:, t] @ u[:, :2 * D] + b[:2 * D])
        r, z = rz[:, t, :D], rz[:, t, D:]
        v = x_side[:, t, 2 * D:] + (r * h[:, t]) @ u[:, 2 * D:]
        n[:, t], f_cache = modrelu(v, b[2 * D:]) if candidate == "modrelu" else tanh(v + b[2 * D:])
        f_caches.append(f_cache)
        h[:, t + 1] = (1 - z) * n[:, t] + z * h[:, t]
    return h[:, 1:], ResetBeforeCache(candidate, x_cache, h, u, rz, n, f_caches)


def checked_sizes(x: Array, h0: Array, w: Array, u: Array, b: Array, candidate: str, operation: str
                  ) -> tuple[int, ...]:
    """B, T, D; raises InputError for shapes that do not fit and for an unknown candidate activation."""
    if candidate not in ("tanh", "modrelu"):
        raise InputError(f"{operation}: the candidate activation is {candidate!r}, expected 'tanh' or 'modrelu'")
    sizes = check_shapes(operation, x=(x, "B T I"), h0=(h0, "B D"), w=(w, "I 3D"), u=(u, "D 3D"), b=(b, "3D"))
    return tuple(sizes[letter] for letter in "BTD")


def scan_backward(d_h: Array, cache: ResetBeforeCache, d_last: Array | None = None
                  ) -> tuple[Array, ...]:                    # (B, T, D) -> d_x, d_h0, d_w, d_u, d_b
    """From t = T to 1, with g the gradient of h_t (`d_last` (B, D) from beyond the segment) and v the argument of f:

        G_v = f'(g (1 − z)),   G_{rh} = G_v U_nᵀ,   G_{a_r} = G_{rh} h r (1 − r),   G_{a_z} = g (h − n) z (1 − z)
        g ← g z + G_{rh} r + [G_{a_r}, G_{a_z}] U_{rz}ᵀ
    """
    candidate, x_cache, h, u, rz, n, f_caches = cache
    B, T, D = n.shape
    h_before, r, z = h[:, :-1], rz[..., :D], rz[..., D:]
    slope_z = (h_before - n) * z * (1 - z)                   # h' = (1 - z) n + z h,  z = σ(a_z)
    slope_r = h_before * r * (1 - r)                         # v = ... + (r h) @ u_n, r = σ(a_r)
    d_a = np.empty((B, T, 3 * D), h.dtype)                   # of a_r, a_z and v
    d_b_n = np.zeros(D, h.dtype)
    g = np.zeros((B, D), h.dtype) if d_last is None else d_last
    for t in reversed(range(T)):
        g = g + d_h[:, t]
        d_n = g * (1 - z[:, t])
        if candidate == "modrelu":
            d_v, d_bias = modrelu_backward(d_n, f_caches[t])
        else:
            d_v = tanh_backward(d_n, f_caches[t])
            d_bias = d_v.sum(0)                              # n = tanh(v + b_n)
        d_b_n += d_bias
        d_rh = d_v @ u[:, 2 * D:].T
        d_a[:, t, :D] = d_rh * slope_r[:, t]
        d_a[:, t, D:2 * D] = g * slope_z[:, t]
        d_a[:, t, 2 * D:] = d_v
        g = g * z[:, t] + d_rh * r[:, t] + d_a[:, t, :2 * D] @ u[:, :2 * D].T
    d_x, d_w, _ = linear_backward(d_a, x_cache)
    d_u = np.concatenate([rows(h_before).T @ rows(d_a[..., :2 * D]),
                          rows(r * h_before).T @ rows(d_a[..., 2 * D:])], axis=1)
    d_b = np.concatenate([d_a[..., :2 * D].sum((0, 1)), d_b_n])
    return d_x, g, d_w, d_u, d_b
