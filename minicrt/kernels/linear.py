"""y = x W + b, the bias added where the product stands"""

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.products import product
from minicrt.kernels.twins import Kept, backward_twin, rows, twin
from minicrt.ops.shapes import check_shapes
from minicrt.parallel import workers

GRAIN = 1 << 15                                              # elements that are worth another thread


def grain(columns):
    return max(1, GRAIN // max(columns, 1))


@twin(ops.linear)
def linear(x, weight, bias=None):
    check_shapes("linear", x=(x, "... I"), weight=(weight, "I O"), bias=(bias, "O"))
    x_rows = rows(x)
    y = product(x_rows, weight)
    if bias is not None:
        workers.run(add_bias, workers.ranges(len(y), grain(y.shape[1])), y, rows(bias)[0])
    return y.reshape(*x.shape[:-1], weight.shape[1]), Kept((x.shape, x_rows, weight, bias is not None))


@backward_twin(ops.linear_backward)
def linear_backward(d_y, cache):
    shape, x_rows, weight, has_bias = cache
    d_y_rows = rows(d_y, weight.dtype)
    d_bias = column_sums(d_y_rows) if has_bias else None
    return product(d_y_rows, weight.T).reshape(shape), product(x_rows.T, d_y_rows), d_bias


def column_sums(x):                                          # (N, D) -> (D,)
    parts = workers.ranges(len(x), grain(x.shape[1]))
    sums = pool.zeros((len(parts), x.shape[1]), x.dtype)
    workers.run(_column_sums, parts, x, sums)
    return sums.sum(0)


@jit
def add_bias(_, start, stop, y, bias):
    for i in range(start, stop):
        for j in range(y.shape[1]):
            y[i, j] += bias[j]


@jit
def _column_sums(part, start, stop, x, sums):
    total = sums[part]
    for i in range(start, stop):
        for j in range(x.shape[1]):
            total[j] += x[i, j]
