"""An engine that keeps what a model computes on it, forwards and backwards, under the names of `places`"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicrt.conformance.golden.places import DROPOUTS, LOCATING, WITHOUT_PARAMETERS, Place, located, unlocated
from minicrt.models.parameters import Parameters
from minicrt.ops.clusters import clusters

Array = np.ndarray
RECORDED = (*LOCATING, *WITHOUT_PARAMETERS, "add", "concatenate", "mean_squared_error", "weighted_cross_entropy",
            "binary_cross_entropy", *DROPOUTS)


@dataclass(frozen=True)
class Substitute:
    """Another forward and backward pass for an operation, wherever `at(place)` says so.

    change     (forward, backward) → the pair that stands in for them
    arriving   what becomes of the gradient of the output before it gets there
    taken      what becomes of the arguments
    Sums in a backward pass stand at "d_" and the place whose backward pass ran last.
    """

    operation: str
    change: Callable[[Any, Any], tuple[Any, Any]] = lambda forward, backward: (forward, backward)
    at: Callable[[str], bool] = lambda place: True
    arriving: Callable[[Any], Any] = lambda d_y: d_y
    taken: Callable[..., tuple[Any, ...]] = lambda *arguments: arguments


@dataclass(frozen=True)
class Placed:
    """An operation's cache, and where it comes from."""

    place: str
    cache: Any
    operation: str
    backward: Callable[..., Any]

    @property
    def last(self) -> Any:
        """What goes on to the next segment, of operations whose output is another"""
        return self.cache.last


