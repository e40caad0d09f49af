"""What of a port is coarser than the case, and in which format: found by rounding the reference in the same way"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from minicrt.conformance.checking.arithmetic.altered import Alteration
from minicrt.conformance.checking.arithmetic.formats import BITS, holds, rounded, unit
from minicrt.conformance.checking.arithmetic.running import SCANS, operations_in, traced
from minicrt.conformance.checking.comparison import Comparison, TensorComparison, listed
from minicrt.conformance.checking.distance import largest
from minicrt.conformance.golden.tensors import FORWARD, GoldenCase

Array = np.ndarray
FAR, NEAR = 64, 1 / 64      # the first wrong tensor's error, in units of the format, is between these
EXPLAINED, AT_MOST = 0.1, 0.35      # what is left of the errors: of most tensors, and of any
ENOUGH = 8                  # so many numbers may be explained by more than chance
SAME = 1e-6                 # what is left is nothing: arithmetic alone


@dataclass(frozen=True)
class Rounding:
    """What is rounded, in words, and how the reference rounds the same."""

    words: str
    format: str
    alteration: Alteration


@dataclass(frozen=True)
class Fit:
    """How much of the port's errors is left when the reference is rounded; None where a right tensor would be wrong."""

    rounding: Rounding
    forward: float | None
    all: float | None


def rounded_somewhere(comparison: Comparison) -> tuple[str, ...]:
    """The sentences on a port that is right but for its precision; none where rounding does not explain its errors."""
    first, case = comparison.first, comparison.case
    if first is None or first.problem or not runs(case):
        return ()
    fits = [fit for rounding in candidates(case, first) for fit in attempts(comparison, rounding)]
    for whole in True, False:
        good = [(left, fit) for fit in fits if (left := fit.all if whole else fit.forward) is not None and (
            whole or fit.rounding.alteration.backward)]
        if good:
            least = min(left for left, _ in good)
            alike = [fit.rounding for left, fit in good if left <= max(2 * least, SAME)]
            return sentences(comparison, alike, least, whole)
    return ()


def runs(case: GoldenCase) -> bool:
    """Whether it is a case of ours, and computes without drawing."""
    from minicrt.conformance.checking.catalogue import ModelCatalogue, OperationCatalogue, catalogue_of

    return "uniform" not in case and isinstance(catalogue_of(case), ModelCatalogue | OperationCatalogue)


def candidates(case: GoldenCase, first: TensorComparison) -> Iterator[Rounding]:
    """The roundings that give an error of the first wrong tensor's size."""
    names = {faulty.operation for faulty in operations_in(case)}
    forward = first.tensor.role in FORWARD
    for name in BITS:
        if not NEAR * unit(name) <= first.distance.relative <= FAR * unit(name):
            continue
        kinds = {"matrix products of operands rounded to {}": Alteration(operands=name)}
        if name != "TF32":                                   # which is a format of operands alone
            kinds["matrix products with operands and results in {}"] = Alteration(operands=name, results=name)
        if name != "TF32" and forward:
            if name != "float32":                            # which has the given values as they are
                kinds["weights rounded to {}"] = Alteration(parameters=name)
                kinds["weight matrices, but not vectors, rounded to {}"] = Alteration(matrices=name)
                kinds["weights and inputs rounded to {}"] = Alteration(parameters=name, inputs=name)
            if names & set(SCANS):
                kinds["its recurrent state rounded to {} after every step"] = Alteration(state=name)
            if case.kind == "model":
                kinds |= between_segments(case, name)
            if any("attention" in operation for operation in names):
                kinds["attention probabilities rounded to {}"] = Alteration(probabilities=name)
        for words, alteration in kinds.items():
            if forward:
                yield Rounding(words, name, alteration)
            else:
                yield Rounding(f"{words} in the backward pass alone", name,
                               dataclasses.replace(alteration, forward=False))


def between_segments(case: GoldenCase, name: str) -> dict[str, Alteration]:
    """The whole state, and each of its entries."""
    start = "segment0/state/"
    entries = [tensor.name.removeprefix(start) for tensor in case.tensors if tensor.name.startswith(start)]
    found = {"its state rounded to {} between the segments": Alteration(carried=name)}
    return found | {f"its state's {entry} rounded to {{}} between the segments": Alteration(
        carried=name, entries=(entry,)) for entry in entries if len(entries) > 1}


def attempts(comparison: Comparison, rounding: Rounding) -> Iterator[Fit]:
    """The rounding in both passes, and, where that explains the forward pass alone, only there."""
    fit = fitted(comparison, rounding)
    yield fit
    if fit.forward is not None and fit.all is None and not rounding.alteration.parameters and not (
            rounding.alteration.matrices):
        yield fitted(comparison, Rounding(f"{rounding.words}, in the forward pass alone", rounding.format,
                                          dataclasses.replace(rounding.alteration, backward=False)))


