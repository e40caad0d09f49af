"""S4D as a recurrence: one loop over time for each channel of each stream

The convolution is the specification's own: a Fourier transform is a library's.
"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import KeptScan, backward_twin, contiguous, from_beyond, twin
from minicrt.ops.complex_pairs import parts
from minicrt.ops.s4d import discretised, discretised_backward
from minicrt.ops.shapes import check_shapes
from minicrt.parallel import workers

GRAIN = 16                                                   # channels of streams that are worth another thread
SUMS = {"contract", "reassoc"}                               # sums may be taken in any order, lane by lane


@twin(ops.s4d)
def s4d(x, h0, log_dt, log_a, a_im, c, d, transform=False):
    if transform:
        return ops.s4d(x, h0, log_dt, log_a, a_im, c, d, transform)
    sizes = check_shapes("s4d", x=(x, "B T D"), log_a=(log_a, "D N"), h0=(h0, "B D 2N"), log_dt=(log_dt, "D"),
                         a_im=(a_im, "D N"), c=(c, "D 2N"), d=(d, "D"))
    B, T, D, N = (sizes[letter] for letter in "BTDN")
    x, h0, c, d = (contiguous(array) for array in (x, h0, c, d))
    system = discretised(log_dt, log_a, a_im)
    a_bar, b_bar = system.a_bar.joined(), system.b_bar.joined()            # (D, 2N)
    h, y = pool.empty((B * D, T + 1, 2 * N), x.dtype), pool.empty(x.shape, x.dtype)
    workers.run(_forward, workers.ranges(B * D, GRAIN), x, h0, a_bar, b_bar, c, d, h, y)
    return y, KeptScan((x, system, a_bar, b_bar, c, d, h, h[:, -1].reshape(B, D, 2 * N)))


@backward_twin(ops.s4d_backward)
def s4d_backward(d_y, cache, d_last=None):
    x, system, a_bar, b_bar, c, d, h, last = cache
    d_y = contiguous(d_y, x.dtype)
    g = from_beyond(d_last, last.shape, x.dtype)
    ranges = workers.ranges(len(h), GRAIN)
    d_x, d_d = pool.empty(x.shape, x.dtype), np.zeros((len(ranges), len(d)), x.dtype)
    d_a_bar, d_b_bar, d_c = (np.zeros((len(ranges), *c.shape), x.dtype) for _ in range(3))
    workers.run(_backward, ranges, d_y, x, a_bar, b_bar, c, d, h, g, d_x, d_a_bar, d_b_bar, d_c, d_d)
    d_system = discretised_backward(parts(d_a_bar.sum(0)), parts(d_b_bar.sum(0)), system)
    return d_x, g, *d_system, d_c.sum(0), d_d.sum(0)


@jit(fastmath=SUMS)
def _forward(_, start, stop, x, h0, a_bar, b_bar, c, d, h, y):
    """h' = Ā h + B̄ x,  y = 2 Re Σ C h' + d x"""
    T, D, N = x.shape[1], x.shape[2], c.shape[1] // 2
    zero, two = x.dtype.type(0), x.dtype.type(2)
    for row in range(start, stop):
        i, j = row // D, row % D
        a_re, a_im, b_re, b_im = a_bar[j, :N], a_bar[j, N:], b_bar[j, :N], b_bar[j, N:]
        c_re, c_im, states = c[j, :N], c[j, N:], h[row]
        first, given = states[0], h0[i, j]
        for n in range(2 * N):
            first[n] = given[n]
        for t in range(T):
            x_t = x[i, t, j]
            re, im, new_re, new_im = states[t, :N], states[t, N:], states[t + 1, :N], states[t + 1, N:]
            for n in range(N):
                new_re[n] = a_re[n] * re[n] - a_im[n] * im[n] + b_re[n] * x_t
            for n in range(N):
                new_im[n] = a_im[n] * re[n] + a_re[n] * im[n] + b_im[n] * x_t
            total = zero
            for n in range(N):
                total += c_re[n] * new_re[n] - c_im[n] * new_im[n]
            y[i, t, j] = two * total + d[j] * x_t


@jit(fastmath=SUMS)
def _backward(part, start, stop, d_y, x, a_bar, b_bar, c, d, h, g, d_x, d_a_bar, d_b_bar, d_c, d_d):
    """g is turned from what came from behind the segment into the gradient of h_0; sums are those of this range."""
    T, D, N = x.shape[1], x.shape[2], c.shape[1] // 2
    zero, two = x.dtype.type(0), x.dtype.type(2)
    for row in range(start, stop):
        i, j = row // D, row % D
        a_re, a_im, b_re, b_im = a_bar[j, :N], a_bar[j, N:], b_bar[j, :N], b_bar[j, N:]
        c_re, c_im, g_re, g_im, states = c[j, :N], c[j, N:], g[i, j, :N], g[i, j, N:], h[row]
        d_a_re, d_a_im, d_b = d_a_bar[part, j, :N], d_a_bar[part, j, N:], d_b_bar[part, j]
        d_c_re, d_c_im, g_row = d_c[part, j, :N], d_c[part, j, N:], g[i, j]
        for t in range(T - 1, -1, -1):
            own, x_t, total = two * d_y[i, t, j], x[i, t, j], zero
            re, im, new_re, new_im = states[t, :N], states[t, N:], states[t + 1, :N], states[t + 1, N:]
            for n in range(N):
                d_c_re[n] += own * new_re[n]                                   # y = 2 Re Σ c h + d x
                d_c_im[n] -= own * new_im[n]
            for n in range(N):
                g_re[n] += own * c_re[n]
                g_im[n] -= own * c_im[n]
            for n in range(N):
                total += b_re[n] * g_re[n] + b_im[n] * g_im[n]                 # h' = Ā h + B̄ x
            for n in range(2 * N):
                d_b[n] += g_row[n] * x_t
            for n in range(N):
                d_a_re[n] += g_re[n] * re[n] + g_im[n] * im[n]
                d_a_im[n] += g_im[n] * re[n] - g_re[n] * im[n]
            for n in range(N):
                back = a_re[n] * g_re[n] + a_im[n] * g_im[n]
                g_im[n] = a_re[n] * g_im[n] - a_im[n] * g_re[n]
                g_re[n] = back
            d_x[i, t, j] = total + d[j] * d_y[i, t, j]
            d_d[part, j] += d_y[i, t, j] * x_t
