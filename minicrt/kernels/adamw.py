"""The optimizer's update in one pass over the parameters"""

import math

import numpy as np

from minicrt import ops
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import contiguous, twin
from minicrt.parallel import workers

GRAIN = 1 << 14                                              # elements that are worth another thread


@twin(ops.global_norm)
def global_norm(flat):
    parts = workers.ranges(flat.size, GRAIN)
    sums = np.zeros(len(parts))
    workers.run(_squares, parts, contiguous(flat), sums)
    total = float(sums.sum())
    return math.sqrt(total) if math.isfinite(total) else total


@twin(ops.adamw_update)
def adamw_update(theta, g, m, v, count, learning_rate, weight_decay, beta1, beta2, eps, scale=1.0):
    if not all(array.flags.c_contiguous for array in (theta, g, m, v)):
        ops.adamw_update(theta, g, m, v, count, learning_rate, weight_decay, beta1, beta2, eps, scale)
        return
    constants = tuple(theta.dtype.type(c) for c in (
        scale, beta1, beta2, 1 - beta1, 1 - beta2, 1 / (1 - beta2 ** count), eps, learning_rate * weight_decay,
        learning_rate / (1 - beta1 ** count)))
    workers.run(_update, workers.ranges(theta.size, GRAIN), theta, g, m, v, constants)


@jit(fastmath={"reassoc"})
def _squares(part, start, stop, flat, sums):
    """Σ g² in float64"""
    flat, total = flat[start:stop], 0.0
    for i in range(len(flat)):
        total += np.float64(flat[i]) * np.float64(flat[i])
    sums[part] = total


@jit
def _update(_, start, stop, theta, g, m, v, constants):
    scale, beta1, beta2, fresh1, fresh2, unbias2, eps, decay, rate = constants
    one = theta.dtype.type(1)
    theta, g, m, v = theta[start:stop], g[start:stop], m[start:stop], v[start:stop]      # so that indices start at 0:
    for i in range(len(theta)):                                                          # then LLVM vectorises
        gradient = scale * g[i]
        m[i] = beta1 * m[i] + fresh1 * gradient
        v[i] = beta2 * v[i] + fresh2 * gradient * gradient
        theta[i] = (one - decay) * theta[i] - rate * m[i] / (np.sqrt(v[i] * unbias2) + eps)
