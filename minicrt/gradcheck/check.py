"""The check of plain functions of arrays, entry by entry or along random directions"""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicrt.gradcheck.derivative import TOLERANCE, Derivative, Method, along_directions
from minicrt.gradcheck.report import GradientError, Report, TensorResult, compare

Array = np.ndarray
Inputs = Sequence[Any] | Mapping[str, Any]


def check(forward: Callable[..., Any], backward: Callable[..., Any], inputs: Inputs, *, rng: np.random.Generator,
          method: Method = "complex", tolerance: float | None = None, step: float | None = None,
          elements: int | None = None, directions: int | None = None,
          scale: Mapping[str, float] | None = None) -> Report:
    """Compare `backward` with the derivative of `forward`, for plain functions of arrays.

    Arguments:
      forward     forward(*inputs) -> y, an array, or a tuple of arrays
      backward    backward(d_y, *inputs) -> the gradients; d_y has the form of y. One gradient for each floating-point
                  array among the inputs, in that order; a single array if there is one; None may stand for the others
      inputs      a sequence, or a mapping passed by keyword. Floating-point arrays are differentiated, in float64;
                  everything else (ints, None, strings, integer arrays) is passed on. A np.random.Generator is copied
                  before every call, so that a random mask is the same in each
      rng         draws d_y, and the entries or directions checked
      method      "complex" or "central"
      tolerance   the largest relative error that passes; 1e-10 for the complex step, 1e-7 for central differences
      step        h; 1e-30 for the complex step, 1e-3 times max(1, |x|) for central differences
      elements    check at most so many random entries of a tensor, and say so; all of them if None
      directions  check the derivative along so many random directions of a tensor in place of its entries
      scale       for a tensor whose gradient may vanish by cancellation: the natural size of the terms that cancel. A
                  difference within 1e-15 of it counts as rounding. Without it a zero reference demands exact zeros

    Returns a Report. Wrong values, shapes or counts, values that are not finite and inputs written to are findings in
    it. Raises GradientError if the forward function does not take complex input, or nothing can be differentiated.
    """
    options = _Options(method, tolerance, step, elements, directions, scale or {})
    return _check(forward, lambda call: (call(forward), None), lambda d_y, _, call: call(backward, d_y), inputs, rng,
                  options)


def check_operation(operation: Callable[..., Any], operation_backward: Callable[..., Any], inputs: Inputs, *,
                    rng: np.random.Generator, method: Method = "complex", tolerance: float | None = None,
                    step: float | None = None, elements: int | None = None, directions: int | None = None,
                    scale: Mapping[str, float] | None = None) -> Report:
    """`check` for the form of minicrt.ops: `y, cache = operation(*inputs)`, `operation_backward(d_y, cache)`."""
    options = _Options(method, tolerance, step, elements, directions, scale or {})
    return _check(operation, lambda call: call(operation), lambda d_y, cache, _: operation_backward(d_y, cache), inputs,
                  rng, options)


class _Options(NamedTuple):
    method: Method
    tolerance: float | None
    step: float | None
    elements: int | None
    directions: int | None
    scale: Mapping[str, float]


def _check(forward: Callable[..., Any], run: Callable[..., Any], run_backward: Callable[..., Any], inputs: Inputs,
           rng: np.random.Generator, options: _Options) -> Report:
    """run(call) -> y, cache; run_backward(d_y, cache, call) -> gradients; call(f, *first) calls f on the inputs."""
    method = options.method
    if method not in TOLERANCE:
        raise GradientError(f"the method is {method!r}, expected 'complex' or 'central'")
    arguments = _named(forward, inputs)
    by_keyword = isinstance(inputs, Mapping)
    names = [name for name, value in arguments.items() if _is_float_array(value)]
    if not names:
        raise GradientError("nothing to differentiate: expected a floating-point array among the inputs, got "
                            + (", ".join(type(value).__name__ for value in arguments.values()) or "no inputs"))

    def caller(values: Mapping[str, Any]) -> Callable[..., Any]:
        fresh = {name: copy.deepcopy(v) if isinstance(v, np.random.Generator) else v for name, v in values.items()}
        return lambda f, *first: f(*first, **fresh) if by_keyword else f(*first, *fresh.values())

    # A float64 array is passed on as it is, not as a copy: its memory layout is part of what is tested.
    point = arguments | {name: arguments[name].astype(np.float64, copy=False) for name in names}
    before = {name: point[name].copy() for name in names}
    y, cache = run(caller(point))
    d_y = _upstream(y, rng)
    d_y_parts = [np.array(part) for part in _parts(d_y)]
    gradients = run_backward(d_y, cache, caller(point))
    written = {name for name in names if not np.array_equal(point[name], before[name], equal_nan=True)}
    found, problem = _aligned(gradients, list(arguments), names)
    if not all(map(np.array_equal, _parts(d_y), d_y_parts)):
        problem = "d_y was written to; work on a copy"

    def outputs(values: Mapping[str, Any]) -> list[Array]:
        return [np.asarray(part) for part in _parts(run(caller(values))[0])]

    derivative = Derivative(outputs, point | before, names, d_y_parts, method, options.step)
    results = []
    for name in names:
        trouble = problem or _trouble(name, found.get(name), before[name], name in written)
        if trouble:
            results.append(TensorResult(name, before[name].shape, np.inf, problem=trouble))
        else:
            results.append(_compared(name, np.asarray(found[name]), derivative, rng, options))
    limit = TOLERANCE[method] if options.tolerance is None else options.tolerance
    report = Report(tuple(results), derivative.description, limit)
    if method == "complex" and not report.passes() and not derivative.agrees_with_central(rng):
        doubt = ("the complex step disagrees with central differences as well: forward seems not to be analytic "
                 "(np.abs, np.conj, .real, or a maximum of complex values); try method='central'")
        report = Report(report.tensors, report.method, limit, (doubt,))
    return report


