"""The golden cases of operations: minicrt.ops in float64 on given values, with everything on the way there and back"""

import inspect
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.conformance.golden.meanings import meaning
from minicrt.conformance.golden.natural_scales import natural_scales
from minicrt.conformance.golden.operation_conventions import conventions
from minicrt.conformance.golden.sketches import SKETCHES, Drawn, Sketch
from minicrt.conformance.golden.tensors import GoldenCase, Role, Tensor
from minicrt.conformance.golden.values import Values
from minicrt.conformance.mistakes.operations import faulty_operation

Array = np.ndarray

OUTPUT = {"gru": "h", "ncgru": "h", "lstm": "s", "mingru": "h", "lru": "h", "scaled_cayley": "U",
          "linear_cross_entropy": "loss", "mean_squared_error": "loss",
          "weighted_cross_entropy": "loss", "binary_cross_entropy": "loss",
          "adaptive_softmax": "loss"}                        # of the others: y
PARAMETERS = {
    "linear": ("weight", "bias"), "patch_embedding": ("weight", "bias"),
    "linear_activation": ("weight", "bias"), "embedding": ("table",),
    "layer_norm": ("gain", "bias"), "modrelu": ("bias",), "embedding_dropout": ("table",),
    "gru": ("w", "u", "b", "b_hn"), "ncgru": ("w", "u", "b"), "lstm": ("w", "u", "b"), "mingru": ("w", "b"),
    "rms_norm": ("gain",), "causal_convolution": ("weight", "bias"), "selective_scan": ("a_log", "d"),
    "pooled_queue": ("b",), "s4d": ("log_dt", "log_a", "a_im", "c", "d"), "lru": ("w", "nu", "theta", "log_gamma"),
    "relative_attention": ("u", "w"), "scaled_cayley": ("a",),
    "linear_cross_entropy": ("table", "bias"),
    "adaptive_softmax": ("head", "bias", "projection", "tails")}
SCANS = ("gru", "ncgru", "lstm", "mingru", "lru", "selective_scan", "s4d", "delta_rule")

FLOAT64, FLOAT32 = 1e-10, 2e-5
"""The relative errors that pass. A right port in float64 is off by some 1e-15 times the length of its sums; in float32
by some 1e-7, and by more where a scan goes on from its own rounded states: over T steps √T times as much."""


def operation_cases() -> dict[str, Callable[[], GoldenCase]]:
    """By name; each makes its case when it is called."""
    return {sketch.name: partial(operation_case, sketch) for sketch in SKETCHES}


def operation_case(sketch: Sketch) -> GoldenCase:
    """The case of a sketch."""
    operation, values = sketch.operation, Values(sketch.name)
    inputs = {name: value for name, value in sketch.inputs(values).items() if value is not None}
    y, _ = getattr(ops, operation)(**arguments(operation, inputs))
    upstream = values.real(f"d_{output_of(operation)}", *np.shape(y))
    return case_of(sketch.name, operation, inputs, upstream, (sketch.special,), sketch.cancels)


def case_of(name: str, operation: str, inputs: Mapping[str, Any], upstream: Array, special: tuple[str, ...] = (),
            cancels: bool = False) -> GoldenCase:
    """Given tensors, then those of the forward pass, then those of the backward pass.

    Raises InputError where the inputs do not fit.
    """
    output = output_of(operation)
    given = {name: value for name, value in inputs.items() if isinstance(value, np.ndarray)}
    options = {name: value for name, value in inputs.items() if name not in given}
    y, cache = getattr(ops, operation)(**arguments(operation, inputs))
    results = {output: np.asarray(y)} | gradients(operation, inputs, upstream, cache)
    computed = with_intermediates(operation, inputs, upstream, results)
    scales = natural_scales(operation, inputs, upstream) if cancels else {}
    tensors = [Tensor(name, role, value, meaning(operation, name), scales.get(name, 0.0))
               for name, role, value in (
                   *((name, given_role(operation, name), value) for name, value in given.items()),
                   (f"d_{output}", "upstream", upstream),
                   *((name, computed_role(name, output, inputs), value) for name, value in computed.items()))]
    steps = given.get("x", given.get("v", np.zeros((1, 1)))).shape[1] if operation in SCANS else 1
    return GoldenCase(name, "operation", operation, tuple(tensors), options,
                      (*special, *conventions(operation, options)),
                      {"float64": FLOAT64, "float32": FLOAT32 * math.sqrt(steps)})


def output_of(operation: str) -> str:
    return OUTPUT.get(operation, "y")


def arguments(operation: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What minicrt.ops takes, of a case's inputs and options: a dropout's generator gives out the case's `uniform`."""
    taken = inspect.signature(getattr(ops, operation)).parameters
    found = {name: value for name, value in inputs.items() if name in taken}
    if "rng" in taken:
        found["rng"] = Drawn(inputs["uniform"])
    return {name: None for name in taken if name in ("bias", "mask")} | found


def gradients(operation: str, inputs: Mapping[str, Any], upstream: Array, cache: Any) -> dict[str, Array]:
    """`d_<input>` for every array of floats that the operation takes, as minicrt.ops has it."""
    result = getattr(ops, operation + "_backward")(upstream, cache)
    values = [value for value in (result if isinstance(result, tuple) else (result,)) if value is not None]
    taken = inspect.signature(getattr(ops, operation)).parameters
    names = [name for name in taken if isinstance(inputs.get(name), np.ndarray) and inputs[name].dtype.kind == "f"]
    return {f"d_{name}": np.asarray(value) for name, value in zip(names, values, strict=True)}


def with_intermediates(operation: str, inputs: Mapping[str, Any], upstream: Array, results: Mapping[str, Array]
                       ) -> dict[str, Array]:
    """The results of minicrt.ops in the midst of all that the operation's second writing computes, in its order.

    The two must have the same results. What cancels may differ by rounding of its terms, hence the largest of all.
    """
    trace = faulty_operation(operation, inputs).trace(inputs, upstream)
    size = max(1.0, *(float(np.max(np.abs(value))) for value in results.values()))
    for name, value in results.items():
        if name not in trace or trace[name].shape != value.shape or np.abs(trace[name] - value).max() > 1e-12 * size:
            raise AssertionError(f"{operation}: minicrt.ops and its second writing in minicrt.conformance.mistakes "
                                 f"differ in {name}")
    return {name: results.get(name, value) for name, value in trace.items()}


def given_role(operation: str, name: str) -> Role:
    return "parameter" if name in PARAMETERS.get(operation, ()) else "input"


def computed_role(name: str, output: str, inputs: Mapping[str, Any]) -> Role:
    if name == output:
        return "output"
    if name.startswith("d_"):
        return "gradient" if name.removeprefix("d_") in inputs else "backward"
    return "intermediate"
