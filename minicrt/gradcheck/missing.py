"""Which term of a known operation's backward pass is missing in a wrong one"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.errors import MinicrtError

Array = np.ndarray


def what_is_missing(operation: Callable[..., Any], inputs: Mapping[str, Any], upstream: Any, gradients: Any) -> str:
    """The port checker's sentence, where the operation is one of minicrt.ops and the checker can name what is wrong;
    else empty."""
    from minicrt.conformance.explaining import OPERATIONS, explain_gradient

    name = getattr(operation, "__name__", "")
    if name not in OPERATIONS or getattr(ops, name) is not operation:
        return ""
    given = gradients if isinstance(gradients, tuple | list) else (gradients,)
    arrays = [key for key, value in inputs.items() if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    values = [value for value in given if value is not None]
    if len(values) != len(arrays):
        return ""
    try:
        sentence = explain_gradient(name, inputs, upstream, {f"d_{key}": value for key, value in zip(arrays, values)})
    except MinicrtError:                                     # inputs that the port checker does not take
        return ""
    return "" if sentence.startswith("The mistake looks like") else sentence         # of which the table says as much
