"""What the equations are written in: functions of arrays that take variables as well, and know their gradients"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy.special import erf as _erf

from minicrt.conformance.mutation.variable import Array, Variable, summed_to, swapped, value_of
from minicrt.ops.activations import logistic
from minicrt.ops.relative_attention import shifted as by_key_of
from minicrt.ops.relative_attention import unshifted


def elementwise(function: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """y = f(x) of one argument; slope(x, y)"""
    def of(x: Any) -> Any:
        if not isinstance(x, Variable):
            return function(x)
        y = function(x.value)
        return Variable(y, [(x, lambda g: g * slope(x.value, y))])
    return of


def _gelu(x: Any) -> Any:
    return x * 0.5 * (1 + _erf(x * np.sqrt(0.5)))


def _density(x: Any) -> Any:
    return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


exp = elementwise(np.exp, lambda x, y: y)
log = elementwise(np.log, lambda x, y: 1 / x)
tanh = elementwise(np.tanh, lambda x, y: 1 - y * y)
sigmoid = elementwise(logistic, lambda x, y: y * (1 - y))
relu = elementwise(lambda x: x * (x > 0), lambda x, y: 1.0 * (x > 0))
erf = elementwise(_erf, lambda x, y: 2 / np.sqrt(np.pi) * np.exp(-x * x))
sqrt = elementwise(np.sqrt, lambda x, y: 0.5 / y)
sin = elementwise(np.sin, lambda x, y: np.cos(x))
cos = elementwise(np.cos, lambda x, y: -np.sin(x))
absolute = elementwise(np.abs, lambda x, y: np.sign(x))
sign = elementwise(np.sign, lambda x, y: 0 * x)
positive = elementwise(lambda x: 1.0 * (x > 0), lambda x, y: 0 * x)
softplus = elementwise(lambda x: np.logaddexp(0, x), lambda x, y: logistic(x))
softsign = elementwise(lambda x: x / (1 + np.abs(x)), lambda x, y: 1 / (1 + np.abs(x)) ** 2)
hard_tanh = elementwise(lambda x: np.clip(x, -1, 1), lambda x, y: 1.0 * (np.abs(x) < 1))
hard_sigmoid = elementwise(lambda x: np.clip(x / 6 + 0.5, 0, 1), lambda x, y: (np.abs(x) < 3) / 6)
keras_sigmoid = elementwise(lambda x: np.clip(0.2 * x + 0.5, 0, 1), lambda x, y: 0.2 * (np.abs(x) < 2.5))
silu = elementwise(lambda x: x * logistic(x), lambda x, y: logistic(x) * (1 + x * (1 - logistic(x))))
exact_gelu = elementwise(_gelu, lambda x, y: 0.5 * (1 + _erf(x * np.sqrt(0.5))) + x * _density(x))
identity = elementwise(lambda x: x, lambda x, y: 1)
square = elementwise(lambda x: x * x, lambda x, y: 2 * x)
elu = elementwise(lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
                  lambda x, y: np.where(x > 0, 1, np.exp(np.minimum(x, 0))))
leaky_relu = elementwise(lambda x: np.where(x > 0, x, 0.01 * x), lambda x, y: np.where(x > 0, 1, 0.01))
quick_gelu = elementwise(lambda x: x * logistic(1.702 * x),
                         lambda x, y: logistic(1.702 * x) * (1 + 1.702 * x * (1 - logistic(1.702 * x))))


def detached(x: Any) -> Any:
    """A constant: no gradient goes back through it."""
    return value_of(x)


def reduced(x: Any, function: Callable[..., Any], axis: Any, keepdims: bool, scaled: bool) -> Any:
    if not isinstance(x, Variable):
        return function(x, axis=axis, keepdims=keepdims)
    y = function(x.value, axis=axis, keepdims=keepdims)
    factor = y.size / x.value.size if scaled else 1.0

    def pull(g: Array) -> Array:
        if axis is not None and not keepdims:
            g = np.expand_dims(g, axis)
        return np.broadcast_to(g, x.value.shape) * factor
    return Variable(y, [(x, pull)])


def total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Σ x over axes"""
    return reduced(x, np.sum, axis, keepdims, False)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return reduced(x, np.mean, axis, keepdims, True)


