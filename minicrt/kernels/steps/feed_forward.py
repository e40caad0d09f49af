"""The feed-forward branch of a block for one row"""

from typing import Any, NamedTuple

from minicrt.kernels.compiling import jit
from minicrt.kernels.steps.normed import normed
from minicrt.kernels.steps.products import add_product, set_rows
from minicrt.kernels.vector_math import CONTRACT, gelu, tanh
from minicrt.ops.activations import SQRT_2_OVER_PI

ACTIVATIONS = ("gelu", "gelu_tanh", "relu")


class Weights(NamedTuple):
    gain: Any                                                # (D,)
    bias: Any
    w_in: Any                                                # (D, F), an array or one of small integers
    b_in: Any
    w_out: Any                                               # (F, D)
    b_out: Any


@jit
def feed_forward(x, weights, activation, pre, inner, branch):
    """pre-norm: x += F(LN(x));  post-norm: x = LN(x + F(x)); `inner` (B, F) and `branch` (B, D) are to write into"""
    set_rows(inner, weights.b_in)
    add_product(begin_branch(x, branch, weights.gain, weights.bias, pre), weights.w_in, inner)
    activate(inner, activation)
    set_rows(branch, weights.b_out)
    add_product(inner, weights.w_out, branch)
    add_branch(x, branch, weights.gain, weights.bias, pre)


@jit
def begin_branch(x, branch, gain, bias, pre):
    """What a residual branch reads: LN(x), which is written into `branch`, or x"""
    if not pre:
        return x
    normed(x, gain, bias, branch)
    return branch


@jit
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


@jit(fastmath=CONTRACT)
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
