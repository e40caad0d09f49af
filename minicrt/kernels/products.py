"""Matrix products, all by NumPy's BLAS: a second BLAS in the process (SciPy's, which Numba would call) has threads of
its own, and the two would fight for the cores."""

import numpy as np

from minicrt.kernels import pool


def product(a, b):                                           # (M, K), (K, N) -> (M, N)
    return np.matmul(a, b, out=pool.empty((a.shape[0], b.shape[1]), a.dtype))
