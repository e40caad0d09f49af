"""Which part of a tensor is right: one batch row, the first time steps, all blocks but one, the first segment"""

import re

import numpy as np

from minicrt.conformance.checking.comparison import Comparison
from minicrt.conformance.checking.distance import differences, largest
from minicrt.conformance.golden.tensors import GoldenCase, Tensor

Array = np.ndarray


def part_that_is_wrong(case: GoldenCase, tensor: Tensor, theirs: Array, tolerance: float) -> str:
    """A phrase such as "is right at time step 0 and wrong from 1 on"; empty where right and wrong are mixed."""
    ours = tensor.value
    right = differences(ours, theirs) <= tolerance * largest(ours)
    if not right.any():
        return ""
    for axis, name in enumerate(axis_names(case, tensor)):
        along = np.all(right, axis=tuple(k for k in range(ours.ndim) if k != axis))
        if along.any():
            return along_an_axis(along, name)
    return ""


def along_an_axis(along: Array, name: str) -> str:
    """`along` says for each index of an axis whether all is right there; some are, some are not."""
    right, wrong = np.flatnonzero(along), np.flatnonzero(~along)
    if len(wrong) == 1:
        return f"is wrong in {name} {wrong[0]} alone"
    if name in ("batch row", "row") and len(right) == 1:
        return f"is right in {name} {right[0]} alone"
    for count in (3, 4, 2):                                  # thirds are gates, or q, k and v
        if len(along) % count == 0 and len(along) > count:
            blocks = along.reshape(count, -1)
            if (blocks.all(1) | ~blocks.any(1)).all():
                which = [str(k + 1) for k in np.flatnonzero(~blocks.all(1))]
                return f"is wrong in block {' and '.join(which)} of {count} along its {name}s and right in the others"
    if right[-1] < wrong[0]:
        last = f"{name} {right[0]}" if len(right) == 1 else f"{name}s {right[0]} to {right[-1]}"
        return f"is right in {last} and wrong from {wrong[0]} on"
    if wrong[-1] < right[0]:
        return f"is wrong up to {name} {wrong[-1]} and right from {right[0]} on"
    return f"is wrong in {name}s {', '.join(map(str, wrong[:8]))}{' ...' if len(wrong) > 8 else ''} and right elsewhere"


def axis_names(case: GoldenCase, tensor: Tensor) -> list[str]:
    """What the axes are: those of activations by their number, those of a parameter's gradient rows and columns."""
    value, role = tensor.value, tensor.role
    source = tensor.name.removeprefix("d_")
    of_parameter = source.startswith("parameters/") or (
        source != tensor.name and source in case and case[source].role == "parameter")
    if value.ndim == 4 and tensor.name.endswith("/cache"):
        return ["batch row", "layer", "cached row", "feature"]
    if not of_parameter and value.ndim == 4:
        return ["batch row", "head", "query", "key"]
    if not of_parameter and value.ndim == 3:
        return ["batch row", "time step", "feature"]
    if value.ndim == 2:
        batch = next((t.value.shape[0] for t in case.tensors if t.given and t.value.ndim > 1), None)
        rows = not of_parameter and role != "gradient" and value.shape[0] == batch
        return ["batch row", "feature"] if rows else ["row", "column"]
    return ["element"] if value.ndim == 1 else [f"axis-{k} entry" for k in range(value.ndim)]


def right_segments(comparison: Comparison) -> str:
    """That the forward pass of a model is right in its first segments and wrong from a later one on; else nothing."""
    first, segment = comparison.first_forward, re.compile(r"segment(\d+)/")
    if first is None:
        return ""
    found = segment.match(first.name)
    number = int(found[1]) if found else 0
    if number == 0 or not any(segment.match(row.name) for row in comparison.compared[:1]):
        return ""
    seen = "segment 0" if number == 1 else f"segments 0 to {number - 1}"
    return (f"The forward pass is right in {seen} and goes wrong in segment {number}, at {first.name}: look at the "
            "state that is carried from one segment to the next.")
