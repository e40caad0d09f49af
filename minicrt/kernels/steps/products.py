"""Products of a few rows with a matrix, each weight read once, in the order it lies in memory

At one row a product is as fast as its weights arrive, and a BLAS call costs more than that of a small matrix. Four rows
of weights by turns spare additions where the weights are in the cache. Where they are not, they arrive fastest row
after row: by turns, the processor no longer foresees what is read next, and they take twice as long.
"""

from numba import types
from numba.core.extending import overload

from minicrt.kernels.compiling import part

LOOSE_SUMS = {"contract", "reassoc"}
SMALL = 2 ** 16                                              # numbers in a matrix whose like are likely in the cache
LONG = 129                                                   # numbers in a row of a table that is likely not


def add_columns(x, w, first, last, y, at):                   # (B, I), (I, O), …, (B, ·)
    """Inside a kernel, y[:, at:] += x W[:, first:last]; W is an array, or one of those of `small_products`."""


@overload(add_columns)
def _of_an_array(x, w, first, last, y, at):
    if isinstance(w, types.Array):
        return add_columns_of_array


def add_columns_of_array(x, w, first, last, y, at):
    if w.size <= SMALL:
        add_by_fours(x, w, first, last, y, at)
    else:
        add_row_after_row(x, w, first, last, y, at)


@part(fastmath=LOOSE_SUMS)
def add_row_after_row(x, w, first, last, y, at):
    for i in range(w.shape[0]):
        w_i = w[i, first:last]
        for b in range(x.shape[0]):
            x_i, y_b = x[b, i], y[b, at:]
            for j in range(last - first):
                y_b[j] += x_i * w_i[j]


@part(fastmath=LOOSE_SUMS)
def add_by_fours(x, w, first, last, y, at):
    """Four rows of W at a time: so y is read and written a quarter as often."""
    inputs = w.shape[0]
    whole = inputs - inputs % 4
    for i in range(0, whole, 4):
        w_0, w_1, w_2, w_3 = w[i, first:last], w[i + 1, first:last], w[i + 2, first:last], w[i + 3, first:last]
        for b in range(x.shape[0]):
            x_0, x_1, x_2, x_3, y_b = x[b, i], x[b, i + 1], x[b, i + 2], x[b, i + 3], y[b, at:]
            for j in range(last - first):
                y_b[j] += x_0 * w_0[j] + x_1 * w_1[j] + x_2 * w_2[j] + x_3 * w_3[j]
    for i in range(whole, inputs):
        w_i = w[i, first:last]
        for b in range(x.shape[0]):
            x_i, y_b = x[b, i], y[b, at:]
            for j in range(last - first):
                y_b[j] += x_i * w_i[j]


@part
def add_product(x, w, y):                                    # (B, I), (I, O), (B, O)
    """y += x W"""
    add_columns(x, w, 0, y.shape[1], y, 0)


@part
def set_rows(y, row):                                        # (B, O), (O,)
    for b in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[b, j] = row[j]


@part
def set_zero(y):
    zero = y.dtype.type(0)
    for b in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[b, j] = zero


@part
def scaled_rows(table, tokens, scale, e):                    # (V, D), (B,), …, (B, D)
    """e = scale · E[token]"""
    for b in range(e.shape[0]):
        row = table[tokens[b]]
        for j in range(e.shape[1]):
            e[b, j] = scale * row[j]


@part
def products_with_rows(z, weight, bias, y):                  # (B, D), (V, D), (V,), (B, V)
    """y = z Eᵀ + b"""
    if weight.shape[1] < LONG:
        with_rows_by_fours(z, weight, bias, y)
    else:
        with_row_after_row(z, weight, bias, y)


@part(fastmath=LOOSE_SUMS)
def with_row_after_row(z, weight, bias, y):
    for v in range(weight.shape[0]):
        row = weight[v]
        for b in range(z.shape[0]):
            z_b, total = z[b], z.dtype.type(0)
            for j in range(row.shape[0]):
                total += z_b[j] * row[j]
            y[b, v] = total + bias[v]


@part(fastmath=LOOSE_SUMS)
def with_rows_by_fours(z, weight, bias, y):
    rows, D = weight.shape
    zero = z.dtype.type(0)
    whole = rows - rows % 4
    for v in range(0, whole, 4):
        e_0, e_1, e_2, e_3 = weight[v], weight[v + 1], weight[v + 2], weight[v + 3]
        for b in range(z.shape[0]):
            z_b, s_0, s_1, s_2, s_3 = z[b], zero, zero, zero, zero
            for j in range(D):
                s_0 += z_b[j] * e_0[j]
                s_1 += z_b[j] * e_1[j]
                s_2 += z_b[j] * e_2[j]
                s_3 += z_b[j] * e_3[j]
            y[b, v], y[b, v + 1] = s_0 + bias[v], s_1 + bias[v + 1]
            y[b, v + 2], y[b, v + 3] = s_2 + bias[v + 2], s_3 + bias[v + 3]
    for v in range(whole, rows):
        for b in range(z.shape[0]):
            total = zero
            for j in range(D):
                total += z[b, j] * weight[v, j]
            y[b, v] = total + bias[v]
