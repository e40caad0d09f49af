"""What was done to all gradients alike: a constant factor, weight decay, a bound on their norm or on their elements"""

import math
from collections.abc import Sequence

import numpy as np

from minicrt.conformance.checking.comparison import Comparison, TensorComparison, listed
from minicrt.conformance.checking.distance import agree, largest
from minicrt.conformance.checking.factors import MOST, meanings
from minicrt.conformance.checking.patterns import multiple
from minicrt.conformance.golden.tensors import BACKWARD, GoldenCase

Array = np.ndarray
SCALES = 64                 # a power of two from here on is the scale of a loss in half precision


def done_to_all(comparison: Comparison) -> str:
    """The sentence that explains every wrong tensor by what became of its gradient; empty if there is none.

    At least two tensors are wrong, none of them in the forward pass unless it is a loss with the gradients' own factor.
    """
    rows = comparison.wrong
    if not rows or any(row.problem or row.theirs is None for row in rows):
        return ""
    gradients = [row for row in rows if row.tensor.role in BACKWARD]
    if not all(row.tensor.role in BACKWARD or row.name.endswith("loss") for row in rows):
        return ""
    whose, factor = scope(comparison, gradients), common_factor(rows)
    if len(gradients) < 2 or not whose or factor is None or math.isclose(factor, 1, rel_tol=1e-5):
        return weight_decay(comparison, rows) or bounded(comparison, rows)
    also = "" if len(gradients) == len(rows) else ", and so is the loss"
    if factor == 0:
        return (f"{whose} are zero{also}: the backward pass did not run, the output was cut off from it, or the "
                "gradients were cleared before they were handed in.")
    return f"{whose} are {multiple(factor)}{also}{why(comparison.case, factor, rows, bool(also))}."


def scope(comparison: Comparison, wrong: Sequence[TensorComparison]) -> str:
    """Which gradients are wrong, where these are all of a kind; of a tensor that is zero nothing can be told."""
    case = comparison.case
    right = [row for row in comparison.compared
             if row.tensor.role in BACKWARD and not row.wrong and np.any(row.tensor.value)]
    leaves = [row for row in wrong if row.tensor.role == "gradient"]
    if not right:
        return f"All {len(wrong)} {'gradients' if len(leaves) == len(wrong) else 'tensors of the backward pass'}"
    if len(leaves) < len(wrong):
        return ""
    if all(row.tensor.role == "backward" for row in right):
        return f"All {len(wrong)} gradients that the backward pass ends with, but nothing on the way to them,"
    if all(parameter(case, row) is not None for row in wrong) and all(parameter(case, row) is None for row in right):
        return f"The gradients of all {len(wrong)} parameters, and nothing else,"
    return ""


def parameter(case: GoldenCase, row: TensorComparison) -> Array | None:
    """The parameter that this is the gradient of."""
    source = row.name.removeprefix("d_")
    if row.tensor.role != "gradient" or source not in case or case[source].role != "parameter":
        return None
    return case[source].value


def common_factor(rows: Sequence[TensorComparison]) -> float | None:
    """By what ours is to be multiplied to give all of theirs; None where there is no such number."""
    widest = max(rows, key=lambda row: np.count_nonzero(row.tensor.value))
    factor = projected(widest.theirs, widest.tensor.value)
    return factor if all(same(row, row.tensor.value * factor) for row in rows) else None


def projected(theirs: Array | None, ours: Array) -> float:
    """c for which c · ours is nearest to theirs"""
    square = float(np.vdot(ours, ours).real)
    return float(np.vdot(ours, np.asarray(theirs)).real) / square if square else 0.0


def same(row: TensorComparison, changed: Array) -> bool:
    assert row.theirs is not None
    limits = {"float64": row.tolerance, "float32": row.tolerance}
    return agree(changed, row.theirs, limits, row.tensor.scale, row.dtype)


def why(case: GoldenCase, factor: float, rows: Sequence[TensorComparison], loss: bool) -> str:
    """The few things that give such a factor, the likeliest first; nothing is said twice. Some leave the loss alone."""
    known = meanings(case, factor)
    known = [f"the factor is {known[0]}", *known[1:]] if known else []
    if loss:
        found = [*scaled(factor), *known]
    else:
        found = [*clipped(rows, factor), *accumulated(factor, 2), *scaled(factor), *known]
        found += [] if known else [words for count in range(3, 11) for words in accumulated(factor, count)]
    return f": {', or '.join(found[:MOST])}" if found else ""


