"""The inputs of a check: what of them is differentiated, however deep in dicts, lists and tuples it stands

An input is a tree of dicts, lists, tuples and NamedTuples. Its leaves have names, "layers.0.w". Floating-point arrays
are differentiated, floats where the backward pass returns a gradient of them; all else is passed on.
"""

import copy
import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicrt.gradcheck.report import GradientError

GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


class Leaf(NamedTuple):
    """An array, number or anything else that is no container: its name, and the argument that it is or belongs to."""

    name: str
    value: Any
    argument: str

    @property
    def is_array(self) -> bool:
        return isinstance(self.value, np.ndarray) and np.issubdtype(self.value.dtype, np.floating)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.value, float | np.floating)

    @property
    def description(self) -> str:
        if isinstance(self.value, np.ndarray):
            return f"{self.value.dtype} array"
        return "None" if self.value is None else type(self.value).__name__


def named(function: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """The inputs by name: their own if they are a mapping, else the parameter names of `function`."""
    if isinstance(inputs, Mapping):
        return dict(inputs)
    if not isinstance(inputs, Sequence) or isinstance(inputs, str | bytes):
        raise GradientError(f"the inputs are of type {type(inputs).__name__}, expected a list or mapping of them: [x]")
    try:
        parameters = [p.name for p in inspect.signature(function).parameters.values()
                      if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):                          # a builtin without a signature
        parameters = []
    names = parameters[:len(inputs)] + [f"input {k}" for k in range(len(parameters), len(inputs))]
    return dict(zip(names, inputs))


def children(value: Any) -> dict[Any, Any] | None:
    """What a dict, a list or a tuple holds, by key, field or place; None for a leaf."""
    if isinstance(value, dict):
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value))
    return dict(enumerate(value)) if isinstance(value, list | tuple) else None


def leaves(arguments: Mapping[str, Any]) -> list[Leaf]:
    """Every leaf, in order. Raises GradientError where two have one name, or no check of one is possible."""
    found = [Leaf(*pair, argument) for argument, value in arguments.items() for pair in named_leaves(argument, value)]
    names = [leaf.name for leaf in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise GradientError(f"two inputs are called {twice}; give one of them another key")
    for leaf in found:
        _refuse_foreign(leaf)
    return found


def named_leaves(name: str, value: Any, above: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    below = children(value)
    if below is None:
        yield name, value
    elif id(value) in above:
        raise GradientError(f"{name} contains itself; expected arrays in dicts, lists or tuples")
    else:
        for key, child in below.items():
            yield from named_leaves(f"{name}.{key}", child, (*above, id(value)))


def _refuse_foreign(leaf: Leaf) -> None:
    """Arrays of another library, and dtypes that NumPy does not know as floating point."""
    name, value, _ = leaf
    if isinstance(value, np.ndarray) and value.dtype == object and value.size and all(
            isinstance(number, float | np.floating) for number in value.flat):
        raise GradientError(f"{name} is an array of objects that are floats, and the check works in float64: "
                            f"hand in {name}.astype(np.float64)")
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    if "float" not in dtype or leaf.is_array or leaf.is_scalar:
        return
    if isinstance(value, np.ndarray | np.generic):
        raise GradientError(f"{name} is of dtype {dtype}, and the check works in float64: "
                            f"hand in {name}.astype(np.float64)")
    convert = f"{name}.detach().double().numpy()" if hasattr(value, "detach") else f"np.asarray({name}, np.float64)"
    raise GradientError(f"{name} is a {_library(value)} {type(value).__name__}, expected an array of NumPy: hand in "
                        f"{convert}, and let forward and backward take arrays of NumPy")


def _library(value: Any) -> str:
    return {"jaxlib": "JAX", "jax": "JAX", "torch": "PyTorch"}.get(root := type(value).__module__.split(".")[0], root)


def replaced(arguments: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the leaves that `values` names, and a copy of every random generator."""
    return {name: _replaced(name, value, values) for name, value in arguments.items()}


def _replaced(name: str, value: Any, values: Mapping[str, Any]) -> Any:
    below = children(value)
    if below is None:
        if name in values:
            return values[name]
        return copy.deepcopy(value) if isinstance(value, GENERATORS) else value
    new = {key: _replaced(f"{name}.{key}", child, values) for key, child in below.items()}
    if isinstance(value, dict):
        same = copy.copy(value)                              # of its own type, an OrderedDict for one
        same.update(new)
        return same
    if hasattr(value, "_fields"):
        return value._make(new.values())
    return type(value)(new.values())
