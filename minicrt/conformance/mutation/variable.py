"""Arrays that remember what they were computed from, so that a wrong forward pass has a backward pass that is right
for it: what a port gets whose gradients a library makes

An array of NumPy that is no `Variable` is a constant. Values are never written to.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

import numpy as np

Array = np.ndarray
Pull = Callable[[Array], Any]                                # the gradient of a result → that of an argument
_number = count()


class Variable:
    """A value, and for each argument that it was computed from how a gradient goes back to it."""

    __slots__ = ("number", "parents", "value")
    __array_ufunc__ = None                                   # NumPy leaves array + variable to us

    def __init__(self, value: Any, parents: Sequence[tuple["Variable", Pull]] = ()) -> None:
        self.value, self.parents, self.number = np.asarray(value), parents, next(_number)

    def __getitem__(self, key: Any) -> "Variable":
        if isinstance(key, Variable):
            key = key.value

        def pull(g: Array) -> Array:
            whole = np.zeros(self.value.shape, g.dtype)
            np.add.at(whole, key, g)
            return whole
        return Variable(self.value[key], [(self, pull)])

    def __len__(self) -> int:
        return len(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def T(self) -> "Variable":
        return Variable(self.value.T, [(self, lambda g: g.T)])

    def reshape(self, *shape: int) -> "Variable":
        return Variable(self.value.reshape(*shape), [(self, lambda g: g.reshape(self.value.shape))])

    def transpose(self, *axes: int) -> "Variable":
        return Variable(self.value.transpose(*axes), [(self, lambda g: g.transpose(*np.argsort(axes)))])

    def __add__(self, other: Any) -> "Variable":
        return of_two(np.add, self, other, lambda g, a, b: g, lambda g, a, b: g)

    def __sub__(self, other: Any) -> "Variable":
        return of_two(np.subtract, self, other, lambda g, a, b: g, lambda g, a, b: -g)

    def __rsub__(self, other: Any) -> "Variable":
        return of_two(np.subtract, other, self, lambda g, a, b: g, lambda g, a, b: -g)

    def __mul__(self, other: Any) -> "Variable":
        return of_two(np.multiply, self, other, lambda g, a, b: g * b, lambda g, a, b: g * a)

    def __truediv__(self, other: Any) -> "Variable":
        return of_two(np.divide, self, other, lambda g, a, b: g / b, lambda g, a, b: -g * a / (b * b))

    def __rtruediv__(self, other: Any) -> "Variable":
        return of_two(np.divide, other, self, lambda g, a, b: g / b, lambda g, a, b: -g * a / (b * b))

    def __matmul__(self, other: Any) -> "Variable":
        return of_two(np.matmul, self, other, *PRODUCT)

    def __rmatmul__(self, other: Any) -> "Variable":
        return of_two(np.matmul, other, self, *PRODUCT)

    def __neg__(self) -> "Variable":
        return Variable(-self.value, [(self, lambda g: -g)])

    __radd__ = __add__
    __rmul__ = __mul__


def value_of(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else x


def of_two(function: Callable[..., Array], a: Any, b: Any, to_a: Callable[..., Any], to_b: Callable[..., Any]
           ) -> Variable:
    """function(a, b); to_a(g, a, b) and to_b(g, a, b) are the gradients before sums over what was broadcast."""
    x, y = value_of(a), value_of(b)
    parents: list[tuple[Variable, Pull]] = []
    if isinstance(a, Variable):
        parents.append((a, lambda g: summed_to(to_a(g, x, y), np.shape(x))))
    if isinstance(b, Variable):
        parents.append((b, lambda g: summed_to(to_b(g, x, y), np.shape(y))))
    return Variable(function(x, y), parents)


def summed_to(g: Any, shape: tuple[int, ...]) -> Array:
    """The gradient of an array of this shape that was broadcast."""
    g = np.asarray(g)
    if g.shape == shape:
        return g
    g = g.sum(tuple(range(g.ndim - len(shape))))
    return g.sum(tuple(k for k, size in enumerate(shape) if size == 1 and g.shape[k] != 1), keepdims=True)


def swapped(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


def to_left(g: Array, a: Array, b: Array) -> Array:
    return g @ swapped(b) if np.ndim(b) > 1 else g[..., None] * b


def to_right(g: Array, a: Array, b: Array) -> Array:
    if np.ndim(b) == 2 and np.ndim(a) > 2:                   # over all rows at once
        return a.reshape(-1, a.shape[-1]).T @ g.reshape(-1, g.shape[-1])
    return swapped(a) @ g if np.ndim(a) > 1 else a[..., None] * g


PRODUCT = to_left, to_right


def gradients(ends: Iterable[tuple[Variable, Any]], wanted: Sequence[Any]) -> list[Array]:
    """Of Σ <gradient, end> with respect to each of `wanted`; zeros where nothing leads there."""
    found: dict[int, Array] = {}
    waiting: dict[int, Variable] = {}
    for end, gradient in ends:
        if isinstance(end, Variable):
            add_to(found, end.number, np.broadcast_to(gradient, end.value.shape))
            waiting[end.number] = end
    order = ordered(waiting.values())
    for variable in order:
        g = found.get(variable.number)
        for parent, pull in variable.parents if g is not None else ():
            assert g is not None
            add_to(found, parent.number, pull(g))
    return [found.get(variable.number, np.zeros(np.shape(variable.value))) if isinstance(variable, Variable)
            else np.zeros(np.shape(variable)) for variable in wanted]


def add_to(found: dict[int, Array], number: int, gradient: Any) -> None:
    found[number] = found[number] + gradient if number in found else np.asarray(gradient)


def ordered(ends: Iterable[Variable]) -> list[Variable]:
    """All that the ends were computed from, the last one first."""
    known = {end.number: end for end in ends}
    waiting = list(known.values())
    while waiting:
        for parent, _ in waiting.pop().parents:
            if parent.number not in known:
                known[parent.number] = parent
                waiting.append(parent)
    return [known[number] for number in sorted(known, reverse=True)]
