"""What the equations are written in: functions of arrays, real or complex

Of a complex array the imaginary part is what moves (`complex_step`). What has steps or kinks goes by the real part.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import erf as erf

from minicrt.ops.activations import logistic as sigmoid
from minicrt.ops.relative_attention import shifted as shifted
from minicrt.ops.relative_attention import unshifted as unshifted

Array = np.ndarray

CUTOFFS, DIV_VALUE = (1,), 1.0                               # of a model whose output is an adaptive softmax
HIDDEN = -1e9               # a score that is masked; −∞ gives NaN where a row has no other
exp, log, tanh, sqrt, sin, cos = np.exp, np.log, np.tanh, np.sqrt, np.sin, np.cos


def sign(x: Any) -> Any:
    return np.sign(np.real(x))


def positive(x: Any) -> Any:
    return 1.0 * (np.real(x) > 0)


def absolute(x: Any) -> Any:
    return x * sign(x)


def relu(x: Any) -> Any:
    return x * positive(x)


def clipped(x: Any, low: float, high: float) -> Any:
    return np.where(np.real(x) < low, low, np.where(np.real(x) > high, high, x))


def softplus(x: Any) -> Any:
    """log(1 + e^x), without overflow"""
    return relu(x) + np.log1p(exp(-absolute(x)))


def softsign(x: Any) -> Any:
    return x / (1 + absolute(x))


def hard_tanh(x: Any) -> Any:
    return clipped(x, -1, 1)


def hard_sigmoid(x: Any) -> Any:
    return clipped(x / 6 + 0.5, 0, 1)


def keras_sigmoid(x: Any) -> Any:
    return clipped(0.2 * x + 0.5, 0, 1)


def silu(x: Any) -> Any:
    return x * sigmoid(x)


def quick_gelu(x: Any) -> Any:
    return x * sigmoid(1.702 * x)


def exact_gelu(x: Any) -> Any:
    return x * 0.5 * (1 + erf(x * np.sqrt(0.5)))


def elu(x: Any) -> Any:
    return np.where(np.real(x) > 0, x, np.expm1(-relu(-x)))


def leaky_relu(x: Any) -> Any:
    return np.where(np.real(x) > 0, x, 0.01 * x)


def identity(x: Any) -> Any:
    return x


def square(x: Any) -> Any:
    return x * x


def detached(x: Any) -> Any:
    """A constant: no gradient goes back through it, so nothing that moves comes through."""
    return np.real(x)


def scaled_gradient(x: Any, factor: float) -> Any:
    """x, whose gradient is multiplied on its way back"""
    return np.real(x) + factor * (x - np.real(x))


def total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Σ x over axes"""
    return np.sum(x, axis=axis, keepdims=keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.mean(x, axis=axis, keepdims=keepdims)


def unbiased_mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum divided by one less than the number"""
    number = np.size(x) // max(np.size(np.sum(x, axis=axis)), 1)
    return total(x, axis, keepdims) / (number - 1)


def rows_sum(x: Any) -> Any:
    """Σ over all axes but the last"""
    return total(x, tuple(range(np.ndim(x) - 1)))


def rows_mean(x: Any) -> Any:
    return mean(x, tuple(range(np.ndim(x) - 1)))


def largest(x: Any, axis: int) -> Any:
    """A shift that changes nothing; a constant"""
    return np.max(np.real(x), axis=axis, keepdims=True)


def rows(x: Any) -> Any:                                     # (..., D) -> (rows, D)
    return x.reshape(-1, x.shape[-1])


def transposed(x: Any) -> Any:                               # (..., I, J) -> (..., J, I)
    return np.swapaxes(x, -1, -2)


def heads_of(x: Any, heads: int) -> Any:                     # (B, T, D) -> (B, H, T, K)
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def merged(x: Any) -> Any:                                   # (B, H, T, K) -> (B, T, D)
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


def heads_interleaved(x: Any, heads: int) -> Any:            # (B, T, D) -> (B, H, T, K)
    return x.reshape(*x.shape[:2], -1, heads).transpose(0, 3, 1, 2)


def merged_interleaved(x: Any) -> Any:                       # (B, H, T, K) -> (B, T, D)
    return x.transpose(0, 2, 3, 1).reshape(x.shape[0], x.shape[2], -1)


def heads_unmoved(x: Any, heads: int) -> Any:                # (B, T, D) -> (B, H, T, K)
    return x.reshape(x.shape[0], heads, x.shape[1], -1)


def merged_unmoved(x: Any) -> Any:                           # (B, H, T, K) -> (B, T, D)
    return x.reshape(x.shape[0], x.shape[2], -1)


def concatenated(parts: Sequence[Any], axis: int = -1) -> Any:
    return np.concatenate(parts, axis)


def stacked(parts: Sequence[Any], axis: int = 1) -> Any:
    """The steps of a scan, or vectors, side by side along a new axis"""
    if axis == 1:                                            # as np.stack, which takes twice as long
        return np.array(parts).swapaxes(0, 1).copy()
    return np.stack(parts, axis)


def blocks(x: Any, number: int) -> list[Any]:
    """Equal parts along the last axis"""
    if x is None:
        return [None] * number
    width = x.shape[-1] // number
    return [x[..., k * width:(k + 1) * width] for k in range(number)]


def larger(x: Any, y: Any) -> Any:
    return np.where(np.real(x) > np.real(y), x, y)


def where(condition: Array, x: Any, y: Any) -> Any:
    return np.where(np.real(condition), x, y)


def inverse(x: Any) -> Any:
    return np.linalg.inv(x)


def series_inverse(x: Any, terms: int) -> Any:
    """Σ (I − x)^k, which is x⁻¹ as far as it converges"""
    one, term, found = np.eye(len(x)), np.eye(len(x)), np.eye(len(x))
    for _ in range(terms - 1):
        term = term @ (one - x)
        found = found + term
    return found


def upper(a: Any, n: int) -> Any:                            # (n(n-1)/2,) -> (n, n)
    """a above the diagonal, row by row; zeros below"""
    y = np.zeros((n, n), np.result_type(a))
    y[np.triu_indices(n, 1)] = a
    return y


def above(g: Array) -> Array:                                # (n, n) -> (n(n-1)/2,)
    return g[np.triu_indices(len(g), 1)]


def chosen(x: Any, index: Array) -> Any:                     # (..., V), (...) -> (...)
    """x at an index of the last axis"""
    index = np.asarray(index)
    return x[(*np.indices(index.shape), index)]


def one_hot(index: Array, number: int) -> Array:             # (...) -> (..., V)
    return 1.0 * (np.asarray(index)[..., None] == np.arange(number))


def zeros_like(x: Any) -> Array:
    return np.zeros(np.shape(x))


def softmax_of(x: Any) -> Any:
    """Over the last axis"""
    e = exp(x - largest(x, -1))
    return e / total(e, -1, True)


def place(name: str, value: Any) -> Any:
    """A result that a golden case has under this name; whoever runs the equations puts another function here."""
    return value


def below(prefix: str, w: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by names with a prefix"""
    return {prefix + name: value for name, value in w.items()}


def arange(length: int) -> Array:
    return np.arange(length, dtype=float)


def power(base: float, exponent: Any) -> Any:
    return np.power(base, exponent)


def zeros(*shape: int) -> Array:
    return np.zeros(shape)