class Recording:
    """`engine`'s operations; what they return is kept in `tensors`, in the order in which it is computed:

        segment<N>/<place>     the output of the operation at that place
        d_segment<N>/<place>   the gradient of the objective with respect to that output, as the backward pass gets it

    Of a recurrence's states this is the gradient that comes from outside: from those who read h_t, and at the last step
    from the next segment; not what comes back from the step after. `forward` and `backward` say what comes next.
    """

    def __init__(self, engine: Any, parameters: Parameters, substitutes: Sequence[Substitute] = ()):
        self.tensors: dict[str, Array] = {}
        self._engine, self._substitutes = engine, substitutes
        self._names = {_address(parameters[name]): name for name in parameters}
        self._segment, self._is_backward = 0, False
        self._scope, self._prefix, self._last_back = "", "", ""

    def __getattr__(self, name: str) -> Any:
        operation = name.removesuffix("_backward")
        if operation not in RECORDED:
            return getattr(self._engine, name)               # masks, norms of gradients, whatever leaves no trace
        if operation != name:
            return self._run_backward
        return lambda *arguments, **options: self._run(operation, *arguments, **options)

    # What the pass and the model say.

    def forward(self, segment: int) -> None:
        self._segment, self._is_backward, self._scope = segment, False, ""

    def backward(self, segment: int) -> None:
        self._segment, self._is_backward, self._last_back = segment, True, ""

    def enter(self, parameter: Array) -> None:
        """The operations that follow belong to the part of the model that has this parameter."""
        self._scope = self._names[_address(parameter)].rpartition(".")[0]

    def mark(self, place: str, value: Array) -> None:
        """Keep a result that is no operation's; what follows belongs to it."""
        self._scope = place
        self._keep(f"segment{self._segment}/", place, value)

    def mark_gradient(self, place: str, gradient: Array) -> None:
        if self._is_backward:
            self._keep(f"d_segment{self._segment}/", place, gradient)

    @contextmanager
    def within(self, prefix: str) -> Iterator[None]:
        """Places inside are named `prefix`.place."""
        before, self._prefix = self._prefix, prefix + "."
        try:
            yield
        finally:
            self._prefix = before

    # What the model calls.

    def _run(self, operation: str, *arguments: Any, **options: Any) -> Any:
        place = self._place(operation, arguments)
        forward, backward = self._pair(operation, place)
        for substitute in self._matching(operation, place):
            arguments = substitute.taken(*arguments)
        result = forward(*arguments, **options)
        if operation in ("add", "concatenate"):
            if place and not self._is_backward:
                self._keep(f"segment{self._segment}/", place, result)
            return result
        y, cache = result
        if operation in DROPOUTS:
            place = self._dropped(place, y, arguments[0])
        elif operation == "linear_cross_entropy":
            z, table, bias = arguments[:3]
            self._keep(f"segment{self._segment}/", place, z @ table.T + bias)
            place = ""                                       # the gradient that comes in is that of the loss: given
        elif operation == "adaptive_softmax":
            for name, value in zip(("head_logits", "tail_logits"), cluster_scores(*arguments)):
                self._keep(f"segment{self._segment}/", name, value)
            place = ""
        elif place:
            place = self._keep(f"segment{self._segment}/", place, y)
        return y, Placed(place, cache, operation, backward)

    def _run_backward(self, d_y: Any, placed: Placed, *arguments: Any, **options: Any) -> Any:
        for substitute in self._matching(placed.operation, placed.place):
            d_y = substitute.arriving(d_y)
        if placed.place:
            self._last_back = placed.place
            self._keep(f"d_segment{self._segment}/", placed.place, _with_last(d_y, arguments))
        return placed.backward(d_y, placed.cache, *arguments, **options)

    def _place(self, operation: str, arguments: Sequence[Any]) -> str:
        if self._is_backward:
            return "d_" + self._last_back
        if operation == "concatenate" and arguments[1] == 0: # of parameters
            return ""
        place: Place | None
        if operation in LOCATING:
            name = self._names.get(_address(arguments[LOCATING[operation]]))
            place = located(operation, name, self._scope) if name else unlocated(operation, self._scope)
        else:
            place = unlocated(operation, self._scope)
        if place is None:
            return ""
        self._scope = place.scope
        return self._prefix + place.name

    def _pair(self, operation: str, place: str) -> tuple[Callable[..., Any], Any]:
        pair = getattr(self._engine, operation), getattr(self._engine, operation + "_backward", None)
        for substitute in self._matching(operation, place):
            pair = substitute.change(*pair)
        return pair

    def _matching(self, operation: str, place: str) -> list[Substitute]:
        return [substitute for substitute in self._substitutes
                if substitute.operation == operation and substitute.at(place)]

    def _dropped(self, place: str, y: Array, x: Array) -> str:
        """Without dropout the place is the sum that comes next, or x itself; x is kept where nothing else kept it."""
        name = f"segment{self._segment}/{place}"
        if place == "x" and name not in self.tensors and not np.array_equal(
                x, self.tensors.get(f"segment{self._segment}/embedding", np.zeros(0))):
            self._keep(f"segment{self._segment}/", place, y)
        return place

    def _keep(self, prefix: str, place: str, value: Array) -> str:
        """Keep a copy, for models add to gradients in place; returns the place with its number."""
        name, count = place, 1
        if not self._is_backward:
            while prefix + name in self.tensors:
                count += 1
                name = f"{place}.{count}"
        elif prefix.removeprefix("d_") + place not in self.tensors:
            return name                                      # a gradient of what is no place
        self.tensors[prefix + name] = np.array(value)
        return name


def cluster_scores(z: Array, head: Array, bias: Array, projection: Array, tails: Array, targets: Array, cutoffs: Any,
                   div_value: float) -> tuple[Array, Array]:
    """What an adaptive softmax is taken of: of the head (..., S + K), and of the words behind it (..., V − S)"""
    found, behind = clusters(len(bias) - len(cutoffs), z.shape[-1], cutoffs, div_value), bias[len(head):]
    tail = [(z @ projection[:, c.columns]) @ c.table(tails).T for c in found]
    return z @ head.T + bias[:len(head)], np.concatenate(tail, -1) + behind


def _with_last(d_y: Any, arguments: Sequence[Any]) -> Any:
    """A recurrence's d_last is added to the gradient of its last state, where the output is the state."""
    if not arguments or arguments[0] is None or np.shape(arguments[0]) != np.shape(d_y[:, -1]):
        return d_y
    d_y = np.array(d_y)
    d_y[:, -1] += arguments[0]
    return d_y


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
