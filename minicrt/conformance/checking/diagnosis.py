"""What the mistake in a port probably is, in sentences of which the first names it"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minicrt.conformance.checking.all_gradients import done_to_all
from minicrt.conformance.checking.appearance import appearance
from minicrt.conformance.checking.arithmetic.approximate import approximate_function
from minicrt.conformance.checking.arithmetic.coarse import rounded_somewhere, stored
from minicrt.conformance.checking.catalogue import Catalogue, Known, NoCatalogue, catalogue_of
from minicrt.conformance.checking.comparison import Comparison, TensorComparison, compare
from minicrt.conformance.checking.patterns import SHIFTED, find_patterns
from minicrt.conformance.checking.precision import in_single_precision, single_precision
from minicrt.conformance.checking.search import Experience, Explanation, Search, names_of, telling_tensor
from minicrt.conformance.checking.unnamed import without_a_name
from minicrt.conformance.golden.tensors import BACKWARD
from minicrt.conformance.mutation import Mutant, has_source, mutant_explanations, with_known

ALIKE = 2       # so many mistakes with the same numbers are named next to the first
ENOUGH = 3      # so many wrong numbers must a mistake give that does not give all
DIGITS = 9      # so many digits of wrong numbers, all together, must a mutant give
NO_SOURCE = ("minicrt is installed without its source files here, so no small change of the equations was tried, and "
             "only mistakes that somebody wrote down have names.")
Mistakes = tuple[Known, ...]
Method = Literal["", "input", "variant", "gradients", "precision", "pattern", "place"]


@dataclass(frozen=True)
class Diagnosis:
    """What the checker makes of a wrong port.

    sentences  the first names the mistake, or says what this looks like if not every number is explained; the others
               say what speaks for it and what to do next
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
    precision = rounded_somewhere(comparison)
    if precision:
        return Diagnosis(precision, "precision")
    search = Search(comparison, catalogue or catalogue_of(comparison.case), experience)
    found = search.explanations()
    told = "" if found and found[0].complete and len(found[0].known) == 1 else done_to_all(comparison)
    if told:
        return Diagnosis((told, *explained(comparison)), "gradients")
    if found and found[0].complete:
        return complete(found, comparison)
    alone = comparison.first if len(comparison.wrong) == 1 else None
    said = find_patterns(comparison.case, alone) if alone else []
    if said and not any(SHIFTED in phrase for phrase in said):      # a simple change of one tensor says it shorter
        return Diagnosis(without_a_name(comparison)[0], "pattern")
    found = further(found, [one for one in mutants(search) if convincing(one, comparison)])
    if said and not (found and found[0].complete):          # which says by how much, and not by what
        return Diagnosis(without_a_name(comparison)[0], "pattern")
    found = found if found and found[0].complete else both(search) or found
    if found and found[0].complete:
        return complete(found, comparison)
    precision = single_precision(comparison) or stored(comparison)
    if precision:
        function = approximate_function(comparison) if precision[0].startswith("This looks like") else ()
        return Diagnosis(function or precision, "precision")
    if comparison.dtype is None and in_single_precision(comparison):
        narrow = diagnose(compare(comparison.case, comparison.theirs, "float32"), search.catalogue,
                          search.experience)
        remark = "Apart from this the numbers agree to the accuracy of float32 only, though the arrays are float64."
        return dataclasses.replace(narrow, sentences=(*narrow.sentences, remark))
    if found and tells(found[0], comparison):
        return incomplete(found, comparison, search.catalogue)
    approximate = approximate_function(comparison)
    if approximate:
        return Diagnosis(approximate, "precision")
    sentences, simple = without_a_name(comparison)
    if not has_source() and not isinstance(search.catalogue, NoCatalogue):
        sentences = *sentences, NO_SOURCE
    return Diagnosis(sentences, "pattern" if simple else "place")


def mutants(search: Search) -> list[Explanation]:
    """Changes of the equations with the port's numbers; none where the caller wants no names."""
    return [] if isinstance(search.catalogue, NoCatalogue) else mutant_explanations(search)


def both(search: Search) -> list[Explanation]:
    """A known mistake and a change of the equations at once"""
    return [] if isinstance(search.catalogue, NoCatalogue) else with_known(search, convincing)


def further(known: list[Explanation], others: list[Explanation]) -> list[Explanation]:
    """Known mistakes, unless mutants of the equations explain more."""
    if not others or known and known[0].reach >= others[0].reach:
        return known
    return others


def complete(found: list[Explanation], comparison: Comparison) -> Diagnosis:
    """All of the port's numbers are those of known mistakes; of several that give the same numbers, the first leads."""
    best = found[0]
    others = different(best.known, [other.known for other in found[1:] if not the_same(best, other, comparison)])
    sentences = [f"The port has {named(best.known, others[:ALIKE])}."]
    if others:
        telling = telling_tensor(found, comparison)
        more = f", and of {len(others) - ALIKE} more" if len(others) > ALIKE else ""
        tell = f"{telling}, which was not handed in, tells them apart" if telling else \
            "another case may tell them apart" if len(comparison.compared) == len(comparison.computed) else \
            "tensors that were not handed in, or another case, may tell them apart"
        sentences.append(f"These give the same numbers here{more}; {tell}.")
    return Diagnosis((*sentences, *explained(comparison)), "variant", tuple(known.name for known in best.known))


