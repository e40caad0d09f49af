"""The selective scan: one loop over time for some channels of a stream, which stand side by side in the registers"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import KeptScan, backward_twin, contiguous, from_beyond, twin
from minicrt.kernels.vector_math import exp, sigmoid
from minicrt.ops.shapes import check_shapes
from minicrt.parallel import workers

BLOCK = 128                                                  # channels that one loop over time takes
SUMS = {"contract", "reassoc"}                               # sums may be taken in any order, lane by lane


@twin(ops.selective_scan)
def selective_scan(x, h0, dt, a_log, b, c, d):
    sizes = check_shapes("selective_scan", x=(x, "B T D"), a_log=(a_log, "D N"), h0=(h0, "B D N"), dt=(dt, "B T D"),
                         b=(b, "B T N"), c=(c, "B T N"), d=(d, "D"))
    B, T, D, N = (sizes[letter] for letter in "BTDN")
    x, dt, b, c, d = (contiguous(array) for array in (x, dt, b, c, d))
    a = contiguous(-np.exp(a_log).T)                         # (N, D): channels next to each other
    h, y, delta = pool.empty((B, T + 1, N, D), x.dtype), pool.empty(x.shape, x.dtype), pool.empty(x.shape, x.dtype)
    h[:, 0] = h0.swapaxes(1, 2)
    workers.run(_forward, workers.ranges(B * blocks(D)), x, dt, a, b, c, d, h, delta, y)
    return y, KeptScan((x, dt, a, b, c, d, h, delta, h[:, -1].swapaxes(1, 2)))


@backward_twin(ops.selective_scan_backward)
def selective_scan_backward(d_y, cache, d_last=None):
    x, dt, a, b, c, d, h, delta, last = cache
    d_y = contiguous(d_y, x.dtype)
    g = np.ascontiguousarray(from_beyond(d_last, last.shape, x.dtype).swapaxes(1, 2))
    parts = workers.ranges(len(x) * blocks(x.shape[2]))
    d_x, d_dt = pool.empty(x.shape, x.dtype), pool.empty(x.shape, x.dtype)
    d_a, d_d = np.zeros((len(parts), *a.shape), x.dtype), np.zeros((len(parts), len(d)), x.dtype)
    d_b, d_c = (np.zeros((len(parts), *b.shape), x.dtype) for _ in range(2))
    workers.run(_backward, parts, d_y, x, dt, a, b, c, d, h, delta, g, d_x, d_dt, d_a, d_b, d_c, d_d)
    return d_x, g.swapaxes(1, 2), d_dt, (d_a.sum(0) * a).T, d_b.sum(0), d_c.sum(0), d_d.sum(0)


def blocks(channels):
    """How many loops over time the channels of a stream take"""
    return -(-channels // BLOCK)


@jit(fastmath=SUMS)
def _forward(_, start, stop, x, dt, a, b, c, d, h, delta, y):
    """h' = exp(Δ A) h + Δ x B,  y = h' C + d x,  Δ = softplus(dt)"""
    T, D, N = x.shape[1], x.shape[2], a.shape[0]
    each, zero = (D + BLOCK - 1) // BLOCK, x.dtype.type(0)
    driven = np.empty(BLOCK, x.dtype)
    for item in range(start, stop):
        i, low = item // each, item % each * BLOCK
        high = min(low + BLOCK, D)
        for t in range(T):
            x_t, z, step, y_t, d_own = x[i, t, low:high], dt[i, t, low:high], delta[i, t, low:high], \
                y[i, t, low:high], d[low:high]
            for j in range(len(x_t)):
                step[j] = max(z[j], zero) + np.log1p(exp(-abs(z[j])))
            for j in range(len(x_t)):
                driven[j] = step[j] * x_t[j]
                y_t[j] = d_own[j] * x_t[j]
            for n in range(N):
                rate, old, new, b_n, c_n = a[n, low:high], h[i, t, n, low:high], h[i, t + 1, n, low:high], b[i, t, n], \
                    c[i, t, n]
                for j in range(len(x_t)):
                    state = exp(step[j] * rate[j]) * old[j] + driven[j] * b_n
                    new[j] = state
                    y_t[j] += state * c_n


@jit(fastmath=SUMS)
def _backward(part, start, stop, d_y, x, dt, a, b, c, d, h, delta, g, d_x, d_dt, d_a, d_b, d_c, d_d):
    """g is turned from what came from behind the segment into the gradient of h_0; sums over channels or streams are
    those of this range."""
    T, D, N = x.shape[1], x.shape[2], a.shape[0]
    each, zero = (D + BLOCK - 1) // BLOCK, x.dtype.type(0)
    driven, through_a, through_b = np.empty(BLOCK, x.dtype), np.empty(BLOCK, x.dtype), np.empty(BLOCK, x.dtype)
    for item in range(start, stop):
        i, low = item // each, item % each * BLOCK
        high = min(low + BLOCK, D)
        for t in range(T - 1, -1, -1):
            own, x_t, step, z = d_y[i, t, low:high], x[i, t, low:high], delta[i, t, low:high], dt[i, t, low:high]
            d_x_t, d_dt_t, d_own, d_d_own = d_x[i, t, low:high], d_dt[i, t, low:high], d[low:high], \
                d_d[part, low:high]
            for j in range(len(own)):
                driven[j] = step[j] * x_t[j]
                through_a[j] = zero
                through_b[j] = zero
                d_d_own[j] += own[j] * x_t[j]
            for n in range(N):
                rate, old, new, g_n, d_rate = a[n, low:high], h[i, t, n, low:high], h[i, t + 1, n, low:high], \
                    g[i, n, low:high], d_a[part, n, low:high]
                b_n, c_n, of_b, of_c = b[i, t, n], c[i, t, n], zero, zero
                for j in range(len(own)):
                    of_c += own[j] * new[j]
                    state = g_n[j] + own[j] * c_n                              # y = h c + d x
                    of_b += driven[j] * state                                  # h' = exp(Δ A) h + Δ x b
                    through_b[j] += state * b_n
                    state = state * exp(step[j] * rate[j])
                    d_exponent = state * old[j]
                    through_a[j] += d_exponent * rate[j]
                    d_rate[j] += step[j] * d_exponent
                    g_n[j] = state
                d_b[part, i, t, n] += of_b
                d_c[part, i, t, n] += of_c
            for j in range(len(own)):
                d_x_t[j] = step[j] * through_b[j] + d_own[j] * own[j]
                d_dt_t[j] = (through_a[j] + x_t[j] * through_b[j]) * sigmoid(z[j])