def accumulated(factor: float, count: int) -> list[str]:
    if not math.isclose(factor, count, rel_tol=1e-6):
        return []
    return ["backward ran twice without clearing the gradients in between" if count == 2 else
            f"the gradients of {count} backward passes were added up"]


def scaled(factor: float) -> list[str]:
    size = max(abs(factor), 1 / abs(factor))
    exponent = round(math.log2(size))
    if size < SCALES / 2 ** 0.5 or not math.isclose(size, 2.0 ** exponent, rel_tol=1e-6):
        return []
    if abs(factor) > 1:
        return [f"the loss was scaled by 2^{exponent} for half precision, and the gradients were not scaled back"]
    return [f"the gradients were scaled back by 2^{exponent}, though the loss had not been scaled"]


def clipped(rows: Sequence[TensorComparison], factor: float) -> list[str]:
    """Clipping by the norm leaves a norm that somebody chose: a number of at most two digits."""
    leaves = [row for row in rows if row.tensor.role == "gradient"]
    norm = math.sqrt(sum(squares(row) for row in leaves))
    return [f"they were clipped by the norm of all of them, which is {norm:.2g}"] if (
        0 < factor < 1 and leaves and chosen(norm)) else []


def squares(row: TensorComparison) -> float:
    assert row.theirs is not None
    return float(np.vdot(row.theirs.astype(np.float64), row.theirs.astype(np.float64)))


def chosen(number: float) -> bool:
    """Whether it has at most two digits; what clips divides by norm + 1e-6."""
    return number > 0 and math.isclose(number, float(f"{number:.1e}"), rel_tol=1e-5)


def bounded(comparison: Comparison, rows: Sequence[TensorComparison]) -> str:
    """That every gradient is clipped by its own norm, or all are element by element; what is small enough is right."""
    if len(rows) < 2 or any(row.tensor.role != "gradient" for row in rows):
        return ""
    norms = [math.sqrt(squares(row)) for row in rows]
    factors = [projected(row.theirs, row.tensor.value) for row in rows]
    others = [row.tensor.value for row in comparison.compared if row.tensor.role == "gradient" and not row.wrong]
    if all(same(row, row.tensor.value * factor) for row, factor in zip(rows, factors)) and chosen(norms[0]) and all(
            math.isclose(norm, norms[0], rel_tol=1e-5) for norm in norms):
        return (f"{listed(row.name for row in rows)} have the norm {norms[0]:.2g}: each gradient was clipped by its "
                "own norm in place of the norm of all.")
    bound = max(largest(np.asarray(row.theirs)) for row in rows)
    at_bound = sum(int(np.sum(np.isclose(np.abs(np.asarray(row.theirs)), bound, rtol=1e-6))) for row in rows)
    if at_bound > 2 and all(largest(value) <= bound * 1.00001 for value in others) and all(
            same(row, np.clip(row.tensor.value, -bound, bound)) for row in rows):
        return (f"{listed(row.name for row in rows)} are ours, clipped at ±{bound:.6g}: the gradients were clipped "
                "element by element.")
    return ""


def weight_decay(comparison: Comparison, rows: Sequence[TensorComparison]) -> str:
    """That λ times the parameter was added to its gradient, with one λ for all that are wrong."""
    weights = [parameter(comparison.case, row) for row in rows]
    pairs = [(row, weight) for row, weight in zip(rows, weights) if weight is not None]
    if not pairs or len(pairs) < len(rows):
        return ""
    row, weight = max(pairs, key=lambda pair: np.count_nonzero(pair[1]))
    rate = projected(np.asarray(row.theirs) - row.tensor.value, weight)
    if np.count_nonzero(weight) < 3 or abs(rate) * largest(weight) < 10 * row.tolerance * largest(row.tensor.value):
        return ""                                            # two numbers, or hardly more than the tolerance
    if not all(same(row, row.tensor.value + rate * weight) for row, weight in pairs):
        return ""
    count = sum(parameter(comparison.case, row) is not None for row in comparison.compared)
    whose = f"The gradients of all {count} parameters have" if len(rows) == count > 1 else \
        f"{listed(row.name for row in rows)} {'has' if len(rows) == 1 else 'have'}"
    return (f"{whose} {abs(rate):.6g} times the parameter {'added' if rate > 0 else 'subtracted'}: weight decay "
            "inside the gradient.")
