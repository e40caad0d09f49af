"""What simple change makes a student's arrays of the right ones: a factor, a sign, another order, a shift in time"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from minicrt.conformance.checking.appearance import appearance
from minicrt.conformance.checking.comparison import TensorComparison
from minicrt.conformance.checking.infinite import told_of_infinite
from minicrt.conformance.checking.patterns import find_patterns
from minicrt.gradcheck.explanation import explanation, lengths_of, numbers_of
from minicrt.teach.diagnosing.draws import Draw, same
from minicrt.teach.diagnosing.finding import Finding
from minicrt.teach.running import run
from minicrt.teach.verdict import sentence

PRECISIONS = {np.dtype(np.float32): (1e-5, "float32"), np.dtype(np.float16): (1e-2, "float16")}
KINDS = (
    (r"whole numbers", "whole"),
    (r"sign is the other way|sign reversed", "sign"), (r"sum in place of a mean|mean in place of a sum", "mean"),
    (r"transpose", "transposed"), (r"shifted along|reversed along", "time"), (r"times the right one", "factor"),
    (r"0 everywhere|zero", "zero"), (r"blocks in the order", "blocks"), (r"everywhere the (mean|sum)", "mean"),
    (r"equals", "other"), (r"(less|plus) ", "term"), (r"times|divided by", "factor"))


def not_finite(draw: Draw) -> Finding | None:
    """Where an output is NaN or infinite: which of its entries, and what usually gives that."""
    for k in draw.wrong:
        told = told_of_infinite(draw.right[k], draw.theirs[k])
        if told:
            return Finding((f"{draw.exercise.outputs[k]} {told[0]}", *told[1:]), "finite")
    return None


def simple_change(draws: list[Draw]) -> Finding | None:
    """A finding where every wrong output is a simple change of the right one, and the same in every draw."""
    first = draws[0]
    names = [first.exercise.outputs[k] for k in first.wrong]
    phrases = [phrase_in_all(draws, k) for k in first.wrong]
    if not all(phrases):
        return None
    kind = next((kind for pattern, kind in KINDS if re.search(pattern, phrases[0])), "other")
    if len(set(phrases)) == 1:
        return Finding((sentence(f"{joined(names)}: {phrases[0]}"),), kind)
    return Finding(tuple(sentence(f"{name}: {phrase}") for name, phrase in zip(names, phrases)), kind)


def phrase_in_all(draws: list[Draw], k: int) -> str:
    """The phrase of the first draw, if the others have it too, with other sizes; else of a factor no more than that."""
    if all(is_cut_off(draw, k) for draw in draws):
        return "its digits behind the point are cut off, as in a division of whole numbers, //"
    phrases = [phrase_of(draw, k) for draw in draws]
    if len({re.sub(r"[\d.e/-]+", "", phrase) for phrase in phrases}) == 1:
        return phrases[0]
    ratios = [ratio_of(draw, k) for draw in draws]
    if all(phrases) and np.ptp(ratios) <= 1e-6 * abs(ratios[0]):
        return f"it is {ratios[0]:.6g} times the right one everywhere"
    return ""


def is_cut_off(draw: Draw, k: int) -> bool:
    """Whether it is the whole part of the right one, and that tells something."""
    ours, theirs = draw.right[k], draw.theirs[k]
    return ours.dtype.kind == "f" and bool(theirs.any()) and same(np.floor(ours), theirs, draw.exercise.tolerance)


def ratio_of(draw: Draw, k: int) -> float:
    ours, theirs = draw.right[k].ravel(), draw.theirs[k].ravel()
    ratio = float(np.vdot(ours, theirs).real / (np.vdot(ours, ours).real or 1.0))
    return ratio if same(ratio * ours, theirs, draw.exercise.tolerance) else np.nan


def less_precision(draw: Draw) -> Finding | None:
    """Where every wrong output is right to the digits that its type has, about seven or three."""
    types = {draw.theirs[k].dtype for k in draw.wrong}
    if len(types) != 1 or (found := PRECISIONS.get(types.pop())) is None:
        return None
    if all(same(draw.right[k], draw.theirs[k], found[0]) for k in draw.wrong):
        return Finding((f"It is right to the accuracy of {found[1]} and no further: keep the dtype of the arguments.",),
                       "precision")
    return None


def never_the_same(answer: Callable[..., Any], draw: Draw) -> Finding | None:
    """Where it gives other numbers for the same arguments: it draws them, or goes on from an earlier call."""
    again = run(draw.exercise, answer, draw.arguments, [value.shape for value in draw.right])
    if not again.values or all(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
                               for one, other in zip(draw.theirs, again.values)):
        return None
    return Finding(("Called a second time with the same arguments it gives other numbers.",), "again",
                   "What does it use beside its arguments: random numbers, or what an earlier call has left?")


def phrase_of(draw: Draw, k: int) -> str:
    """What the student's output is, compared with the right one, in words; or ''."""
    ours, theirs = draw.right[k], draw.theirs[k]
    if not np.isfinite(theirs).all() or ours.dtype.kind not in "fiu" or theirs.dtype.kind not in "fiu":
        return ""
    shapes = {tensor.name: tensor.value.shape for tensor in draw.comparison.case.tensors}
    values = {name: value for name, value in draw.arguments.items() if isinstance(value, np.ndarray | float | int)}
    told = explanation(theirs.ravel().astype(float), ours.ravel().astype(float), ours.shape, lengths_of(shapes),
                       draw.exercise.tolerance, numbers_of(values))
    found = [told] if told else [phrase for phrase in find_patterns(draw.comparison.case, row_of(draw, k))
                                 if "the sign of" not in phrase]
    return in_words(found[0]) if found else ""


def looks_like(draw: Draw, k: int) -> str:
    """What can be seen where no change explains every number: which part is right, how the error grows; or ''."""
    found = appearance(draw.comparison.case, row_of(draw, k))
    return f"{draw.exercise.outputs[k]} {in_words(found[0])}." if found else ""


def row_of(draw: Draw, k: int) -> TensorComparison:
    return draw.comparison[draw.exercise.outputs[k]]


def in_words(phrase: str) -> str:
    """A phrase of the checkers as it is said to a student"""
    phrase = phrase.replace("the reference", "the right one").replace(" of the case", "").replace("batch row", "row")
    return re.sub(r"\bours\b", "the right one", phrase)


def joined(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
