"""A gated recurrent unit over a segment, in its two published forms"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops import reset_before
from minicrt.ops.activations import logistic
from minicrt.ops.linear import LinearCache, linear, linear_backward, rows
from minicrt.ops.reset_before import ResetBeforeCache
from minicrt.ops.shapes import Array, check_shapes


class GRUCache(NamedTuple):
    """Of reset_after=True"""

    x: LinearCache                                           # of x W + b
    h: Array                                                 # (B, T + 1, D), from h0 on
    u: Array                                                 # (D, 3D)
    rz: Array                                                # (B, T, 2D)
    n: Array                                                 # (B, T, D)
    c: Array                                                 # h U_n + b_hn, (B, T, D)


def gru(x: Array, h0: Array, w: Array, u: Array, b: Array, b_hn: Array | None = None, reset_after: bool = True
        ) -> tuple[Array, GRUCache | ResetBeforeCache]:      # (B, T, I), (B, D) -> (B, T, D)
    """h_t for t = 1..T, started at h0. Blocks of w (I, 3D), u (D, 3D) and b (3D,) stand in the order r, z, n.

        r = σ(x W_r + h U_r + b_r),   z = σ(x W_z + h U_z + b_z),   h' = (1 − z) ⊙ n + z ⊙ h
        reset_after=True:    n = tanh(x W_n + b_n + r ⊙ (h U_n + b_hn))     (cuDNN, PyTorch, ONNX linear_before_reset=1)
        reset_after=False:   n = tanh(x W_n + b_n + (r ⊙ h) U_n)            (Cho 2014, ONNX linear_before_reset=0)

    `b_hn` (D,) belongs to the first form only. PyTorch's second bias of r and z is redundant: add it to b.
    Raises InputError where the shapes do not fit or b_hn is missing or superfluous.
    Sources: Cho et al. 2014 (arXiv 1406.1078); docs.pytorch.org, GRU; docs/spec.md, 1.9.
    """
    if reset_after != (b_hn is not None):
        raise InputError(f"gru: b_hn is {'missing' if reset_after else 'given'}, but it belongs to reset_after=True "
                         "and to that form alone")
    if not reset_after:
        return reset_before.scan(x, h0, w, u, b, "tanh", "gru")
    sizes = check_shapes("gru", x=(x, "B T I"), h0=(h0, "B D"), w=(w, "I 3D"), u=(u, "D 3D"), b=(b, "3D"),
                         b_hn=(b_hn, "D"))
    B, T, D = (sizes[letter] for letter in "BTD")
    x_side, x_cache = linear(x, w, b)                        # (B, T, 3D)
    dtype = np.result_type(x_side, h0, u, b_hn)              # one complex argument makes all of it complex
    h = np.empty((B, T + 1, D), dtype)                       # h[:, t] is the state before step t
    h[:, 0] = h0
    rz, n, c = np.empty((B, T, 2 * D), h.dtype), np.empty((B, T, D), h.dtype), np.empty((B, T, D), h.dtype)
    for t in range(T):
        h_side = h[:, t] @ u                                 # (B, 3D)
        rz[:, t] = logistic(x_side[:, t, :2 * D] + h_side[:, :2 * D])
        r, z = rz[:, t, :D], rz[:, t, D:]
        c[:, t] = h_side[:, 2 * D:] + b_hn
        n[:, t] = np.tanh(x_side[:, t, 2 * D:] + r * c[:, t])
        h[:, t + 1] = (1 - z) * n[:, t] + z * h[:, t]
    return h[:, 1:], GRUCache(x_cache, h, u, rz, n, c)


def gru_backward(d_h: Array, cache: GRUCache | ResetBeforeCache, d_last: Array | None = None
                 ) -> tuple[Array | None, ...]:              # (B, T, D) -> d_x, d_h0, d_w, d_u, d_b, d_b_hn or None
    """From t = T to 1, with g the gradient of h_t: its own and what came back from step t + 1 (`d_last` (B, D) from
    beyond the segment, where h_T went on to the next),

        G_{a_n} = g (1 − z)(1 − n²),   G_{a_z} = g (h − n) z (1 − z),   G_{a_r} = G_{a_n} c r (1 − r)
        g ← g z + [G_{a_r}, G_{a_z}, G_{a_n} r] Uᵀ

    with a the arguments of σ and tanh, and c = h U_n + b_hn. The products for w, u and x are taken once for all t.
    """
    if isinstance(cache, ResetBeforeCache):
        return *reset_before.scan_backward(d_h, cache, d_last), None
    x_cache, h, u, rz, n, c = cache
    B, T, D = n.shape
    h_before, r, z = h[:, :-1], rz[..., :D], rz[..., D:]
    slope_n = (1 - z) * (1 - n * n)                          # h' = (1 - z) n + z h,  n = tanh(a_n)
    slope_z = (h_before - n) * z * (1 - z)                   # z = σ(a_z)
    slope_r = c * r * (1 - r)                                # a_n = ... + r c,  r = σ(a_r)
    d_x_side, d_h_side = np.empty((B, T, 3 * D), h.dtype), np.empty((B, T, 3 * D), h.dtype)
    g = np.zeros((B, D), h.dtype) if d_last is None else d_last
    for t in reversed(range(T)):
        g = g + d_h[:, t]
        d_a_n = g * slope_n[:, t]
        d_h_side[:, t, :D] = d_a_n * slope_r[:, t]
        d_h_side[:, t, D:2 * D] = g * slope_z[:, t]
        d_h_side[:, t, 2 * D:] = d_a_n * r[:, t]
        d_x_side[:, t, 2 * D:] = d_a_n
        g = g * z[:, t] + d_h_side[:, t] @ u.T               # h_side = h @ u
    d_x_side[..., :2 * D] = d_h_side[..., :2 * D]            # the two sides are added inside r and z
    d_u = rows(h_before).T @ rows(d_h_side)
    d_x, d_w, d_b = linear_backward(d_x_side, x_cache)
    return d_x, g, d_w, d_u, d_b, d_h_side[..., 2 * D:].sum((0, 1))
