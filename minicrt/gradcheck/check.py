"""The check of plain functions of arrays, entry by entry or along random directions"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minicrt.gradcheck.comparison import along_directions, along_entries
from minicrt.gradcheck.derivative import Derivative, Method
from minicrt.gradcheck.gradients import aligned, trouble
from minicrt.gradcheck.inputs import leaves, named, replaced
from minicrt.gradcheck.missing import what_is_missing
from minicrt.gradcheck.options import Options
from minicrt.gradcheck.outputs import PAIR, as_outputs, parts, refuse_call, refuse_no_function, refuse_random, upstream
from minicrt.gradcheck.report import GradientError, Report, TensorResult

Array = np.ndarray
Inputs = Sequence[Any] | Mapping[str, Any]


def check(forward: Callable[..., Any], backward: Callable[..., Any], inputs: Inputs, *, rng: np.random.Generator,
          method: Method = "complex", tolerance: float | None = None, step: float | None = None,
          elements: int | None = None, directions: int | None = None,
          scale: Mapping[str, float] | None = None) -> Report:
    """Compare `backward` with the derivative of `forward`, for plain functions of arrays.

    Arguments:
      forward     forward(*inputs) -> y, an array, or a tuple of arrays
      backward    backward(d_y, *inputs) -> the gradients; d_y has the form of y. One gradient for each input that holds
                  a floating-point array, in that order; a single one if there is one; or one for each input, None for
                  those without; or a mapping by the inputs' names
      inputs      a sequence, or a mapping passed by keyword. An input is an array or a number, or a dict, list, tuple
                  or NamedTuple of them, however deep; its gradient has the same form. Floating-point arrays are
                  differentiated, in float64, and floats where backward returns a gradient of them. All else is passed
                  on, and listed in the report as not checked. A random generator is copied before every call, so that
                  a random mask is the same in each
      rng         draws d_y, and the entries or directions checked
      method      "complex" or "central"
      tolerance   the largest relative error that passes; 1e-10 for the complex step, 1e-7 for central differences
      step        h; 1e-30 for the complex step, 1e-3 times max(1, |x|) for central differences, which halve it where
                  it crosses a kink, as of relu
      elements    check at most so many random entries of a tensor, and say so; all of them if None
      directions  check the derivative along so many random directions of a tensor in place of its entries
      scale       for a tensor whose gradient may vanish by cancellation: the natural size of the terms that cancel. A
                  difference within 1e-15 of it counts as rounding (of central differences, 1e-15/step of it). Without
                  it a zero reference demands exact zeros. A tensor in a container is named "layers.0.w"

    Returns a Report. Wrong values, shapes or counts, values that are not finite and inputs written to are findings in
    it, and so is a gradient that cannot be decided: at a kink, or below rounding.
    Raises GradientError where nothing can be differentiated or compared: no floating-point input, arrays of another
    library or of objects, a forward function that does not take complex input or draws random numbers, absurd options.
    """
    options = Options.checked(rng, method, tolerance, step, elements, directions, scale)
    refuse_no_function("forward", forward)
    refuse_no_function("backward", backward)

    def run_backward(d_y: Any, _: None, call: Callable[..., Any]) -> Any:
        try:
            return call(backward, d_y)
        except (TypeError, ValueError, IndexError) as error:
            if isinstance(d_y, tuple) and len(d_y) == 2:
                raise GradientError(f"backward raised {type(error).__name__} for a d_y of two arrays, the form of what "
                                    f"forward returned; {PAIR}") from error
            raise

    return _check(forward, lambda call: (call(forward), None), run_backward, inputs, rng, options, PAIR)


def check_operation(operation: Callable[..., Any], operation_backward: Callable[..., Any], inputs: Inputs, *,
                    rng: np.random.Generator, method: Method = "complex", tolerance: float | None = None,
                    step: float | None = None, elements: int | None = None, directions: int | None = None,
                    scale: Mapping[str, float] | None = None) -> Report:
    """`check` for the form of minicrt.ops: `y, cache = operation(*inputs)`, `operation_backward(d_y, cache)`."""
    options = Options.checked(rng, method, tolerance, step, elements, directions, scale)
    refuse_no_function("the operation", operation)
    refuse_no_function("the operation's backward function", operation_backward)

    def run(call: Callable[..., Any]) -> tuple[Any, Any]:
        result = call(operation)
        if not isinstance(result, tuple) or len(result) != 2:
            got = f"{len(result)} values" if isinstance(result, tuple) else type(result).__name__
            raise GradientError(f"the operation returned {got}, expected y and its cache; `check` is for functions "
                                "that return y alone")
        return result

    seen: dict[str, Any] = {}

    def run_backward(d_y: Any, cache: Any, call: Callable[..., Any]) -> Any:
        seen["upstream"], seen["gradients"] = d_y, operation_backward(d_y, cache)
        return seen["gradients"]

    report = _check(operation, run, run_backward, inputs, rng, options)
    if report.passes():
        return report
    return dataclasses.replace(report, missing=what_is_missing(operation, named(operation, inputs), **seen))


def _check(forward: Callable[..., Any], run: Callable[..., Any], run_backward: Callable[..., Any], inputs: Inputs,
           rng: np.random.Generator, options: Options, of_pairs: str = "") -> Report:
    """run(call) -> y, cache; run_backward(d_y, cache, call) -> gradients; call(f, *first) calls f on the inputs.

    `of_pairs` is said of gradients that do not fit where forward returned two outputs.
    """
    arguments = named(forward, inputs)
    found = leaves(arguments)
    if not any(leaf.is_array or leaf.is_scalar for leaf in found):
        raise GradientError("nothing to differentiate: expected a floating-point array among the inputs, got "
                            + (", ".join(f"{leaf.name} ({leaf.description})" for leaf in found) or "no inputs"))

    def caller(values: Mapping[str, Any]) -> Callable[..., Any]:
        fresh = replaced(arguments, values)
        return lambda f, *first: f(*first, **fresh) if by_keyword else f(*first, *fresh.values())

    by_keyword = isinstance(inputs, Mapping)
    refuse_call(forward, "forward", *([] if by_keyword else arguments.values()), **(arguments if by_keyword else {}))

    # A float64 array is passed on as it is, not as a copy: its memory layout is part of what is tested.
    point = {leaf.name: leaf.value.astype(np.float64, copy=False) for leaf in found
             if leaf.is_array or isinstance(leaf.value, np.floating)}
    before = {name: value.copy() for name, value in point.items()}
    y, cache = run(caller(point))
    outputs = as_outputs(y)
    d_y = upstream(y, outputs, rng)
    d_y_parts = [np.array(part) for part in parts(d_y)]
    gradients = run_backward(d_y, cache, caller(point))
    written = {name for name in point if not np.array_equal(point[name], before[name], equal_nan=True)}
    given, problems, problem = aligned(gradients, arguments, found)
    if not all(map(np.array_equal, parts(d_y), d_y_parts)):
        problem = "d_y was written to; work on a copy"

    checked = [leaf for leaf in found if leaf.is_array or given.get(leaf.name) is not None]
    scalars = {leaf.name: float(leaf.value) for leaf in found if leaf.is_scalar}
    options.check_scale(leaf.name for leaf in checked)
    derivative = Derivative(lambda values: as_outputs(run(caller(values))[0]), before | scalars,
                            [leaf.name for leaf in checked if leaf.is_array or leaf.is_scalar], d_y_parts,
                            options.method, options.step)
    refuse_random(outputs, derivative.here)
    results = []
    for leaf in checked:
        wrong = problem or problems.pop(leaf.name, "") or trouble(leaf, given.get(leaf.name), leaf.name in written)
        if wrong:
            wrong += f"; {of_pairs}" if of_pairs and isinstance(y, tuple) and len(y) == 2 else ""
            results.append(TensorResult(leaf.name, np.shape(leaf.value), np.inf, problem=wrong))
        else:
            results.append(_compared(leaf.name, np.asarray(given[leaf.name]), derivative, rng, options))
    results += [TensorResult(name, (), np.inf, problem=why) for name, why in problems.items()]
    if not results:
        raise GradientError("nothing was checked: backward returned no gradient of "
                            + ", ".join(leaf.name for leaf in found if leaf.is_scalar))
    left = [f"{leaf.name} ({leaf.description}{', no gradient returned' * leaf.is_scalar})" for leaf in found
            if leaf not in checked and leaf.name not in {result.name for result in results}]
    return Report(tuple(results), derivative.description, options.tolerance, tuple(left))


def _compared(name: str, analytic: Array, derivative: Derivative, rng: np.random.Generator, options: Options
              ) -> TensorResult:
    if options.directions is not None:
        return along_directions(name, analytic, derivative, rng, options.directions, options)
    return along_entries(name, analytic, derivative, rng, options)
