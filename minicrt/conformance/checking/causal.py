"""What goes wrong first in time: in a recurrence a tensor's later steps come after other tensors' earlier ones"""

from dataclasses import replace

import numpy as np

from minicrt.conformance.checking.comparison import Comparison, TensorComparison, compare_tensor
from minicrt.conformance.checking.distance import ROUNDING, differences, largest
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD, GoldenCase

SCANS = ("gru", "ncgru", "lstm", "mingru", "lru")


def first_in_time(comparison: Comparison) -> tuple[TensorComparison, int | None]:
    """The tensor that goes wrong first, and the step at which it does; the step is None where there are no steps.

    The case lists a tensor with all its steps. In a scan, the first step at which anything is wrong counts, the last
    one in the backward pass, and at that step the case's order.
    """
    first = comparison.first
    assert first is not None
    if comparison.case.subject not in SCANS or not in_steps(comparison, first):
        return first, None
    roles, backward = (BACKWARD, True) if first.tensor.role in BACKWARD else (FORWARD, False)
    rows = [row for row in comparison.wrong if row.tensor.role in roles and in_steps(comparison, row)]
    return min(((row, wrong_step(row, backward)) for row in rows), key=lambda pair: -pair[1] if backward else pair[1])


def at_step(comparison: Comparison, row: TensorComparison, step: int) -> tuple[GoldenCase, TensorComparison]:
    """The case and the wrong tensor at one step alone; the output of the step before is among the case's tensors."""
    case, steps = comparison.case, comparison.case["x"].value.shape[:2]
    tensors = []
    for tensor in case.tensors:
        has_steps = tensor.value.ndim == 3 and tensor.value.shape[:2] == steps
        if has_steps and tensor.role == "output" and step > 0:
            name = f"{tensor.name} of the step before"
            tensors.append(replace(tensor, name=name, role="input", value=tensor.value[:, step - 1]))
        tensors.append(replace(tensor, value=tensor.value[:, step]) if has_steps else tensor)
    alone = replace(case, tensors=tuple(tensors))
    return alone, compare_tensor(alone[row.name], np.asarray(row.theirs)[:, step], case.tolerance, comparison.dtype)


def in_steps(comparison: Comparison, row: TensorComparison) -> bool:
    """Whether it is a tensor of every step: gradients of the parameters and of the start are made at the end."""
    steps = comparison.case["x"].value.shape[:2]
    return not row.problem and row.tensor.value.ndim == 3 and row.tensor.value.shape[:2] == steps


def wrong_step(row: TensorComparison, backward: bool) -> int:
    """The first step that is wrong, or the last, which is the first on the way back."""
    ours = row.tensor.value
    limit = max(row.tolerance * largest(ours), ROUNDING[row.dtype] * row.tensor.scale)
    wrong = np.flatnonzero((differences(ours, np.asarray(row.theirs)) > limit).any((0, 2)))
    return int(wrong[-1] if backward else wrong[0])
