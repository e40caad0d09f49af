"""The GRU's scans: a product for all time steps at once, and one product and one kernel a step.

Within, time comes first, so that what a step reads and writes lies together.
"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool, reset_before
from minicrt.kernels.compiling import jit
from minicrt.kernels.products import product
from minicrt.kernels.twins import Kept, backward_twin, contiguous, from_beyond, rows, twin
from minicrt.kernels.vector_math import CONTRACT, sigmoid, tanh
from minicrt.ops.shapes import check_shapes


@twin(ops.gru)
def gru(x, h0, w, u, b, b_hn=None, reset_after=True):
    if reset_after != (b_hn is not None):
        return ops.gru(x, h0, w, u, b, b_hn, reset_after)    # which says what is wrong
    if not reset_after:
        h, cache = reset_before.scan(x, h0, w, u, b, "tanh", "gru")
        return h, Kept((reset_after, cache))
    sizes = check_shapes("gru", x=(x, "B T I"), h0=(h0, "B D"), w=(w, "I 3D"), u=(u, "D 3D"), b=(b, "3D"),
                         b_hn=(b_hn, "D"))
    B, T, D = (sizes[letter] for letter in "BTD")
    x_rows = rows(x.swapaxes(0, 1))                          # (T B, I)
    x_side = product(x_rows, w).reshape(T, B, 3 * D)
    h, gates = pool.empty((T + 1, B, D), x.dtype), pool.empty((T, B, 4 * D), x.dtype)
    h[0] = h0                                                # h[t] is the state before step t
    h_side = np.empty((B, 3 * D), x.dtype)
    u, b, b_hn = contiguous(u), contiguous(b), contiguous(b_hn)
    for t in range(T):
        np.matmul(h[t], u, out=h_side)
        _step(x_side[t], h_side, b, b_hn, h[t], gates[t], h[t + 1])
    return h[1:].swapaxes(0, 1), Kept((reset_after, (x_rows, w, u, h, gates)))


@backward_twin(ops.gru_backward)
def gru_backward(d_h, cache, d_last=None):
    reset_after, cache = cache
    if not reset_after:
        return *reset_before.scan_backward(d_h, cache, d_last), None
    x_rows, w, u, h, gates = cache
    T, B, D = gates.shape[0], gates.shape[1], h.shape[2]
    d_h = contiguous(d_h.swapaxes(0, 1), h.dtype)            # (T, B, D)
    d_x_side, d_h_side = (pool.empty((T, B, 3 * D), h.dtype) for _ in range(2))
    g = from_beyond(d_last, (B, D), h.dtype)
    through_u, d_b, d_b_hn = np.zeros((B, D), h.dtype), np.zeros(3 * D, h.dtype), np.zeros(D, h.dtype)
    u_t = contiguous(u.T)                                    # for few rows BLAS is twice as fast with it
    for t in reversed(range(T)):
        _step_backward(d_h[t], h[t], gates[t], through_u, g, d_x_side[t], d_h_side[t], d_b, d_b_hn)
        np.matmul(d_h_side[t], u_t, out=through_u)           # h_side = h @ u
    d_x_rows, d_h_rows = d_x_side.reshape(T * B, -1), d_h_side.reshape(T * B, -1)
    d_x = product(d_x_rows, w.T).reshape(T, B, -1).swapaxes(0, 1)
    return d_x, g + through_u, product(x_rows.T, d_x_rows), product(h[:-1].reshape(T * B, -1).T, d_h_rows), d_b, d_b_hn


@jit(fastmath=CONTRACT)
def _step(x_side, h_side, b, b_hn, h, gates, h_next):
    """r, z = σ(…),  c = h U_n + b_hn,  n = tanh(… + r c),  h' = (1 − z) n + z h;  the gates hold r, z, n, c"""
    D = h.shape[1]
    one = h.dtype.type(1)
    b_n = b[2 * D:]
    for i in range(h.shape[0]):                              # one loop an array written: so LLVM vectorises each
        r, z, n, c = gates[i, :D], gates[i, D:2 * D], gates[i, 2 * D:3 * D], gates[i, 3 * D:]
        rz, x_rz, x_n, h_rz, h_n = gates[i, :2 * D], x_side[i], x_side[i, 2 * D:], h_side[i], h_side[i, 2 * D:]
        before, after = h[i], h_next[i]
        for j in range(2 * D):
            rz[j] = sigmoid(x_rz[j] + b[j] + h_rz[j])
        for j in range(D):
            c[j] = h_n[j] + b_hn[j]
        for j in range(D):
            n[j] = tanh(x_n[j] + b_n[j] + r[j] * c[j])
        for j in range(D):
            after[j] = (one - z[j]) * n[j] + z[j] * before[j]


@jit(fastmath=CONTRACT)
def _step_backward(d_h, h, gates, through_u, g, d_x_side, d_h_side, d_b, d_b_hn):
    """g is turned from what step t + 1 gave by way of z into what step t gives; by way of U it gave `through_u`. The
    gradients of the biases are added up while their rows are in the cache."""
    D = h.shape[1]
    one = h.dtype.type(1)
    for i in range(h.shape[0]):
        r, z, n, c = gates[i, :D], gates[i, D:2 * D], gates[i, 2 * D:3 * D], gates[i, 3 * D:]
        d_a_r, d_a_z, d_c, d_a_n = d_h_side[i, :D], d_h_side[i, D:2 * D], d_h_side[i, 2 * D:], d_x_side[i, 2 * D:]
        before, g_i, own, came = h[i], g[i], d_h[i], through_u[i]
        for j in range(D):
            g_i[j] += came[j] + own[j]
        for j in range(D):
            d_a_n[j] = g_i[j] * (one - z[j]) * (one - n[j] * n[j])             # h' = (1 - z) n + z h,  n = tanh(a_n)
        for j in range(D):
            d_a_z[j] = g_i[j] * (before[j] - n[j]) * z[j] * (one - z[j])       # z = σ(a_z)
        for j in range(D):
            d_c[j] = d_a_n[j] * r[j]                                           # a_n = ... + r c
        for j in range(D):
            d_a_r[j] = d_c[j] * c[j] * (one - r[j])                            # r = σ(a_r)
        for j in range(D):
            g_i[j] *= z[j]
        d_x_i, d_a_rz = d_x_side[i], d_h_side[i]
        for j in range(2 * D):
            d_x_i[j] = d_a_rz[j]                                               # the two sides are added in r and z
        for j in range(3 * D):
            d_b[j] += d_x_i[j]
        for j in range(D):
            d_b_hn[j] += d_c[j]