def unbiased_mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum divided by one less than the number"""
    number = np.size(value_of(x)) // max(np.size(np.sum(value_of(x), axis=axis)), 1)
    return total(x, axis, keepdims) / (number - 1)


def rows_sum(x: Any) -> Any:
    """Σ over all axes but the last"""
    return total(x, tuple(range(np.ndim(value_of(x)) - 1)))


def rows_mean(x: Any) -> Any:
    return mean(x, tuple(range(np.ndim(value_of(x)) - 1)))


def largest(x: Any, axis: int) -> Any:
    """A shift that changes nothing; a constant"""
    return np.max(value_of(x), axis=axis, keepdims=True)


def rows(x: Any) -> Any:                                     # (..., D) -> (rows, D)
    return x.reshape(-1, x.shape[-1])


def transposed(x: Any) -> Any:                               # (..., I, J) -> (..., J, I)
    if isinstance(x, Variable):
        return Variable(swapped(x.value), [(x, swapped)])
    return swapped(x)


def heads_of(x: Any, heads: int) -> Any:                     # (B, T, D) -> (B, H, T, K)
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def merged(x: Any) -> Any:                                   # (B, H, T, K) -> (B, T, D)
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


def concatenated(parts: Sequence[Any], axis: int = -1) -> Any:
    values = [value_of(part) for part in parts]
    y = np.concatenate(values, axis)
    if not any(isinstance(part, Variable) for part in parts):
        return y
    ends = np.cumsum([value.shape[axis] for value in values])
    parents: list[Any] = []
    for part, value, end in zip(parts, values, ends):
        if isinstance(part, Variable):
            parents.append((part, partial(_cut, axis, slice(end - value.shape[axis], end))))
    return Variable(y, parents)


def _cut(axis: int, part: slice, g: Array) -> Array:
    return np.moveaxis(np.moveaxis(g, axis, 0)[part], 0, axis)


def stacked(parts: Sequence[Any], axis: int = 1) -> Any:
    """The steps of a scan, or vectors, side by side along a new axis"""
    y = np.stack([value_of(part) for part in parts], axis)
    if not any(isinstance(part, Variable) for part in parts):
        return y
    return Variable(y, [(part, partial(_taken, axis, k)) for k, part in enumerate(parts) if isinstance(part, Variable)])


def _taken(axis: int, k: int, g: Array) -> Array:
    return np.take(g, k, axis)


def blocks(x: Any, number: int) -> list[Any]:
    """Equal parts along the last axis"""
    if x is None:
        return [None] * number
    width = x.shape[-1] // number
    return [x[..., k * width:(k + 1) * width] for k in range(number)]


def where(condition: Array, x: Any, y: Any) -> Any:
    condition = value_of(condition)
    a, b = value_of(x), value_of(y)
    result = np.where(condition, a, b)
    parents: list[Any] = []
    if isinstance(x, Variable):
        parents.append((x, lambda g: summed_to(np.where(condition, g, 0), np.shape(a))))
    if isinstance(y, Variable):
        parents.append((y, lambda g: summed_to(np.where(condition, 0, g), np.shape(b))))
    return Variable(result, parents) if parents else result


def inverse(x: Any) -> Any:
    y = np.linalg.inv(value_of(x))
    return Variable(y, [(x, lambda g: -y.T @ g @ y.T)]) if isinstance(x, Variable) else y


def upper(a: Any, n: int) -> Any:                            # (n(n-1)/2,) -> (n, n)
    """a above the diagonal, row by row; zeros below"""
    place = np.triu_indices(n, 1)
    y = np.zeros((n, n))
    y[place] = value_of(a)
    return Variable(y, [(a, lambda g: g[place])]) if isinstance(a, Variable) else y


def above(g: Array) -> Array:                                # (n, n) -> (n(n-1)/2,)
    return g[np.triu_indices(len(g), 1)]


def chosen(x: Any, index: Array) -> Any:                     # (..., V), (...) -> (...)
    """x at an index of the last axis"""
    index = np.asarray(value_of(index))
    return x[(*np.indices(index.shape), index)]


def one_hot(index: Array, number: int) -> Array:             # (...) -> (..., V)
    return 1.0 * (np.asarray(index)[..., None] == np.arange(number))


def shifted(by_row: Any) -> Any:                             # (B, H, S, J) by row of r -> by key
    if not isinstance(by_row, Variable):
        return by_key_of(by_row)
    return Variable(by_key_of(by_row.value), [(by_row, unshifted)])


def zeros_like(x: Any) -> Array:
    return np.zeros(np.shape(value_of(x)))


def softmax_of(x: Any) -> Any:
    """Over the last axis"""
    e = exp(x - largest(x, -1))
    return e / total(e, -1, True)


def place(name: str, value: Any) -> Any:
    """A result that a golden case has under this name; whoever runs the equations puts another function here."""
    return value


def arange(length: int) -> Array:
    return np.arange(length, dtype=float)


def power(base: float, exponent: Any) -> Any:
    return np.power(base, exponent)


def zeros(*shape: int) -> Array:
    return np.zeros(shape)
