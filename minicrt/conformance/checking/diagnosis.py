"""What the mistake in a port probably is, in sentences of which the first names it"""

from dataclasses import dataclass
from typing import Literal

from minicrt.conformance.checking.comparison import Comparison, TensorComparison, listed
from minicrt.conformance.checking.patterns import find_patterns, single_precision
from minicrt.conformance.golden.tensors import FORWARD

Method = Literal["", "input", "shape", "variant", "precision", "pattern", "place"]


@dataclass(frozen=True)
class Diagnosis:
    """What the checker makes of a wrong port.

    sentences  the first names the mistake; the others say what speaks for it and what to do next
    method     how it was found: the port worked on other inputs, a shape or dtype is wrong, its numbers equal those of
               a known mistake, its precision is single, its tensor is a simple change of ours, or only the place is
               known. Empty where nothing is wrong
    mistakes   the names of the known mistakes, where the method is "variant"
    """

    sentences: tuple[str, ...] = ()
    method: Method = ""
    mistakes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(self.sentences)


def diagnose(comparison: Comparison) -> Diagnosis:
    """The likeliest mistake behind a comparison."""
    if comparison.ok:
        return Diagnosis()
    if comparison.other_inputs or not comparison.compared:
        return Diagnosis(tuple(capitalised(remark) + "." for remark in comparison.remarks()[:1]), "input")
    precision = single_precision(comparison)
    if precision:
        return Diagnosis((precision,), "precision")
    first = comparison.first
    assert first is not None
    phrases = find_patterns(comparison.case, first)
    if phrases:
        more = (f"It also {phrases[1]}.",) if len(phrases) > 1 else ()
        return Diagnosis((f"{first.name} {phrases[0]}.", *more, where(comparison, first)), "pattern")
    return Diagnosis((f"The first wrong tensor is {first.name}; {before(comparison, first)}.", first.sentence() + ".",
                      look(first)), "place")


def where(comparison: Comparison, first: TensorComparison) -> str:
    return f"It is the first wrong tensor; {before(comparison, first)}. {look(first)}".rstrip()


def before(comparison: Comparison, first: TensorComparison) -> str:
    """What is known of the tensors in front of the first wrong one."""
    rows = [row for row in comparison.computed[:comparison.computed.index(first)] if row.present]
    if rows:
        return f"everything before it agrees ({listed((row.name for row in rows), 4)})"
    if first.tensor.role in FORWARD:
        return "nothing that is computed before it was handed in, so hand in more intermediates to come closer"
    return "the forward pass was not handed in"


def look(first: TensorComparison) -> str:
    return f"Look at its equation: {first.tensor.meaning.rstrip('.')}." if first.tensor.meaning else ""


def capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
