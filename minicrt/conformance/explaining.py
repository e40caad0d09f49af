"""What is missing in somebody's backward pass of one of our operations, by its gradients alone"""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.arguments import shown
from minicrt.conformance.checking.comparison import compare, listed
from minicrt.conformance.checking.diagnosis import diagnose
from minicrt.conformance.golden.operations import case_of
from minicrt.errors import ConformanceError

Array = np.ndarray
OPERATIONS = tuple(name for name in ops.__all__ if name + "_backward" in ops.__all__ and "dropout" not in name)


def explain_gradient(operation: str, inputs: Mapping[str, Any], upstream: Array, gradients: Mapping[str, Array]) -> str:
    """Which term of the reference's backward pass is missing or changed in one that gives these gradients.

        explain_gradient("layer_norm", {"x": x, "gain": gain, "bias": bias}, d_y, {"d_x": d_x})
        # 'The port has the mistake "mean term missing" (Takes the mean of x for a constant: …).'

    Arguments
        operation   a name in minicrt.ops that has a backward pass, dropout apart
        inputs      its arrays and options by name; an option that is left out has its default
        upstream    the gradient of its output
        gradients   any of the gradients of its inputs, as d_<input>

    Returns the first sentence of the port checker's diagnosis; empty where the gradients are right.
    Raises ConformanceError for another operation, inputs that do not fit, or no gradient that it has.
    """
    if operation not in OPERATIONS:
        raise ConformanceError(f"explain_gradient knows no operation {shown(operation)}, expected one of "
                               f"{', '.join(OPERATIONS)}")
    known = inspect.signature(getattr(ops, operation)).parameters
    defaults = {name: parameter.default for name, parameter in known.items()
                if parameter.default not in (inspect.Parameter.empty, None)}
    given = {name: value for name, value in {**defaults, **inputs}.items() if value is not None}
    try:
        case = case_of(operation, operation, given, np.asarray(upstream))
    except AssertionError as error:                          # minicrt.ops itself was edited
        raise ConformanceError(f"explain_gradient has no reference: {error}") from error
    names = [tensor.name for tensor in case.tensors if tensor.role == "gradient"]
    theirs = {name: np.asarray(value) for name, value in gradients.items() if value is not None}
    if not theirs or theirs.keys() - set(names):
        raise ConformanceError(f"explain_gradient got the gradients {listed(theirs) or 'none'}, expected some of "
                               f"{listed(names, 12)}")
    diagnosis = diagnose(compare(case, theirs))
    return diagnosis.sentences[0] if diagnosis.sentences else ""

