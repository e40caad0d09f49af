"""What the mistake in a port probably is, in sentences of which the first names it"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minicrt.conformance.checking.all_gradients import done_to_all
from minicrt.conformance.checking.catalogue import Catalogue, Known, catalogue_of
from minicrt.conformance.checking.comparison import Comparison, TensorComparison, compare, listed
from minicrt.conformance.checking.extent import right_segments
from minicrt.conformance.checking.patterns import find_patterns
from minicrt.conformance.checking.precision import in_single_precision, single_precision
from minicrt.conformance.checking.search import Experience, Explanation, Search, names_of, telling_tensor
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD

ALIKE = 2       # so many mistakes with the same numbers are named next to the first
Method = Literal["", "input", "variant", "gradients", "precision", "pattern", "place"]


@dataclass(frozen=True)
class Diagnosis:
    """What the checker makes of a wrong port.

    sentences  the first names the mistake; the others say what speaks for it and what to do next
    method     how it was found: the port worked on other inputs; its numbers are those of a known mistake; all of its
               gradients were treated alike; its precision is single; its tensor is a simple change of ours; or only
               the place is known. Empty where nothing is wrong
    mistakes   the names of the known mistakes, where the method is "variant"
    """

    sentences: tuple[str, ...] = ()
    method: Method = ""
    mistakes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(self.sentences)


def diagnose(comparison: Comparison, catalogue: Catalogue | None = None, experience: Experience | None = None
             ) -> Diagnosis:
    """The likeliest mistake behind a comparison.

    `catalogue` has the known mistakes; by default those of the case's operation or model. They come first, since their
    numbers are all of a port's; then what changes the first wrong tensor alone; then no more than its name.
    `experience` is handed from case to case of one port, and makes the later ones quicker.
    """
    if comparison.ok:
        return Diagnosis()
    if comparison.other_inputs or not comparison.compared:
        return Diagnosis(tuple(f"{capitalised(remark)}." for remark in comparison.remarks()[:1]), "input")
    search = Search(comparison, catalogue or catalogue_of(comparison.case), experience)
    found = search.explanations()
    told = "" if found and found[0].complete and len(found[0].known) == 1 else done_to_all(comparison)
    if told:
        return Diagnosis((told, *explained(comparison)), "gradients")
    if found and found[0].complete:
        return complete(found, comparison)
    precision = single_precision(comparison)
    if precision:
        return Diagnosis((precision,), "precision")
    if comparison.dtype is None and in_single_precision(comparison):
        narrow = diagnose(compare(comparison.case, comparison.theirs, "float32"), search.catalogue,
                          search.experience)
        remark = "Apart from this the numbers agree to the accuracy of float32 only, though the arrays are float64."
        return dataclasses.replace(narrow, sentences=(*narrow.sentences, remark))
    if found:
        return incomplete(found[0], comparison, search.catalogue)
    return by_pattern(comparison)


def complete(found: list[Explanation], comparison: Comparison) -> Diagnosis:
    """All of the port's numbers are those of known mistakes; of several that give the same numbers, the first leads."""
    best, others = found[0], found[1:]
    sentences = [named(best.known, [other.known for other in others[:ALIKE]])]
    if others:
        telling = telling_tensor(found, comparison)
        more = f", and of {len(others) - ALIKE} more" if len(others) > ALIKE else ""
        tell = f"{telling}, which was not handed in, tells them apart" if telling else \
            "another case may tell them apart" if len(comparison.compared) == len(comparison.computed) else \
            "tensors that were not handed in, or another case, may tell them apart"
        sentences.append(f"These give the same numbers here{more}; {tell}.")
    return Diagnosis((*sentences, *explained(comparison)), "variant", tuple(known.name for known in best.known))


def explained(comparison: Comparison) -> tuple[str]:
    """What speaks for a diagnosis that gives all of a port's numbers."""
    count = len(comparison.compared)
    agree = f"all {count} tensors that were handed in are" if count > 1 else "the one tensor that was handed in is"
    return (f"With that {agree} explained; the first wrong one is {name_of(comparison.first)}.",)


