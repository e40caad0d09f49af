"""Elementwise activations, the slope worked out along with the value; NumPy's own tanh is as fast and stays"""

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import Kept, backward_twin, contiguous, twin
from minicrt.kernels.vector_math import CONTRACT, normal
from minicrt.kernels.vector_math import sigmoid as sigmoid_of
from minicrt.parallel import workers

GRAIN = 1 << 14                                              # elements that are worth another thread


def applied(kernel, x):
    y, slope = pool.empty(x.shape, x.dtype), pool.empty(x.shape, x.dtype)
    workers.run(kernel, workers.ranges(x.size, GRAIN), contiguous(x).reshape(-1), y.reshape(-1), slope.reshape(-1))
    return y, Kept((slope,))


@twin(ops.sigmoid)
def sigmoid(x):
    return applied(_sigmoid, x)


@twin(ops.gelu)
def gelu(x):
    return applied(_gelu, x)


def through_slope(d_y, cache):
    (slope,) = cache
    d_x = pool.empty(slope.shape, slope.dtype)
    workers.run(_through_slope, workers.ranges(d_y.size, GRAIN), contiguous(d_y, slope.dtype).reshape(-1),
                slope.reshape(-1), d_x.reshape(-1))
    return d_x


sigmoid_backward = backward_twin(ops.sigmoid_backward)(through_slope)
gelu_backward = backward_twin(ops.gelu_backward)(through_slope)


@jit(fastmath=CONTRACT)
def _sigmoid(_, start, stop, x, y, slope):
    one = x.dtype.type(1)
    x, y, slope = x[start:stop], y[start:stop], slope[start:stop]
    for i in range(len(x)):
        value = sigmoid_of(x[i])
        y[i] = value
        slope[i] = value * (one - value)


@jit(fastmath=CONTRACT)
def _gelu(_, start, stop, x, y, slope):
    x, y, slope = x[start:stop], y[start:stop], slope[start:stop]        # indices from 0: then LLVM vectorises
    for i in range(len(x)):
        distribution, density = normal(x[i])
        y[i] = x[i] * distribution
        slope[i] = distribution + x[i] * density


@jit
def _through_slope(_, start, stop, d_y, slope, d_x):
    d_y, slope, d_x = d_y[start:stop], slope[start:stop], d_x[start:stop]
    for i in range(len(d_x)):
        d_x[i] = d_y[i] * slope[i]
