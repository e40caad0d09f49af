"""Which input each gradient belongs to that a backward pass returned, and why one cannot be compared"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicrt.gradcheck.inputs import Leaf, children, named_leaves

Array = np.ndarray


class Aligned(NamedTuple):
    """`found`: the gradient of each leaf of the inputs by its name, None where there is none. `problems`: why something
    that was returned is no gradient of a leaf, by name. `problem`: why nothing can be told apart at all."""

    found: dict[str, Any]
    problems: dict[str, str]
    problem: str = ""


def aligned(gradients: Any, arguments: Mapping[str, Any], leaves: Sequence[Leaf]) -> Aligned:
    """What `gradients` gives to each leaf.

    They may be a mapping by argument, or a sequence: one for each argument that holds a floating-point array, or for
    each argument (None where there is no gradient), or for each with an array or a float. A gradient has the form of
    its argument. The gradient of a single argument may stand alone.
    """
    with_array = list(dict.fromkeys(leaf.argument for leaf in leaves if leaf.is_array))
    with_float = list(dict.fromkeys(leaf.argument for leaf in leaves if leaf.is_array or leaf.is_scalar))
    readings = list(_readings(gradients, list(arguments), with_array, with_float))
    if not readings:
        expected = with_array or with_float
        return Aligned({}, {}, f"backward returned {len(_sequence(gradients) or ())} gradients, expected "
                               f"{len(expected)}: of {', '.join(expected)}")
    by_argument = next((reading for reading in readings if _fits(reading, arguments)), readings[0])
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, gradient in by_argument.items():
        if name in arguments:
            _spread(str(name), gradient, arguments[name], found, problems)
        elif gradient is not None:
            problems[str(name)] = f"it is none of the inputs, which are {', '.join(arguments)}"
    return Aligned(found, problems)


def _readings(gradients: Any, arguments: list[str], with_array: list[str], with_float: list[str]
              ) -> Iterator[dict[Any, Any]]:
    """The ways to read what was returned, by argument, the likeliest first."""
    if isinstance(gradients, Mapping):
        yield dict(gradients)
    given = _sequence(gradients)
    if given is not None:
        for names in (with_array, arguments, with_float):
            if len(given) == len(names):
                yield dict(zip(names, given))
        present = [gradient for gradient in given if gradient is not None]
        if len(present) == len(with_array):
            yield dict(zip(with_array, present))
    alone = with_array or with_float
    if len(alone) == 1:
        yield {alone[0]: gradients}


def _sequence(gradients: Any) -> list[Any] | None:
    if isinstance(gradients, Mapping):
        return None
    return list(gradients) if isinstance(gradients, tuple | list) else [gradients]


def _fits(reading: Mapping[Any, Any], arguments: Mapping[str, Any]) -> bool:
    """Whether every gradient has the form of its argument: an array, or a container that holds as many."""
    return all(name in arguments and (gradient is None or (
        _parts(gradient, arguments[name]) is not None if children(arguments[name]) is not None
        else not isinstance(gradient, Mapping | tuple | list))) for name, gradient in reading.items())


def _parts(gradient: Any, value: Any) -> dict[Any, Any] | None:
    """The gradient of a dict, list or tuple by the keys of `value`; None if it has another form."""
    keys = list(children(value) or {})
    if isinstance(gradient, Mapping):
        return dict(gradient) if isinstance(value, dict) or hasattr(value, "_fields") else None
    if isinstance(gradient, tuple | list) and not isinstance(value, dict) and len(gradient) == len(keys):
        return dict(zip(keys, gradient))
    return None


def _spread(name: str, gradient: Any, value: Any, found: dict[str, Any], problems: dict[str, str]) -> None:
    below = children(value)
    if below is None or gradient is None:
        found[name] = gradient
        return
    parts = _parts(gradient, value)
    if parts is None:
        form = (f"the gradient of {name} is of type {type(gradient).__name__}, expected the form of {name}, a "
                f"{type(value).__name__} of {', '.join(map(str, below))}")
        problems.update(dict.fromkeys((leaf for leaf, _ in named_leaves(name, value)), form))
        return
    for key, part in parts.items():
        if key in below:
            _spread(f"{name}.{key}", part, below[key], found, problems)
        elif part is not None:
            problems[f"{name}.{key}"] = f"it is none of the inputs; {name} has {', '.join(map(str, below))}"


def trouble(leaf: Leaf, gradient: Any, written: bool) -> str:
    """Why the gradient of a leaf cannot be compared, or ''."""
    name, value, _ = leaf
    if written:
        return f"{name} was written to; work on a copy"
    if not (leaf.is_array or leaf.is_scalar):
        return (f"{name} is not differentiated ({leaf.description}), but backward returned a gradient of it: hand it "
                "in as floating point, or return None")
    if gradient is None:
        return "backward returned none; an array that is a constant is bound to both functions with functools.partial"
    try:
        array = np.asarray(gradient)
    except (TypeError, ValueError, RuntimeError) as error:   # a tensor on a graph or a device, a ragged list
        return f"it is no array of NumPy ({' '.join(str(error).split())})"
    if array.shape != np.shape(value):
        return f"it has shape {array.shape}, expected {np.shape(value)}, the shape of {name}"
    if not np.issubdtype(array.dtype, np.floating):
        return f"it has dtype {array.dtype}, expected floating point, best float64"
    return ""
