"""Products of a few rows with a matrix of small integers (`minicrt.quantisation`), read as they are kept

An integer becomes a float32 in a register: a quarter or an eighth of the memory is read, and the sums are float32's.
"""

import numpy as np
from numba import types
from numba.core.extending import overload

from minicrt.kernels.compiling import part
from minicrt.kernels.steps.products import LOOSE_SUMS, add_columns, set_rows
from minicrt.kernels.vector_math import formula
from minicrt.quantisation.forms import EightBits, FourBits


@overload(add_columns, jit_options={"fastmath": LOOSE_SUMS})
def _of_small_integers(x, w, first, last, y, at):
    form = getattr(w, "instance_class", None) if isinstance(w, types.NamedTuple) else None
    if form is EightBits:
        return add_columns_of_eight_bits
    if form is FourBits:
        return add_columns_of_four_bits


def add_columns_of_eight_bits(x, w, first, last, y, at):     # (B, I), EightBits of (I, O), …, (B, ·)
    """Four rows of integers at a time, and then the scale of each column"""
    values, scales = w.values, w.scales[first:last]
    inputs = values.shape[0]
    whole = inputs - inputs % 4
    for i in range(0, whole, 4):
        w_0, w_1 = values[i, first:last], values[i + 1, first:last]
        w_2, w_3 = values[i + 2, first:last], values[i + 3, first:last]
        for b in range(x.shape[0]):
            x_0, x_1, x_2, x_3, y_b = x[b, i], x[b, i + 1], x[b, i + 2], x[b, i + 3], y[b, at:]
            for j in range(last - first):
                y_b[j] += scales[j] * (x_0 * np.float32(w_0[j]) + x_1 * np.float32(w_1[j])
                                       + x_2 * np.float32(w_2[j]) + x_3 * np.float32(w_3[j]))
    for i in range(whole, inputs):
        w_i = values[i, first:last]
        for b in range(x.shape[0]):
            x_i, y_b = x[b, i], y[b, at:]
            for j in range(last - first):
                y_b[j] += scales[j] * x_i * np.float32(w_i[j])


def add_columns_of_four_bits(x, w, first, last, y, at):      # (B, I), FourBits of (I, O), …, (B, ·)
    """Four rows of bytes at a time, eight inputs of one group: Σ x (u − 8) = Σ x u − 8 Σ x"""
    inputs = x.shape[1]
    whole = inputs // 8 * 4
    for r in range(0, whole, 4):
        w_0, w_1 = w.values[r, first:last], w.values[r + 1, first:last]
        w_2, w_3 = w.values[r + 2, first:last], w.values[r + 3, first:last]
        shares, scales, i = w.shares[r // 16, first:last], w.scales[first:last], 2 * r
        for b in range(x.shape[0]):
            x_0, x_1, x_2, x_3, y_b = x[b, i], x[b, i + 1], x[b, i + 2], x[b, i + 3], y[b, at:]
            x_4, x_5, x_6, x_7 = x[b, i + 4], x[b, i + 5], x[b, i + 6], x[b, i + 7]
            offset = np.float32(8) * (x_0 + x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7)
            for j in range(last - first):
                y_b[j] += scales[j] * single(shares[j]) * (
                    x_0 * lower(w_0[j]) + x_1 * upper(w_0[j]) + x_2 * lower(w_1[j]) + x_3 * upper(w_1[j])
                    + x_4 * lower(w_2[j]) + x_5 * upper(w_2[j]) + x_6 * lower(w_3[j]) + x_7 * upper(w_3[j]) - offset)
    for i in range(2 * whole, inputs):
        for b in range(x.shape[0]):
            for j in range(last - first):
                y[b, at + j] += x[b, i] * four_bits(w, i, first + j)


@part
def scores(z, table, bias, y):                               # (B, D), of (D, V), (V,), (B, V)
    """y = z Eᵀ + b"""
    set_rows(y, bias)
    add_columns(z, table, 0, y.shape[1], y, 0)


@part
def rows_of_eight_bits(table, tokens, scale, e):             # of (D, V), (B,), …, (B, D)
    """e = scale · E[token]"""
    for b in range(e.shape[0]):
        for j in range(e.shape[1]):
            e[b, j] = scale * table.scales[tokens[b]] * np.float32(table.values[j, tokens[b]])


@part
def rows_of_four_bits(table, tokens, scale, e):
    for b in range(e.shape[0]):
        for j in range(e.shape[1]):
            e[b, j] = scale * four_bits(table, j, tokens[b])


@part
def four_bits(w, i, o):
    """W[i, o]"""
    pair = w.values[i // 2, o]
    u = upper(pair) if i % 2 else lower(pair)
    return w.scales[o] * single(w.shares[i // 32, o]) * (u - np.float32(8))


@formula
def single(byte):
    return np.float32(np.int32(byte))                        # by way of 32 bits: there are vector instructions for it


@formula
def lower(pair):
    return np.float32(np.int32(np.int32(pair) & 15))


@formula
def upper(pair):
    return np.float32(np.int32(np.int32(pair) >> 4))
