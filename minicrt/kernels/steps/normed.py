"""Layer norm of a row of each stream"""

import numpy as np

from minicrt.kernels.compiling import jit
from minicrt.kernels.steps.products import LOOSE_SUMS

EPS = 1e-5


@jit(fastmath=LOOSE_SUMS)
def normed(x, gain, bias, y):                                # (B, D), (D,), (D,), (B, D)
    """y = gain (x − mean)/√(variance + eps) + bias"""
    D = x.shape[1]
    zero, one, size, eps = x.dtype.type(0), x.dtype.type(1), x.dtype.type(D), x.dtype.type(EPS)
    for b in range(x.shape[0]):
        total = zero
        for j in range(D):
            total += x[b, j]
        mean = total / size
        total = zero
        for j in range(D):
            total += (x[b, j] - mean) * (x[b, j] - mean)
        r = one / np.sqrt(total / size + eps)
        for j in range(D):
            y[b, j] = (x[b, j] - mean) * r * gain[j] + bias[j]
