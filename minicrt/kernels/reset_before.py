"""The scan that gru(reset_after=False) and ncgru share: two products and two kernels a step"""

import numpy as np

from minicrt.kernels import pool
from minicrt.kernels.compiling import jit, part
from minicrt.kernels.linear import column_sums
from minicrt.kernels.products import product
from minicrt.kernels.twins import Kept, contiguous, from_beyond, rows
from minicrt.kernels.vector_math import CONTRACT, sigmoid, tanh
from minicrt.ops.reset_before import checked_sizes


def scan(x, h0, w, u, b, candidate, operation):
    B, T, D = checked_sizes(x, h0, w, u, b, candidate, operation)
    modrelu = candidate == "modrelu"
    x_rows = rows(x.swapaxes(0, 1))                          # time first, (T B, I)
    x_side = product(x_rows, w).reshape(T, B, 3 * D)
    h = pool.empty((T + 1, B, D), x.dtype)                 # h[t] is the state before step t
    h[0] = h0
    gates = pool.empty((T, B, 4 * D), x.dtype)             # r, z, n, and the argument of n's activation
    reset = pool.empty((T, B, D), x.dtype)                 # r h
    u_rz, u_n, b = contiguous(u[:, :2 * D]), contiguous(u[:, 2 * D:]), contiguous(b)
    h_rz, h_n = np.empty((B, 2 * D), x.dtype), np.empty((B, D), x.dtype)
    for t in range(T):
        np.matmul(h[t], u_rz, out=h_rz)
        _gates(x_side[t], h_rz, b, h[t], gates[t], reset[t])
        np.matmul(reset[t], u_n, out=h_n)
        _state(x_side[t], h_n, b, h[t], gates[t], h[t + 1], modrelu)
    return h[1:].swapaxes(0, 1), Kept((modrelu, x_rows, w, u_rz, u_n, b, h, gates, reset))


def scan_backward(d_h, cache, d_last=None):
    modrelu, x_rows, w, u_rz, u_n, b, h, gates, reset = cache
    T, B, D = reset.shape
    d_h = contiguous(d_h.swapaxes(0, 1), h.dtype)
    d_a = pool.empty((T, B, 3 * D), h.dtype)
    g = from_beyond(d_last, (B, D), h.dtype)
    d_v, d_rh, through_u = np.empty((B, D), h.dtype), np.empty((B, D), h.dtype), np.zeros((B, D), h.dtype)
    d_rz, d_b_n = np.empty((B, 2 * D), h.dtype), np.zeros(D, h.dtype)
    u_rz_t, u_n_t = contiguous(u_rz.T), contiguous(u_n.T)    # for few rows BLAS is twice as fast with them
    for t in reversed(range(T)):
        _candidate_backward(d_h[t], through_u, h[t], gates[t], b, g, d_a[t], d_v, d_b_n, modrelu)
        np.matmul(d_v, u_n_t, out=d_rh)                      # v = ... + (r h) @ u_n
        _gates_backward(d_rh, h[t], gates[t], g, d_a[t], d_rz)
        np.matmul(d_rz, u_rz_t, out=through_u)
    d_a_rows = d_a.reshape(T * B, -1)
    d_b = column_sums(d_a_rows)
    d_b[2 * D:] = d_b_n
    d_u = np.concatenate([product(h[:-1].reshape(T * B, -1).T, d_a_rows[:, :2 * D]),
                          product(reset.reshape(T * B, -1).T, d_a_rows[:, 2 * D:])], axis=1)
    d_x = product(d_a_rows, w.T).reshape(T, B, -1).swapaxes(0, 1)
    return d_x, g + through_u, product(x_rows.T, d_a_rows), d_u, d_b


@jit(fastmath=CONTRACT)
def _gates(x_side, h_rz, b, h, gates, reset):
    """r, z = σ(…), and r ⊙ h"""
    D = h.shape[1]
    for i in range(h.shape[0]):
        rz, x_rz, own = gates[i], x_side[i], h_rz[i]
        for j in range(2 * D):
            rz[j] = sigmoid(x_rz[j] + b[j] + own[j])
        for j in range(D):
            reset[i, j] = rz[j] * h[i, j]


@jit(fastmath=CONTRACT)
def _state(x_side, h_n, b, h, gates, h_next, modrelu):
    """n = tanh(v + b_n) or relu(|v| + b_n) sign(v),  h' = (1 − z) n + z h"""
    D = h.shape[1]
    one = h.dtype.type(1)
    b_n = b[2 * D:]
    for i in range(h.shape[0]):
        z, n, v, x_n = gates[i, D:2 * D], gates[i, 2 * D:3 * D], gates[i, 3 * D:], x_side[i, 2 * D:]
        for j in range(D):
            v[j] = x_n[j] + h_n[i, j]
        candidate(v, b_n, modrelu, n)
        for j in range(D):
            h_next[i, j] = (one - z[j]) * n[j] + z[j] * h[i, j]


@part(fastmath=CONTRACT)
def candidate(v, b_n, modrelu, n):                           # (D,) each
    """n = relu(|v| + b_n) sign(v), or tanh(v + b_n)"""
    zero = v.dtype.type(0)
    if modrelu:
        for j in range(v.shape[0]):
            size = abs(v[j]) + b_n[j]
            signed = size if v[j] > zero else -size
            n[j] = signed if size > zero and v[j] != zero else zero * v[j]               # NaN stays NaN
    else:
        for j in range(v.shape[0]):
            n[j] = tanh(v[j] + b_n[j])


@jit(fastmath=CONTRACT)
def _candidate_backward(d_h, through_u, h, gates, b, g, d_a, d_v, d_b_n, modrelu):
    """G_n = g (1 − z), G_v = f′ G_n, and G_{a_z}; what g has left is by way of z"""
    D = h.shape[1]
    zero, one = h.dtype.type(0), h.dtype.type(1)
    b_n = b[2 * D:]
    for i in range(h.shape[0]):
        z, n, v = gates[i, D:2 * D], gates[i, 2 * D:3 * D], gates[i, 3 * D:]
        d_a_z, d_a_v = d_a[i, D:2 * D], d_a[i, 2 * D:]
        for j in range(D):
            g[i, j] += through_u[i, j] + d_h[i, j]
        if modrelu:
            for j in range(D):
                active = abs(v[j]) + b_n[j] > zero and v[j] != zero
                d_v[i, j] = g[i, j] * (one - z[j]) if active else zero
                d_b_n[j] += d_v[i, j] if v[j] > zero else -d_v[i, j]
        else:
            for j in range(D):
                d_v[i, j] = g[i, j] * (one - z[j]) * (one - n[j] * n[j])
                d_b_n[j] += d_v[i, j]
        for j in range(D):
            d_a_v[j] = d_v[i, j]
            d_a_z[j] = g[i, j] * (h[i, j] - n[j]) * z[j] * (one - z[j])
            g[i, j] *= z[j]


@jit(fastmath=CONTRACT)
def _gates_backward(d_rh, h, gates, g, d_a, d_rz):
    """G_{a_r} = G_{rh} h r (1 − r); by way of the reset state g gets G_{rh} r"""
    D = h.shape[1]
    one = h.dtype.type(1)
    for i in range(h.shape[0]):
        r = gates[i]
        for j in range(D):
            d_a[i, j] = d_rh[i, j] * h[i, j] * r[j] * (one - r[j])
            g[i, j] += d_rh[i, j] * r[j]
        for j in range(2 * D):
            d_rz[i, j] = d_a[i, j]
