"""The time that reading takes: what a step of a stream cannot be under where the weights are in main memory"""

import numba


@numba.njit(fastmath={"reassoc"}, error_model="numpy")
def read_all(weights):                                       # (N,) -> their sum, so that each is used
    total = weights.dtype.type(0)
    for i in range(weights.size):
        total += weights[i]
    return total
