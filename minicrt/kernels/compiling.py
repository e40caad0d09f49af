"""How kernels are compiled."""

from numba import njit


def jit(function=None, *, fastmath=False):
    options = dict(nogil=True, cache=True, error_model="numpy", fastmath=fastmath)
    return njit(**options)(function) if function is not None else njit(**options)