def _compared(name: str, analytic: Array, derivative: Derivative, rng: np.random.Generator,
              options: _Options) -> TensorResult:
    """The analytic gradient of one tensor against the derivative along unit vectors, or along random directions."""
    shape, scale = analytic.shape, options.scale.get(name, 0.0)
    if options.directions is not None:
        return along_directions(name, analytic, derivative, rng, options.directions, scale)
    chosen, note = np.arange(analytic.size), ""
    if options.elements is not None and options.elements < analytic.size:
        chosen = np.sort(rng.choice(analytic.size, options.elements, replace=False))
        note = f"{options.elements} of {analytic.size} entries"
    reference = np.empty(len(chosen))
    for k, flat_index in enumerate(chosen):
        unit = np.zeros(shape)
        unit.flat[flat_index] = 1
        reference[k] = derivative.along({name: unit})
    places = [tuple(int(i) for i in np.unravel_index(flat_index, shape)) for flat_index in chosen]
    return compare(name, shape, analytic.ravel()[chosen], reference, places, scale, note, derivative.resolution)


def _named(function: Callable[..., Any], inputs: Inputs) -> dict[str, Any]:
    """The inputs by name: their own if they are a mapping, else the parameter names of `function`."""
    if isinstance(inputs, Mapping):
        return dict(inputs)
    try:
        parameters = [p.name for p in inspect.signature(function).parameters.values()
                      if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):                          # a builtin without a signature
        parameters = []
    names = parameters[:len(inputs)] + [f"input {k}" for k in range(len(parameters), len(inputs))]
    return dict(zip(names, inputs))


def _is_float_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)


def _parts(y: Any) -> tuple[Any, ...]:
    return tuple(y) if isinstance(y, (tuple, list)) else (y,)


def _upstream(y: Any, rng: np.random.Generator) -> Any:
    """A random d_y of the form of y: an array, or a tuple of arrays."""
    parts = tuple(rng.standard_normal(np.shape(part)) for part in _parts(y))
    return parts if isinstance(y, (tuple, list)) else parts[0]


def _aligned(gradients: Any, arguments: Sequence[str], names: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The gradient of each differentiated input by name, and what is wrong with their number, if anything."""
    if isinstance(gradients, Mapping):
        return dict(gradients), ""
    given = _parts(gradients)
    if len(given) == len(names):
        return dict(zip(names, given)), ""
    if len(given) == len(arguments):
        return dict(zip(arguments, given)), ""
    present = [gradient for gradient in given if gradient is not None]
    if len(present) == len(names):
        return dict(zip(names, present)), ""
    return {}, f"backward returned {len(given)} gradients, expected {len(names)}: of {', '.join(names)}"


def _trouble(name: str, gradient: Any, value: Array, written: bool) -> str:
    """Why the gradient of an input cannot be compared, or ''."""
    if written:
        return f"{name} was written to; work on a copy"
    if gradient is None:
        return "backward returned none"
    array = np.asarray(gradient)
    if array.shape != value.shape:
        return f"it has shape {array.shape}, expected {value.shape}, the shape of {name}"
    if not np.issubdtype(array.dtype, np.floating):
        return f"it has dtype {array.dtype}, expected floating point"
    return ""
