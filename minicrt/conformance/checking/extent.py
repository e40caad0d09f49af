"""Which part of a tensor is right: one batch row, the first time steps, all blocks but one, the first segment"""

import re

import numpy as np

from minicrt.conformance.checking.comparison import Comparison, TensorComparison
from minicrt.conformance.checking.distance import ROUNDING, differences, largest
from minicrt.conformance.golden.tensors import GoldenCase, Tensor

Array = np.ndarray


def part_that_is_wrong(case: GoldenCase, row: TensorComparison) -> str:
    """A phrase such as "is right in time step 0 and wrong from 1 on"; empty where right and wrong are mixed."""
    ours, theirs = row.tensor.value, row.theirs
    if theirs is None or theirs.shape != ours.shape:
        return ""
    right = differences(ours, theirs) <= max(row.tolerance * largest(ours), ROUNDING[row.dtype] * row.tensor.scale)
    phrases: list[str] = []
    for axis, name in enumerate(axis_names(case, row.tensor)):
        along = np.all(right, axis=tuple(k for k in range(ours.ndim) if k != axis))
        if along.any() and not along.all():
            phrases.append(along_an_axis(along, name) if not phrases else f"there {wrong_places(along, name)}")
            if name == "row":
                phrases[-1] += which_rows(case, row.tensor, np.flatnonzero(~along))
    return ", ".join(phrases[:2])


def wrong_places(along: Array, name: str) -> str:
    """Where it is wrong along an axis, without a verb."""
    wrong, last = np.flatnonzero(~along), len(along) - 1
    if len(wrong) == 1:
        return f"in {name} {wrong[0]} alone"
    if len(wrong) == wrong[-1] - wrong[0] + 1 and last in wrong:
        return f"from {name} {wrong[0]} on"
    if len(wrong) == wrong[-1] - wrong[0] + 1 and wrong[0] == 0:
        return f"up to {name} {wrong[-1]}"
    return f"in {name}s {', '.join(map(str, wrong[:8]))}{' ...' if len(wrong) > 8 else ''}"


def which_rows(case: GoldenCase, tensor: Tensor, wrong: Array) -> str:
    """Whether these are the rows of the memory, or those of the tokens, in a model that has both."""
    memory = memory_rows(case, tensor)
    if memory and set(wrong) <= memory:
        return ": the memory's" if set(wrong) == memory else ", of the memory's"
    tokens = set(range(tensor.value.shape[1])) - memory
    return ": the tokens', not the memory's" if memory and set(wrong) == tokens else ""


def memory_rows(case: GoldenCase, tensor: Tensor) -> set[int]:
    """Which rows of a model's tensor (B, rows, ...) are memory tokens; empty where it has none."""
    options, found = case.configuration, re.match(r"(?:d_)?segment(\d+)/", tensor.name)
    vectors = options.get("memory_vectors", 0) if options.get("memory") != "none" else 0
    if case.kind != "model" or not found or tensor.value.ndim != 3 or not vectors:
        return set()
    length, rows = options["segments"][int(found[1])], tensor.value.shape[1]
    if options.get("model") == "rmt" and rows == length + 2 * vectors:
        return {*range(vectors), *range(rows - vectors, rows)}
    if options.get("model") == "crt" and rows == length + vectors:
        behind = options.get("memory_position") == "last"
        return set(range(length, rows) if behind else range(vectors))
    return set()


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
        return ["batch row", "row" if memory_rows(case, tensor) else "time step", "feature"]
    if value.ndim == 2:
        batch = next((t.value.shape[0] for t in case.tensors if t.given and t.value.ndim > 1), None)
        rows = not of_parameter and role != "gradient" and value.shape[0] == batch
        in_time = any(t.given and t.name.endswith("targets") and t.value.shape == value.shape for t in case.tensors)
        return ["batch row", "time step" if in_time else "feature"] if rows else ["row", "column"]
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
    return (f"The forward pass is right in {seen} and goes wrong in segment {number}, at {first.name}: this looks like "
            "a mistake in what is carried from one segment to the next.")
