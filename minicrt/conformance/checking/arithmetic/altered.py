"""Arrays that compute in another arithmetic: operands of products are rounded, functions are other ones

An operation's second writing in `mistakes.operations`, run on such arrays, is what a port of that arithmetic computes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from scipy.special import erf

from minicrt.conformance.checking.arithmetic.formats import rounded
from minicrt.conformance.mistakes.operations.tape import Tape
from minicrt.ops.activations import logistic

Array = np.ndarray
UFUNCS = {np.tanh: "tanh", np.exp: "exp", erf: "erf"}
EXACT: dict[str, Callable[[Array], Array]] = {"tanh": np.tanh, "exp": np.exp, "erf": erf, "logistic": logistic}


@dataclass(frozen=True)
class Alteration:
    """What is done otherwise; an empty format is that of the case.

    operands, results   the format that both operands of a matrix product, and what it gives, are rounded to
    parameters, matrices, inputs   the format that all weights, those of two axes, an operation's inputs are rounded to
    state, probabilities   that of a recurrence's state after each step, and of an attention's p
    carried, entries    that of a model's state between segments, and which entries of it; all where none is named
    functions           what is taken for "tanh", "exp", "erf" or "logistic"
    forward, backward   the passes in which this is so
    """

    operands: str = ""
    results: str = ""
    parameters: str = ""
    matrices: str = ""
    inputs: str = ""
    state: str = ""
    probabilities: str = ""
    carried: str = ""
    entries: tuple[str, ...] = ()
    functions: Mapping[str, Callable[[Array], Array]] = field(default_factory=dict)
    forward: bool = True
    backward: bool = True


class Altered(np.ndarray):
    """An array of an alteration; `active` says whether this is a pass that rounds."""

    alteration: Alteration
    active: bool
    kind: "type[Altered]"
    operand = ""                                             # the format of these very arrays in a product

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        plain = [bare(value) for value in inputs]
        if out is not None:
            options["out"] = tuple(bare(value) for value in out)
        if ufunc is np.matmul and method == "__call__":
            return self.product(ufunc, inputs, options)
        other = self.alteration.functions.get(UFUNCS.get(ufunc, ""))
        if other is not None and method == "__call__":
            return dressed(other(plain[0]), self.kind)
        return dressed(getattr(ufunc, method)(*plain, **options), self.kind)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        plain, options = bare(arguments), {key: bare(value) for key, value in options.items()}
        if function is np.einsum:
            return self.product(partial(np.einsum, plain[0]), arguments[1:], options)
        return dressed(function(*plain, **options), self.kind)

    def product(self, multiply: Any, operands: Any, options: Any) -> Any:
        inner, outer = (self.alteration.operands, self.alteration.results) if self.active else ("", "")
        formats = [inner or getattr(x, "operand", "") for x in operands]
        plain = [rounded(bare(x), name) if name else bare(x) for x, name in zip(operands, formats)]
        result = multiply(*plain, **options)
        return dressed(rounded(result, outer) if outer else result, self.kind)

    def logistic(self) -> Any:
        other = self.alteration.functions.get("logistic", logistic)
        return dressed(other(bare(self)), self.kind)


def arrays_of(alteration: Alteration) -> type[Altered]:
    """A class of arrays of its own, whose `active` can be switched."""
    class Kind(Altered):
        active = True

    Kind.alteration, Kind.kind = alteration, Kind
    return Kind


def bare(value: Any) -> Any:
    """Plain arrays, from however deep in lists and tuples."""
    if isinstance(value, Altered):
        return value.view(np.ndarray)
    if isinstance(value, list | tuple):
        return type(value)(bare(item) for item in value)
    return value


def dressed(value: Any, kind: type[Altered]) -> Any:
    """Arrays and numbers of floating point as arrays of the kind."""
    if isinstance(value, list | tuple):
        return type(value)(dressed(item, kind) for item in value)
    if isinstance(value, np.ndarray | np.floating | np.complexfloating) and value.dtype.kind in "fc":
        return np.asarray(value).view(kind)
    return value


class AlteredTape(Tape):
    """Rounds the probabilities: where they are a product's operand, as autograd does, and their gradient; or, where the
    backward pass does not round, wherever they are used."""

    def __init__(self, alteration: Alteration, **inputs: Any) -> None:
        super().__init__(**inputs)
        self.alteration = alteration

    def keep(self, name: str, value: Any) -> Any:
        name_of_format, through = self.alteration.probabilities, self.alteration.backward
        if name_of_format and name == "p" and through:
            super().keep(name, rounded(bare(value), name_of_format))
            setattr(self, name, value.view(type("Probabilities", (value.kind,), {"operand": name_of_format})))
            return getattr(self, name)
        if name_of_format and name in ("p", "d_p") and (name == "p" or through):
            value = rounded(bare(value), name_of_format).view(value.kind)
        return super().keep(name, value)
