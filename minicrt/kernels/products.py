"""Matrix products, all by NumPy's BLAS: a second BLAS in the process (SciPy's, which Numba would call) has threads of
its own, and the two would fight for the cores."""

import numpy as np

from minicrt.kernels import pool

BLOCK = 1 << 18                                              # numbers of a sum that is added to: they stay in the cache


def product(a, b):                                           # (M, K), (K, N) -> (M, N)
    return np.matmul(a, b, out=pool.empty((a.shape[0], b.shape[1]), a.dtype))


def add_product(total, a, b):                                # total (M, N) += (M, K) (K, N)
    """Some rows at a time: nothing else is as large as `total`."""
    rows = max(1, BLOCK // total.shape[1])
    product_of_some = pool.empty((min(rows, len(total)), total.shape[1]), total.dtype)
    for start in range(0, len(total), rows):
        some = total[start:start + rows]
        some += np.matmul(a[start:start + rows], b, out=product_of_some[:len(some)])
