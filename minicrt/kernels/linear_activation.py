"""y = f(x W + b): bias, activation and slope in one pass over the product, so that the backward pass is one product"""

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.linear import grain
from minicrt.kernels.products import product
from minicrt.kernels.twins import Kept, backward_twin, rows, twin
from minicrt.kernels.vector_math import CONTRACT, normal, tanh
from minicrt.ops.activations import SQRT_2_OVER_PI
from minicrt.ops.shapes import check_shapes
from minicrt.parallel import workers


@twin(ops.linear_activation)
def linear_activation(x, weight, bias, activation):
    if activation not in KERNELS:
        return ops.linear_activation(x, weight, bias, activation)                # which says what it expects
    check_shapes("linear", x=(x, "... I"), weight=(weight, "I O"), bias=(bias, "O"))
    x_rows = rows(x)
    y = product(x_rows, weight)
    slope = pool.empty(y.shape, y.dtype)
    workers.run(KERNELS[activation], workers.ranges(len(y), grain(y.shape[1])), y, rows(bias)[0], slope)
    return y.reshape(*x.shape[:-1], weight.shape[1]), Kept((x.shape, x_rows, weight, slope))


@backward_twin(ops.linear_activation_backward)
def linear_activation_backward(d_y, cache):
    shape, x_rows, weight, slope = cache
    d_y_rows = rows(d_y, slope.dtype)
    parts = workers.ranges(len(slope), grain(slope.shape[1]))
    d_a, sums = pool.empty(slope.shape, slope.dtype), pool.zeros((len(parts), slope.shape[1]), slope.dtype)
    workers.run(_through_slope, parts, d_y_rows, slope, d_a, sums)
    return product(d_a, weight.T).reshape(shape), product(x_rows.T, d_a), sums.sum(0)


@jit(fastmath=CONTRACT)
def _gelu(_, start, stop, y, bias, slope):
    """a = y + b,  y = a Φ(a),  slope = Φ(a) + a φ(a)"""
    for i in range(start, stop):
        for j in range(y.shape[1]):
            a = y[i, j] + bias[j]
            distribution, density = normal(a)
            y[i, j] = a * distribution
            slope[i, j] = distribution + a * density


@jit(fastmath=CONTRACT)
def _gelu_tanh(_, start, stop, y, bias, slope):
    """t = tanh(√(2/π) (a + 0.044715 a³)),  y = ½ a (1 + t)"""
    number = y.dtype.type
    half, one, three = number(0.5), number(1), number(3)
    outer, cubic = number(SQRT_2_OVER_PI), number(0.044715)
    for i in range(start, stop):
        for j in range(y.shape[1]):
            a = y[i, j] + bias[j]
            t = tanh(outer * (a + cubic * a * a * a))
            y[i, j] = half * a * (one + t)
            slope[i, j] = half * (one + t + a * (one - t * t) * outer * (one + three * cubic * a * a))


@jit
def _relu(_, start, stop, y, bias, slope):
    zero, one = y.dtype.type(0), y.dtype.type(1)
    for i in range(start, stop):
        for j in range(y.shape[1]):
            a = y[i, j] + bias[j]
            slope[i, j] = one if a > zero else zero
            y[i, j] = a * slope[i, j]


@jit
def _through_slope(part, start, stop, d_y, slope, d_a, sums):
    total = sums[part]
    for i in range(start, stop):
        for j in range(d_y.shape[1]):
            d_a[i, j] = d_y[i, j] * slope[i, j]
            total[j] += d_a[i, j]


KERNELS = {"gelu": _gelu, "gelu_tanh": _gelu_tanh, "relu": _relu}