def fitted(comparison: Comparison, rounding: Rounding) -> Fit:
    rows = {row.name: row for row in comparison.compared}
    left: dict[str, float] = {}

    def expected(name: str, value: Array) -> bool:
        if name in rows:
            left[name] = at_best(rows[name], value, rounding.format)
        return left.get(name, 0.0) <= AT_MOST

    trace = traced(comparison.case, rounding.alteration, expected)
    for name, row in rows.items():
        if name not in left and (name in trace or not row.wrong):
            left[name] = at_best(row, trace.get(name, row.tensor.value), rounding.format)
    return Fit(rounding, overall(left, [row for row in comparison.compared if row.tensor.role in FORWARD]),
               overall(left, comparison.compared))


def at_best(row: TensorComparison, value: Array, name: str) -> float:
    """What is left of an error; autograd goes through a cast, and so stores a gradient in the format as well."""
    left = remaining(row, value)
    return left if row.tensor.role in FORWARD or left < EXPLAINED else min(left, remaining(row, rounded(value, name)))


def remaining(row: TensorComparison, value: Array) -> float:
    """How much of the tensor's error is left; of a right one 0 if it stays right, and more than all if it does not."""
    ours, theirs = row.tensor.value, row.theirs
    if theirs is None or row.problem or value.shape != theirs.shape or theirs.dtype.kind not in "fc":
        return float(row.wrong)
    if not row.wrong:
        limit = 2 * max(row.tolerance * largest(ours), 1e-15 * row.tensor.scale)
        return 0.0 if largest(value - ours) <= limit else np.inf
    finite = np.isfinite(theirs) & np.isfinite(value) & np.isfinite(ours)
    error = float(np.linalg.norm((theirs - ours)[finite]))
    return float(np.linalg.norm((theirs - value)[finite])) / error if error else np.inf


def overall(left: dict[str, float], rows: tuple[TensorComparison, ...] | list[TensorComparison]) -> float | None:
    """What is left in the wrong tensors, the root of the mean square; None if one is not explained or none is wrong."""
    wrong = [left.get(row.name, np.inf) for row in rows if row.wrong]
    numbers = sum(row.tensor.value.size for row in rows if row.wrong)
    if numbers < ENOUGH or any(left.get(row.name, np.inf) > AT_MOST for row in rows):
        return None
    return float(np.sqrt(np.mean(np.square(wrong)))) if np.median(wrong) <= EXPLAINED else None


def in_words(alike: list[Rounding]) -> str:
    """All that give the same numbers: what is rounded, and to which formats."""
    formats: dict[str, list[str]] = {}
    for rounding in alike:
        formats.setdefault(rounding.words, []).append(rounding.format)
    return ", or ".join(words.format(" or ".join(names)) for words, names in formats.items())


def sentences(comparison: Comparison, alike: list[Rounding], left: float, whole: bool) -> tuple[str, ...]:
    words, bits = in_words(alike), BITS[alike[0].format]
    how = "is explained" if left < 0.01 else f"is explained but for {left:.0%} of its error"
    logic = ("This is no error of logic, and one of smaller effect may hide behind it: compute in float32 or float64 "
             "to see.")
    if whole:
        count = len(comparison.wrong)
        which = "the one wrong tensor" if count == 1 else f"each of the {count} wrong tensors"
        return (f"The port is right but for its precision: it has {words}, with {bits} bits.",
                f"With that {which} {how}.", logic)
    backward = comparison.first_backward
    rest = f"{backward.name} and what follows" if backward else "the rest"
    return (f"This looks like a port that is right but for its precision: with {words}, {bits} bits, the "
            "forward pass is explained.",
            f"In the backward pass {rest} may be rounded in another way, or wrong.", logic)


def stored(comparison: Comparison) -> tuple[str, ...]:
    """That every wrong tensor consists of numbers of a coarse format, and is as near to ours as these can be."""
    rows = comparison.wrong
    for name in ("bfloat16", "float16", "float32"):
        if all(near(row, name) for row in rows):
            return (f"The port is right but for its precision: {listed(row.name for row in rows)} "
                    f"{'has' if len(rows) == 1 else 'have'} no numbers but those of {name}, with {BITS[name]} bits.",
                    "An error of logic of that size could not be seen: compute in float32 or float64.")
    return ()


def near(row: TensorComparison, name: str) -> bool:
    """Whether a tensor holds such numbers, not by chance, and differs by no more than a few of their units."""
    ours, theirs = row.tensor.value, row.theirs
    if theirs is None or row.problem or theirs.dtype.kind != "f" or row.dtype == name:
        return False
    if row.distance.relative > FAR * unit(name):
        return False
    return holds(theirs, name) and int(np.sum(ours != rounded(ours, name))) > 2 or not theirs.any()