def the_same(one: Explanation, other: Explanation, comparison: Comparison) -> bool:
    """Whether two known mistakes of a model have the same numbers in every tensor: then they are one with two names."""
    names = [row.name for row in comparison.computed]
    return comparison.case.kind == "model" and all(
        name in one.trace and name in other.trace and np.array_equal(one.trace[name], other.trace[name])
        for name in names)


def explained(comparison: Comparison) -> tuple[str]:
    """What speaks for a diagnosis that gives all of a port's numbers."""
    count = len(comparison.compared)
    agree = f"all {count} tensors that were handed in are" if count > 1 else "the one tensor that was handed in is"
    return (f"With that {agree} explained; the first wrong one is {name_of(comparison.first)}.",)


def tells(found: Explanation, comparison: Comparison) -> bool:
    """Whether it explains enough wrong numbers to be more than chance: zeros, or two numbers, may have any cause."""
    count = 0
    for row in comparison.compared[:found.reach]:
        if row.wrong and row.theirs is not None and row.theirs.shape == row.tensor.value.shape:
            count += int(np.sum((row.theirs != row.tensor.value) & (row.theirs != 0)))
    return count >= ENOUGH


def convincing(found: Explanation, comparison: Comparison) -> bool:
    """Whether it is more than chance that one of thousands of mutants explains so many numbers to so many digits."""
    digits = 0.0
    for row in comparison.compared[:found.reach]:
        if row.wrong and row.theirs is not None:
            same = row.theirs.shape == row.tensor.value.shape            # else it has all numbers of its own
            different = np.sum(row.theirs != row.tensor.value) if same else np.count_nonzero(row.theirs)
            digits -= float(np.log10(max(row.tolerance, 1e-16))) * int(different)
    return digits >= DIGITS


def incomplete(found: list[Explanation], comparison: Comparison, catalogue: Catalogue) -> Diagnosis:
    """Known mistakes give the first wrong tensors, and something else is wrong behind them: seen from there."""
    best, unexplained = found[0], found[0].first_unexplained
    assert unexplained is not None
    equal = [other.known for other in found[1:] if (other.reach, len(other.known)) == (best.reach, len(best.known))]
    case, is_mutant = comparison.case, any(isinstance(known, Mutant) for known in best.known)
    trace = best.trace if is_mutant else catalogue.trace(names_of(best.known))
    if best.gradients:
        whole = best.gradients.whole(unexplained.name, unexplained.tensor.value.shape)
        trace = trace if whole is None else {**trace, unexplained.name: whole}
    tensors = (dataclasses.replace(tensor, value=np.asarray(trace.get(tensor.name, tensor.value)))
               for tensor in case.tensors)
    with_mistakes = dataclasses.replace(case, tensors=tuple(tensors))
    row = compare(with_mistakes, comparison.theirs, comparison.dtype)[unexplained.name]
    known = unexplained.name in trace
    phrases = (find_patterns(with_mistakes, row) or appearance(with_mistakes, row)) if known else []
    what = f"{unexplained.name} {phrases[0]}, compared with such a port" if phrases else f"{unexplained.name} is wrong"
    if comparison.first_forward and unexplained.tensor.role in BACKWARD:
        rest = f"The forward pass is explained by that; in the backward pass moreover {what}."
    else:
        rest = f"That explains everything in front of {unexplained.name}; moreover {what}."
    sentences = (f"This looks like {named(best.known, different(best.known, equal)[:ALIKE])}, and like another mistake "
                 "behind it.", rest)
    return Diagnosis(sentences, "variant", tuple(known.name for known in best.known))


def different(known: Mistakes, others: Sequence[Mistakes]) -> list[Mistakes]:
    """Those of the others that say something which neither the first nor one before them says."""
    said, found = {sentences_of(known)}, []
    for other in others:
        if sentences_of(other) not in said:
            said.add(sentences_of(other))
            found.append(other)
    return found


def sentences_of(known: Mistakes) -> frozenset[str]:
    return frozenset(mistake.sentence for mistake in known)


def named(known: Mistakes, alike: Sequence[Mistakes] = ()) -> str:
    """The words that name one or two known mistakes, and those that have the same numbers."""
    otherwise = "".join(f", or {instead(known, others)}" for others in alike)
    if len(known) == 1:
        return f"the mistake {quoted(known)}{otherwise}"
    forward = tuple(mistake for mistake in known if mistake.where != "backward")
    backward = tuple(mistake for mistake in known if mistake.where == "backward")
    if forward and backward:
        return (f"the mistake {quoted(forward)} in the forward pass, and {quoted(backward)} in the backward pass"
                f"{otherwise}")
    return f"two mistakes at once, {quoted(known)}{otherwise}"


def instead(known: Mistakes, others: Mistakes) -> str:
    """Other mistakes than those that were named; of two that are in part the same, the one that is not."""
    new, old = (tuple(m for m in ours if m not in theirs) for ours, theirs in ((others, known), (known, others)))
    return f'{quoted(new)} in place of "{old[0].name}"' if len(new) == len(old) < len(known) else quoted(others)


def quoted(known: Mistakes) -> str:
    """`"a" (what is wrong) and "b" (what is wrong)`"""
    return " and ".join(f'"{mistake.name}" ({mistake.sentence.rstrip(".")})' for mistake in known)


def name_of(row: TensorComparison | None) -> str:
    return row.name if row else ""


def capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
