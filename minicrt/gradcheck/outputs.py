"""What a forward function returned: read as arrays, or refused in a sentence"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minicrt.arguments import kind_of
from minicrt.gradcheck.report import GradientError

Array = np.ndarray
PAIR = ("if it is (out, cache), the form of minicrt.ops, use check_operation; outputs are an array, or a tuple of "
        "arrays and of nothing else")


def parts(y: Any) -> tuple[Any, ...]:
    return tuple(y) if isinstance(y, tuple | list) else (y,)


def as_outputs(y: Any) -> list[Array]:
    """The outputs as arrays. Raises GradientError where they are none, with what to return instead."""
    given = parts(y)
    if not given:
        raise GradientError("forward returned nothing, an empty tuple; expected an array, or a tuple of arrays")
    return [_as_array(part, f"output {k}" if len(given) > 1 else "the output", given) for k, part in enumerate(given)]


def _as_array(part: Any, which: str, given: Sequence[Any]) -> Array:
    if hasattr(part, "detach"):
        raise GradientError("forward returned a tensor of PyTorch; return y.detach().numpy(): d_y and the inputs are "
                            "arrays of NumPy")
    if part is None or isinstance(part, str | Mapping | tuple | list):
        kind = "None" if part is None else f"a {type(part).__name__}"
        raise GradientError(f"{which} of forward is {kind}, expected an array" + (len(given) > 1) * f"; {PAIR}")
    try:
        array = np.asarray(part)
    except (TypeError, ValueError, RuntimeError) as error:
        raise GradientError(f"{which} of forward is no array of NumPy: {' '.join(str(error).split())}") from error
    if array.dtype.kind not in "fciub":
        kind = type(part).__name__ if array.dtype == object else f"of dtype {array.dtype}"
        raise GradientError(f"{which} of forward is {kind}, expected floating point, best float64; "
                            "keep the dtype of the inputs")
    return array


def upstream(y: Any, outputs: Sequence[Array], rng: np.random.Generator) -> Any:
    """A random d_y of the form of y: an array, or a tuple of arrays."""
    drawn = tuple(rng.standard_normal(output.shape) for output in outputs)
    return drawn if isinstance(y, tuple | list) else drawn[0]


def refuse_random(first: Sequence[Array], again: Sequence[Array]) -> None:
    """Raise GradientError if a second call with the same inputs gave other values, by more than rounding in float32."""
    for a, b in zip(first, again, strict=True):
        size = float(np.abs(a).max(initial=0, where=np.isfinite(a)))
        if a.shape != b.shape or not np.allclose(a, b, 1e-6, 1e-6 * size, equal_nan=True):
            raise GradientError("forward returned other values when it was called again with the same inputs: it draws "
                                "random numbers, or keeps something between calls; make a np.random.Generator one of "
                                "the inputs (it is copied before every call), or seed it inside forward and backward")


def refuse_no_function(name: str, function: Any) -> None:
    """Raise GradientError unless `function` can be called."""
    if not callable(function):
        raise GradientError(f"{name} is {kind_of(function)}, expected a function")


def refuse_call(function: Callable[..., Any], whose: str, *arguments: Any, **by_name: Any) -> None:
    """Raise GradientError if a function cannot be called with these arguments, as far as its signature tells."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):                          # a builtin without a signature
        return
    try:
        signature.bind(*arguments, **by_name)
    except TypeError as error:
        raise GradientError(f"{whose}{signature} cannot be called with {len(arguments) + len(by_name)} arguments"
                            f"{': ' + ', '.join(list(by_name)[:10]) if by_name else ''} ({error})") from error
