"""The selective scan: one loop over time for each channel of each stream, its states side by side in the registers"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import KeptScan, backward_twin, contiguous, twin
from minicrt.kernels.vector_math import exp, sigmoid
from minicrt.ops.shapes import check_shapes
from minicrt.parallel import workers

GRAIN = 16                                                   # channels of streams that are worth another thread
SUMS = {"contract", "reassoc"}                               # sums may be taken in any order, lane by lane


@twin(ops.selective_scan)
def selective_scan(x, h0, dt, a_log, b, c, d):
    sizes = check_shapes("selective_scan", x=(x, "B T D"), a_log=(a_log, "D N"), h0=(h0, "B D N"), dt=(dt, "B T D"),
                         b=(b, "B T N"), c=(c, "B T N"), d=(d, "D"))
    B, T, D, N = (sizes[letter] for letter in "BTDN")
    x, h0, dt, b, c, d = (contiguous(array) for array in (x, h0, dt, b, c, d))
    a = -np.exp(contiguous(a_log))
    h, y, delta = pool.empty((B * D, T + 1, N), x.dtype), pool.empty(x.shape, x.dtype), pool.empty(x.shape, x.dtype)
    workers.run(_forward, workers.ranges(B * D, GRAIN), x, h0, dt, a, b, c, d, h, delta, y)
    return y, KeptScan((x, dt, a, b, c, d, h, delta, h[:, -1].reshape(B, D, N)))


@backward_twin(ops.selective_scan_backward)
def selective_scan_backward(d_y, cache, d_last=None):
    x, dt, a, b, c, d, h, delta, last = cache
    d_y = contiguous(d_y, x.dtype)
    g = np.zeros(last.shape, x.dtype) if d_last is None else np.array(d_last, x.dtype, order="C")
    parts = workers.ranges(len(h), GRAIN)
    d_x, d_dt = pool.empty(x.shape, x.dtype), pool.empty(x.shape, x.dtype)
    d_a, d_d = np.zeros((len(parts), *a.shape), x.dtype), np.zeros((len(parts), len(d)), x.dtype)
    d_b, d_c = (np.zeros((len(parts), *b.shape), x.dtype) for _ in range(2))
    workers.run(_backward, parts, d_y, x, dt, a, b, c, d, h, delta, g, d_x, d_dt, d_a, d_b, d_c, d_d)
    return d_x, g, d_dt, d_a.sum(0) * a, d_b.sum(0), d_c.sum(0), d_d.sum(0)


@jit(fastmath=SUMS)
def _forward(_, start, stop, x, h0, dt, a, b, c, d, h, delta, y):
    """h' = exp(Δ A) h + Δ x B,  y = h' C + d x,  Δ = softplus(dt)"""
    T, D, N = x.shape[1], x.shape[2], a.shape[1]
    zero = x.dtype.type(0)
    for row in range(start, stop):
        i, j = row // D, row % D
        rate, states = a[j], h[row]
        states[0] = h0[i, j]
        for t in range(T):
            z = dt[i, t, j]
            step = max(z, zero) + np.log1p(exp(-abs(z)))
            delta[i, t, j] = step
            driven = step * x[i, t, j]
            old, new, b_t, c_t = states[t], states[t + 1], b[i, t], c[i, t]
            for n in range(N):
                new[n] = exp(step * rate[n]) * old[n] + driven * b_t[n]
            total = zero
            for n in range(N):
                total += new[n] * c_t[n]
            y[i, t, j] = total + d[j] * x[i, t, j]


@jit(fastmath=SUMS)
def _backward(part, start, stop, d_y, x, dt, a, b, c, d, h, delta, g, d_x, d_dt, d_a, d_b, d_c, d_d):
    """g is turned from what came from behind the segment into the gradient of h_0; sums over channels or streams are
    those of this range."""
    T, D, N = x.shape[1], x.shape[2], a.shape[1]
    zero = x.dtype.type(0)
    for row in range(start, stop):
        i, j = row // D, row % D
        rate, states, g_row, d_rate = a[j], h[row], g[i, j], d_a[part, j]
        for t in range(T - 1, -1, -1):
            own, step, x_t = d_y[i, t, j], delta[i, t, j], x[i, t, j]
            driven, through_a, through_b = step * x_t, zero, zero
            old, new, b_t, c_t = states[t], states[t + 1], b[i, t], c[i, t]
            d_b_t, d_c_t = d_b[part, i, t], d_c[part, i, t]
            for n in range(N):
                d_c_t[n] += own * new[n]
            for n in range(N):
                g_row[n] += own * c_t[n]                                       # y = h c + d x
            for n in range(N):
                d_b_t[n] += driven * g_row[n]                                  # h' = exp(Δ A) h + Δ x b
            for n in range(N):
                through_b += g_row[n] * b_t[n]
            for n in range(N):
                g_row[n] *= exp(step * rate[n])
            for n in range(N):
                d_exponent = g_row[n] * old[n]
                through_a += d_exponent * rate[n]
                d_rate[n] += step * d_exponent
            d_x[i, t, j] = step * through_b + d[j] * own
            d_dt[i, t, j] = (through_a + x_t * through_b) * sigmoid(dt[i, t, j])
            d_d[part, j] += own * x_t