def incomplete(best: Explanation, comparison: Comparison, catalogue: Catalogue) -> Diagnosis:
    """Known mistakes give the first wrong tensors, and something else is wrong behind them: seen from there."""
    unexplained = best.first_unexplained
    assert unexplained is not None
    case, trace = comparison.case, catalogue.trace(names_of(best.known))
    tensors = (dataclasses.replace(tensor, value=np.asarray(trace.get(tensor.name, tensor.value)))
               for tensor in case.tensors)
    with_mistakes = dataclasses.replace(case, tensors=tuple(tensors))
    compared = compare(with_mistakes, comparison.theirs, comparison.dtype)
    phrases = find_patterns(with_mistakes, compared[unexplained.name])
    what = f"{unexplained.name} {phrases[0]}, compared with such a port" if phrases else f"{unexplained.name} is wrong"
    if comparison.first_forward and unexplained.tensor.role in BACKWARD:
        rest = f"The forward pass is explained by that; in the backward pass moreover {what}."
    else:
        rest = f"That explains everything in front of {unexplained.name}; moreover {what}."
    return Diagnosis((named(best.known), rest), "variant", tuple(known.name for known in best.known))


def by_pattern(comparison: Comparison) -> Diagnosis:
    """What changes the first wrong tensor alone, or where to look."""
    first = comparison.first
    assert first is not None
    place = f"It is the first wrong tensor; {before(comparison, first)}."
    phrases, segments = find_patterns(comparison.case, first), right_segments(comparison)
    if segments:
        more = [f"{first.name} {phrases[0]}."] if phrases else [f"{first.sentence()}."]
        return Diagnosis(tuple(filter(None, (segments, *more, look(first)))), "pattern")
    if phrases:
        more = [f"Read otherwise, it {phrases[1]}."] if len(phrases) > 1 else []
        sentences = [f"{first.name} {phrases[0]}.", *more, place, look(first), *other_leaves(comparison, first)]
        return Diagnosis(tuple(filter(None, sentences)), "pattern")
    named_place = f"{first.sentence()}." if first.problem else f"The first wrong tensor is {first.name}."
    sentences = [named_place, place if first.problem else f"{capitalised(before(comparison, first))}.",
                 "" if first.problem else f"{first.sentence()}.", look(first)]
    return Diagnosis(tuple(filter(None, sentences)), "place")


def other_leaves(comparison: Comparison, first: TensorComparison) -> list[str]:
    """Gradients that are wrong in another way: nothing else is computed from them, so each may have its own mistake."""
    phrases: list[str] = []
    for row in comparison.wrong:
        if row is not first and row.tensor.role == "gradient" and len(phrases) < 3:
            found = find_patterns(comparison.case, row)
            phrases += [f"Moreover {row.name} {found[0]}."] if found else []
    return phrases


def named(known: tuple[Known, ...], alike: Sequence[tuple[Known, ...]] = ()) -> str:
    """The sentence that names one or two known mistakes, and those that have the same numbers."""
    otherwise = "".join(f", or {quoted(others)}" for others in alike)
    if len(known) == 1:
        return f"The port has the mistake {quoted(known)}{otherwise}."
    forward = tuple(mistake for mistake in known if mistake.where != "backward")
    backward = tuple(mistake for mistake in known if mistake.where == "backward")
    if forward and backward:
        return (f"The forward pass has the mistake {quoted(forward)}, and the backward pass moreover "
                f"{quoted(backward)}{otherwise}.")
    return f"The port has two mistakes at once, {quoted(known)}{otherwise}."


def quoted(known: tuple[Known, ...]) -> str:
    """`"a" (what is wrong) and "b" (what is wrong)`"""
    return " and ".join(f'"{mistake.name}" ({mistake.sentence.rstrip(".")})' for mistake in known)


def before(comparison: Comparison, first: TensorComparison) -> str:
    """What is known of the tensors in front of the first wrong one."""
    rows = [row for row in comparison.computed[:comparison.computed.index(first)] if row.present]
    if rows:
        return f"everything before it agrees ({listed((row.name for row in rows), 4)})"
    if first.tensor.role in FORWARD:
        return "nothing before it was handed in; more intermediates would show where it starts"
    return "the forward pass was not handed in" if first.tensor.role in BACKWARD else ""


def look(first: TensorComparison) -> str:
    return f"Look at its equation: {first.tensor.meaning.rstrip('.')}." if first.tensor.meaning else ""


def name_of(row: TensorComparison | None) -> str:
    return row.name if row else ""


def capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
