"""Layer normalisation: a row is read once and stays in the cache for its mean, its variance and its result"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit, part
from minicrt.kernels.twins import Kept, backward_twin, rows, twin
from minicrt.ops.shapes import check_shapes
from minicrt.parallel import workers

GRAIN = 64                                                   # rows that are worth another thread
SUMS = {"contract", "reassoc"}                               # sums may be taken in any order, lane by lane


@twin(ops.layer_norm)
def layer_norm(x, gain, bias, eps=1e-5):
    check_shapes("layer_norm", x=(x, "... D"), gain=(gain, "D"), bias=(bias, "D"))
    x_rows = rows(x)
    y, moments = pool.empty(x_rows.shape, x.dtype), pool.empty((len(x_rows), 2), x.dtype)
    workers.run(_forward, workers.ranges(len(x_rows), GRAIN), x_rows, rows(gain)[0], rows(bias)[0], x.dtype.type(eps),
                y, moments)
    return y.reshape(x.shape), Kept((x_rows, moments, gain))


@backward_twin(ops.layer_norm_backward)
def layer_norm_backward(d_y, cache):
    x_rows, moments, gain = cache
    d_y_rows = rows(d_y, x_rows.dtype)
    parts = workers.ranges(len(x_rows), GRAIN)
    d_x = pool.empty(x_rows.shape, x_rows.dtype)
    sums = np.zeros((len(parts), 2, x_rows.shape[1]), x_rows.dtype)
    workers.run(_backward, parts, d_y_rows, x_rows, moments, rows(gain)[0], d_x, sums)
    d_gain, d_bias = sums.sum(0)
    return d_x.reshape(d_y.shape), d_gain, d_bias


@jit(fastmath=SUMS)
def _forward(_, start, stop, x, gain, bias, eps, y, moments):
    for i in range(start, stop):
        moments[i, 0], moments[i, 1] = normed_row(x[i], gain, bias, eps, y[i])


@part(fastmath=SUMS)
def normed_row(x, gain, bias, eps, y):                       # (D,) each
    """y = gain ⊙ x̂ + bias; the mean and r"""
    zero, one, size = x.dtype.type(0), x.dtype.type(1), x.dtype.type(x.shape[0])
    total = zero
    for j in range(x.shape[0]):
        total += x[j]
    mean = total / size
    total = zero
    for j in range(x.shape[0]):
        total += (x[j] - mean) * (x[j] - mean)
    r = one / np.sqrt(total / size + eps)
    for j in range(x.shape[0]):
        y[j] = (x[j] - mean) * r * gain[j] + bias[j]
    return mean, r


@jit(fastmath=SUMS)
def _backward(part, start, stop, d_y, x, moments, gain, d_x, sums):
    """G_x = r (ĝ − mean(ĝ) − x̂ mean(ĝ ⊙ x̂)),  ĝ = G_y ⊙ gain;  the sums for gain and bias of this range"""
    D = x.shape[1]
    zero, size = x.dtype.type(0), x.dtype.type(D)
    d_gain, d_bias = sums[part, 0], sums[part, 1]
    for i in range(start, stop):
        mean, r = moments[i, 0], moments[i, 1]
        through_mean, through_variance = zero, zero
        for j in range(D):
            g = d_y[i, j] * gain[j]
            through_mean += g
            through_variance += g * (x[i, j] - mean)
        through_mean /= size
        through_variance *= r / size
        for j in range(D):
            x_hat = (x[i, j] - mean) * r
            d_x[i, j] = r * (d_y[i, j] * gain[j] - through_mean - x_hat * through_variance)
            d_gain[j] += d_y[i, j] * x_hat
            d_bias[j] += d_y[i, j]
