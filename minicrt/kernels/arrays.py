"""Sums and joins in memory that is used again"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.twins import twin


@twin(ops.add)
def add(x, y):
    return np.add(x, y, out=pool.empty(np.broadcast_shapes(np.shape(x), np.shape(y)), x.dtype))


def concatenate(parts, axis):
    if len({part.dtype for part in parts}) > 1 or parts[0].ndim != 3 or axis != 1:
        return ops.concatenate(parts, axis)
    shape = (parts[0].shape[0], sum(part.shape[1] for part in parts), parts[0].shape[2])
    return np.concatenate(parts, axis=1, out=pool.empty(shape, parts[0].dtype))
