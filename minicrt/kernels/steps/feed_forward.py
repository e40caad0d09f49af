"""The feed-forward branch of a block for one row"""

from minicrt.kernels.compiling import part
from minicrt.kernels.steps.normed import normed
from minicrt.kernels.steps.products import add_product, set_rows
from minicrt.kernels.steps.weights import matrix, vector
from minicrt.kernels.vector_math import CONTRACT, gelu, tanh
from minicrt.ops.activations import SQRT_2_OVER_PI

ACTIVATIONS = ("gelu", "gelu_tanh", "relu")
NAMES = ("norm_feed_forward.gain", "norm_feed_forward.bias", "feed_forward.w_in", "feed_forward.b_in",
         "feed_forward.w_out", "feed_forward.b_out")         # of its weights; and where each stands in `at`:
GAIN, BIAS, W_IN, B_IN, W_OUT, B_OUT = range(len(NAMES))


@part
def feed_forward(x, weights, at, activation, pre, inner, branch):
    """pre-norm: x += F(LN(x));  post-norm: x = LN(x + F(x)); `at` has the places of NAMES in `weights`, `inner` (B, F)
    and `branch` (B, D) are to write into"""
    D, F = x.shape[1], inner.shape[1]
    gain, bias = vector(weights, at[GAIN], D), vector(weights, at[BIAS], D)
    set_rows(inner, vector(weights, at[B_IN], F))
    add_product(begin_branch(x, branch, gain, bias, pre), matrix(weights, at[W_IN], D, F), inner)
    activate(inner, activation)
    set_rows(branch, vector(weights, at[B_OUT], D))
    add_product(inner, matrix(weights, at[W_OUT], F, D), branch)
    add_branch(x, branch, gain, bias, pre)


@part
def begin_branch(x, branch, gain, bias, pre):
    """What a residual branch reads: LN(x), which is written into `branch`, or x"""
    if not pre:
        return x
    normed(x, gain, bias, branch)
    return branch


@part
def add_branch(x, branch, gain, bias, pre):
    """The end of a residual branch: x + branch, or LN(x + branch)"""
    for b in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[b, j] += branch[b, j]
    if not pre:
        normed(x, gain, bias, branch)
        for b in range(x.shape[0]):
            for j in range(x.shape[1]):
                x[b, j] = branch[b, j]


@part(fastmath=CONTRACT)
def activate(a, activation):
    """In place, by its number in ACTIVATIONS"""
    zero, half, one = a.dtype.type(0), a.dtype.type(0.5), a.dtype.type(1)
    outer, cubic = a.dtype.type(SQRT_2_OVER_PI), a.dtype.type(0.044715)
    for b in range(a.shape[0]):
        row = a[b]
        if activation == 0:
            for j in range(row.shape[0]):
                row[j] = gelu(row[j])
        elif activation == 1:
            for j in range(row.shape[0]):
                row[j] = half * row[j] * (one + tanh(outer * (row[j] + cubic * row[j] * row[j] * row[j])))
        else:
            for j in range(row.shape[0]):
                row[j] = row[j] if row[j] > zero else zero * row[j]
