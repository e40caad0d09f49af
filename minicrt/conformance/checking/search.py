"""Which known mistakes, one or two at once, give a port's numbers"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from minicrt.conformance.checking.catalogue import Catalogue, Known, Names
from minicrt.conformance.checking.comparison import Comparison, TensorComparison
from minicrt.conformance.checking.distance import agree, comparable, largest
from minicrt.conformance.golden.tensors import BACKWARD

Array = np.ndarray
Trace = Mapping[str, Array]
STARTS = 4          # so many mistakes that explain the first diverging tensors get a second one added


@dataclass
class Experience:
    """What one check after another of the same port learns: the mistakes found, which its other cases may have too.

    traces_left  how many computations with a mistake may still be made: a port that is all wrong must not take minutes
    """

    found: list[Names] = field(default_factory=list)
    traces_left: int = 1_000_000


@dataclass(frozen=True)
class Explanation:
    """Known mistakes, and how far the port's numbers are theirs.

    reach  the number of the port's tensors, in order of computation, up to the first that is not explained
    first_unexplained   that tensor, or None where all are explained
    """

    known: tuple[Known, ...]
    trace: Trace
    reach: int
    first_unexplained: TensorComparison | None

    @property
    def complete(self) -> bool:
        return self.first_unexplained is None

    @property
    def forward_complete(self) -> bool:
        return self.complete or (self.first_unexplained is not None and self.first_unexplained.tensor.role in BACKWARD)


class Search:
    """Trace mistakes and compare with what the port handed in.

    A mistake is out as soon as a tensor that the port has right is wrong with it. `start` is the place of the first
    diverging tensor among those handed in: what reaches no further than that explains nothing.
    """

    def __init__(self, comparison: Comparison, catalogue: Catalogue, experience: Experience | None = None) -> None:
        self.comparison, self.catalogue = comparison, catalogue
        self.experience = experience or Experience()
        self.handed = comparison.compared
        self.start = next(k for k, row in enumerate(self.handed) if row.wrong)
        self.sizes = [max(row.tensor.scale, largest(row.tensor.value)) for row in self.handed]
        self.tried: dict[Names, Explanation] = {}

    def explanations(self) -> list[Explanation]:
        """All that explain everything, of one mistake if there is one, else of two; or the best of the others.

        The others are those that explain at least the first diverging tensor, the furthest-reaching ones first.
        """
        known = {mistake.name: mistake for mistake in self.catalogue.known()}
        for names in self.experience.found:
            complete = self.complete(tuple(known[name] for name in some) for some in (*zip(names), names)
                                     if known.keys() >= set(some))
            if complete and self.nothing_missing:
                return complete
        first = self.handed[self.start]
        complete = self.complete((mistake,) for mistake in self.relevant(known.values(), first))
        if complete:
            return complete
        singles = [found for found in self.tried.values() if len(found.known) == 1 and found.reach >= self.start]
        partial = furthest(found for found in singles if found.reach > self.start)
        for found in partial[:STARTS]:
            assert found.first_unexplained is not None
            others = self.relevant(known.values(), found.first_unexplained)
            complete = self.complete((*found.known, other) for other in others if other not in found.known)
            if complete:
                return complete
        if not partial:
            complete = self.complete(self.both_at_the_start(singles))
        return complete or furthest(found for found in self.tried.values() if found.reach > self.start)

    @property
    def nothing_missing(self) -> bool:
        """Whether the port handed in all tensors: two mistakes that then have the same numbers are the same mistake."""
        return len(self.handed) == len(self.comparison.computed)

    def complete(self, candidates: Iterable[tuple[Known, ...]]) -> list[Explanation]:
        """Those that explain everything; the first alone if no tensor is left that could tell them apart."""
        found = []
        for known in candidates:
            if known and self.experience.traces_left > 0:
                explanation = self.attempt(known)
                found += [explanation] if explanation.complete else []
                if found and self.nothing_missing:
                    break
        names = tuple(sorted(mistake.name for mistake in found[0].known)) if found else ()
        if names and names not in self.experience.found:
            self.experience.found.append(names)
        return found

    def relevant(self, known: Iterable[Known], wrong: TensorComparison) -> list[Known]:
        """The mistakes of the pass that `wrong` belongs to; all, where it alone cannot tell.

        A mistake of the backward pass leaves the forward pass as it is. One of the forward pass is out if the outputs
        were handed in and are right.
        """
        if wrong.tensor.role not in BACKWARD:
            out = "backward"
        elif any(row.tensor.role == "output" for row in self.handed):
            out = "forward"
        else:
            out = ""
        return [mistake for mistake in known if mistake.where is None or mistake.where != out]

    def both_at_the_start(self, possible: list[Explanation]) -> list[tuple[Known, ...]]:
        """Two mistakes that both change the first diverging tensor, where neither alone explains it."""
        row = self.handed[self.start]
        touching = [found for found in possible if not self.agrees(self.start, found.trace, row.tensor.value)]
        return [(*a.known, *b.known) for a, b in itertools.combinations(touching, 2)]

    def attempt(self, known: tuple[Known, ...]) -> Explanation:
        names = tuple(sorted(mistake.name for mistake in known))
        if names not in self.tried:
            self.experience.traces_left -= 1
            trace = self.catalogue.trace(names)
            reach = next((k for k in range(len(self.handed)) if not self.agrees(k, trace)), len(self.handed))
            unexplained = self.handed[reach] if reach < len(self.handed) else None
            self.tried[names] = Explanation(known, trace, reach, unexplained)
        return self.tried[names]

    def agrees(self, k: int, trace: Trace, theirs: Array | None = None) -> bool:
        """Whether tensor k of those handed in (or `theirs` in its place) has the trace's numbers.

        What the trace does not have must be right. Zeros of the trace need not be more exact than ours are large.
        """
        row = self.handed[k]
        theirs = row.theirs if theirs is None else theirs
        if theirs is None or not comparable(theirs):
            return False
        if row.name not in trace:
            return not row.wrong
        limits = {"float64": row.tolerance, "float32": row.tolerance}
        return agree(np.asarray(trace[row.name]), theirs, limits, self.sizes[k], row.dtype)


def furthest(found: Iterable[Explanation]) -> list[Explanation]:
    """The furthest-reaching ones first, of equals the simpler."""
    return sorted(found, key=lambda explanation: (-explanation.reach, len(explanation.known)))


def telling_tensor(found: list[Explanation], comparison: Comparison) -> str:
    """The name of a tensor that was not handed in and differs between explanations; empty if there is none."""
    for row in comparison.computed:
        values = [explanation.trace.get(row.name) for explanation in found]
        if row.present or any(value is None for value in values):
            continue
        first, *others = (np.asarray(value) for value in values)
        if not all(agree(first, other, {"float64": 1e-9}) for other in others):
            return row.name
    return ""
