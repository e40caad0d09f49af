"""Row gather and scatter-add"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import Kept, backward_twin, contiguous, rows, twin
from minicrt.ops.embedding import check_tokens
from minicrt.ops.shapes import check_shapes


@twin(ops.embedding)
def embedding(tokens, table, scale=1.0):
    check_shapes("embedding", table=(table, "V D"))
    check_tokens("embedding", tokens, len(table))
    flat = contiguous(np.asarray(tokens), np.int64).reshape(-1)
    y = pool.empty((len(flat), table.shape[1]), table.dtype)
    _gather(flat, contiguous(table), table.dtype.type(scale), y)
    return y.reshape(*np.shape(tokens), table.shape[1]), Kept((flat, table.shape, table.dtype.type(scale)))


@backward_twin(ops.embedding_backward)
def embedding_backward(d_y, cache, into=None):
    flat, shape, scale = cache
    into = pool.zeros(shape, scale.dtype) if into is None else into
    if not into.flags.c_contiguous or into.dtype != scale.dtype:
        into += embedding_backward(d_y, cache)
    else:
        _scatter(flat, rows(d_y, scale.dtype), scale, into)
    return into


@jit
def _gather(tokens, table, scale, y):
    for i in range(len(tokens)):
        row, y_i = table[tokens[i]], y[i]
        for j in range(len(row)):
            y_i[j] = scale * row[j]


@jit
def _scatter(tokens, d_y, scale, d_table):
    for i in range(len(tokens)):
        row, d_i = d_table[tokens[i]], d_y[i]
        for j in range(len(row)):
            row[j] += scale * d_i[j]
