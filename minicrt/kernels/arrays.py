"""Sums and joins in memory that is used again"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.twins import twin


@twin(ops.add)
def add(x, y):
    return np.add(x, y, out=pool.empty(np.broadcast_shapes(np.shape(x), np.shape(y)), x.dtype))


def concatenate(parts, axis):
    if len({(part.dtype, part.ndim) for part in parts}) > 1 or not 0 <= axis < parts[0].ndim:
        return ops.concatenate(parts, axis)
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return np.concatenate(parts, axis=axis, out=pool.empty(tuple(shape), parts[0].dtype))
