"""Dropout in memory that is used again: the same draws, the same masks"""

import numpy as np

from minicrt import ops
from minicrt.errors import InputError
from minicrt.kernels import pool
from minicrt.kernels.twins import Kept, backward_twin, twin


@twin(ops.dropout)
def dropout(x, rate, rng):
    return _masked(ops.dropout, x, x.shape, rate, rng)


@twin(ops.locked_dropout)
def locked_dropout(x, rate, rng):
    if x.ndim != 3:
        raise InputError(f"locked_dropout: x has shape {x.shape}, expected (B, T, D)")
    return _masked(ops.locked_dropout, x, (x.shape[0], 1, x.shape[2]), rate, rng)


@twin(ops.embedding_dropout)
def embedding_dropout(table, rate, rng):
    return _masked(ops.embedding_dropout, table, (len(table), 1), rate, rng)


def _masked(specification, x, shape, rate, rng):
    if not 0 < rate < 1 or rng is None:
        return specification(x, rate, rng)                   # nothing to drop, or it says what it expects
    drawn = rng.random(dtype=np.float32, out=pool.empty(shape, np.float32))
    mask = np.greater_equal(drawn, np.float32(rate), out=pool.empty(shape, x.dtype), casting="unsafe")
    mask /= 1 - rate
    return np.multiply(x, mask, out=pool.empty(x.shape, x.dtype)), Kept((mask,))


@backward_twin(ops.dropout_backward)
def dropout_backward(d_y, cache):
    (mask,) = cache
    return np.multiply(d_y, mask, out=pool.empty(d_y.shape, mask.dtype))


locked_dropout_backward = embedding_dropout_backward = dropout_backward
