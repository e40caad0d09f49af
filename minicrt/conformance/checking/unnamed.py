"""What is said where no known mistake fits: what is right, what goes wrong first and how, and what to hand in next"""

from minicrt.conformance.checking.appearance import appearance
from minicrt.conformance.checking.causal import at_step, first_in_time, in_steps
from minicrt.conformance.checking.comparison import Comparison, TensorComparison, listed
from minicrt.conformance.checking.extent import right_segments
from minicrt.conformance.checking.infinite import told_of_infinite
from minicrt.conformance.checking.patterns import find_patterns
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD

Sentences = tuple[str, ...]
MORE = 3                    # so many other gradients are described, which may each have a mistake of its own


def without_a_name(comparison: Comparison) -> tuple[Sentences, bool]:
    """The sentences, and whether the first wrong tensor is a simple change of ours.

    The first is flat only where every wrong tensor is a simple change; otherwise it says what this looks like.
    """
    first, step = first_in_time(comparison)
    phrases, segments = find_patterns(comparison.case, first), right_segments(comparison)
    alone = at_step(comparison, first, step) if step is not None and not phrases else None
    at_once = find_patterns(*alone) if alone else []
    sentences = [segments or first_sentence(comparison, first, phrases, step, at_once), before(comparison, first, step)]
    if phrases and segments:
        sentences.append(f"{first.name} {phrases[0]}.")
    if len(phrases) > 1:
        sentences.append(f"Read otherwise, it {phrases[1]}.")
    if first.theirs is not None and first.problem:
        told = told_of_infinite(first.tensor.value, first.theirs)
        sentences += [f"{first.name} {told[0]}", *told[1:]] if told else []
    whole = [] if phrases else appearance(comparison.case, first)
    if alone and not at_once:
        sentences += [f"At step {step} it {phrase}." for phrase in appearance(*alone) if phrase not in whole]
    sentences += [f"{first.name} {phrase}." for phrase in whole]
    if not phrases:
        sentences += [f"{first.sentence()}."] if not first.problem else []
    sentences += [equation(first), *other_leaves(comparison, first), next_tensors(comparison, first)]
    return tuple(filter(None, sentences)), bool(phrases or at_once or segments)


def first_sentence(comparison: Comparison, first: TensorComparison, phrases: list[str], step: int | None,
                   at_once: list[str]) -> str:
    """The place of the mistake; flat where nothing is left to explain."""
    if first.problem and not phrases:
        alone = len(comparison.wrong) == 1
        return f"{first.sentence()}." if alone else f"The mistake looks like one in {first.sentence()}."
    if at_once:
        return f"The mistake looks like one in {first.name}, which at step {step}, the first wrong one, {at_once[0]}."
    if not phrases:
        when = "" if step is None else f", at step {step}"
        return (f"The mistake looks like one in {first.name}, the first wrong tensor{when}; no known mistake gives its "
                "numbers.")
    if all(find_patterns(comparison.case, row) for row in comparison.wrong):
        return f"{first.name} {phrases[0]}."
    return f"The mistake looks like one in {first.name}, which {phrases[0]}."


def before(comparison: Comparison, first: TensorComparison, step: int | None) -> str:
    """What is right, so that the mistake is after it."""
    place = comparison.computed.index(first)
    if step is not None:
        return in_the_scan(comparison, first, step)
    rows = [row for row in comparison.computed[:place] if row.present]
    if not rows and first.tensor.role in FORWARD:
        return "" if place == 0 else "Nothing before it was handed in."
    if not rows:
        return "The forward pass was not handed in."
    if len(rows) == place:
        return (f"Everything before it is right ({listed((row.name for row in rows), 4)}), so the mistake is in its "
                "own computation.")
    right = f"What was handed in before it is right ({listed((row.name for row in rows), 4)})"
    start = front(comparison, first)
    return f"{right}, so the mistake is after {comparison.computed[start - 1].name}." if start else f"{right}."


def front(comparison: Comparison, first: TensorComparison) -> int:
    """The place in the case behind which the mistake is.

    A right output of the same segment says little of what stands before it: another path may lead there.
    """
    place = comparison.computed.index(first)
    for k in reversed(range(place)):
        row = comparison.computed[k]
        beside = row.tensor.role == "output" and first.tensor.role in FORWARD and segment(row) == segment(first)
        if row.present and not beside:
            return k + 1
    return 0


def segment(row: TensorComparison) -> str:
    return row.name.partition("/")[0] if row.name.startswith("segment") else ""


def in_the_scan(comparison: Comparison, first: TensorComparison, step: int) -> str:
    """At which step everything is right yet, and which tensors are at the step that is wrong first."""
    steps, backward = first.tensor.value.shape[1], first.tensor.role in BACKWARD
    start = steps - 1 if backward else 0
    if step != start:
        order, last = ("back from the last", step + 1) if backward else ("from the first on", step - 1)
        return (f"Steps are right {order} as far as {last}: what is carried from there to step {step} may be wrong as "
                "well, or a tensor that was not handed in.")
    roles = BACKWARD if backward else FORWARD
    rows = [row.name for row in comparison.computed[:comparison.computed.index(first)]
            if row.present and row.tensor.role in roles and in_steps(comparison, row)]
    right = f"At that step what comes before it is right ({listed(rows, 4)}). " if rows else ""
    if comparison.first is not first:
        assert comparison.first is not None
        right += f"{comparison.first.name}, in front of it in the table, goes wrong after that. "
    return right + ("It is the last step, to which nothing comes back from a later one." if backward else
                    "It is the first step, to which nothing is carried but the start.")


def equation(first: TensorComparison) -> str:
    return f"Look at its equation: {first.tensor.meaning.rstrip('.')}." if first.tensor.meaning else ""


def next_tensors(comparison: Comparison, first: TensorComparison) -> str:
    """Which of the tensors between the last right one and the first wrong one halve the search."""
    start, place = front(comparison, first), comparison.computed.index(first)
    between = [row.name for row in comparison.computed[start:place] if not row.present]
    if not between:
        return ""
    where = f"between {comparison.computed[start - 1].name} and it" if start else "in front of it"
    middle, rest = between[len(between) // 2], len(between)
    if rest == 1:
        return f"To come closer, hand in {middle}, the one tensor {where}."
    if rest == 2:
        return f"To come closer, hand in {between[0]} and {between[1]}, the two tensors {where}."
    others = f"{between[rest // 4]} or {between[3 * rest // 4]}"
    return (f"To come closer, hand in {middle}, the middle one of the {rest} tensors {where}, and then {others}: each "
            "halves the search.")


def other_leaves(comparison: Comparison, first: TensorComparison) -> list[str]:
    """Gradients that are wrong in another way: nothing else is computed from them, so each may have its own mistake."""
    found: list[str] = []
    for row in comparison.wrong:
        if row is not first and row.tensor.role == "gradient" and first.tensor.role in BACKWARD and len(found) < MORE:
            phrases = find_patterns(comparison.case, row)
            found += [f"Moreover {row.name} {phrases[0]}."] if phrases else []
    return found
