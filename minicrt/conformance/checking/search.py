"""Which known mistakes, one or two at once, give a port's numbers"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from minicrt.conformance.checking.catalogue import Catalogue, Known, Names
from minicrt.conformance.checking.comparison import Comparison, TensorComparison
from minicrt.conformance.checking.distance import ROUNDING, agree, comparable, differences, largest
from minicrt.conformance.golden.tensors import BACKWARD

Array = np.ndarray
Trace = Mapping[str, Array]
STARTS = 4          # so many mistakes that explain the first diverging tensors get a second one added
START = 40          # to begin a trace takes as long as so many of its tensors
PAIRS = 500         # so many pairs of mistakes, neither of which explains anything alone, are tried of an operation
STEPS = 6           # of a scan over more steps than these, so many times fewer
MODEL_PAIRS = 200   # and of a model, each of which takes a pass


@dataclass
class Experience:
    """What one check after another of the same port learns: the mistakes found, which its other cases may have too.

    effort_left  how many tensors may still be computed with a mistake, so that a port that is all wrong does not take
                 minutes; a case may use up half of what is left
    """

    found: list[Names] = field(default_factory=list)
    effort_left: int = 1_000_000_000


class Gradients(Protocol):
    """Gradients that nobody has computed, but whose products with directions can be told"""

    def slope(self, directions: Trace) -> float: ...

    def whole(self, name: str, shape: tuple[int, ...]) -> Array | None: ...


@dataclass(frozen=True)
class Explanation:
    """Known mistakes, and how far the port's numbers are theirs.

    trace  what such a port computes; at least up to the first tensor that is not the port's
    gradients   its gradients, where they are not in the trace
    reach  the number of the port's tensors, in order of computation, up to the first that is not explained
    first_unexplained   that tensor, or None where all are explained
    """

    known: tuple[Known, ...]
    trace: Trace
    reach: int
    first_unexplained: TensorComparison | None
    gradients: Gradients | None = None

    @property
    def complete(self) -> bool:
        return self.first_unexplained is None

    @property
    def forward_complete(self) -> bool:
        return self.complete or (self.first_unexplained is not None and self.first_unexplained.tensor.role in BACKWARD)

    def along(self, name: str, direction: Array) -> float | None:
        """The product of a tensor with a direction; None where it is not known"""
        if name in self.trace:
            fits = np.shape(self.trace[name]) == direction.shape
            return float((self.trace[name] * direction).sum()) if fits else np.nan
        return self.gradients.slope({name: direction}) if self.gradients else None


class Search:
    """Trace mistakes and compare with what the port handed in.

    A mistake is out as soon as a tensor that the port has right is wrong with it. `start` is the place of the first
    diverging tensor among those handed in: what reaches no further than that explains nothing.
    """

    def __init__(self, comparison: Comparison, catalogue: Catalogue, experience: Experience | None = None) -> None:
        self.comparison, self.catalogue = comparison, catalogue
        self.experience = experience or Experience()
        self.spare = self.experience.effort_left // 2
        self.handed = comparison.compared
        self.start = next(k for k, row in enumerate(self.handed) if row.wrong)
        self.sizes = [max(row.tensor.scale, largest(row.tensor.value)) for row in self.handed]
        self.places = {row.name: k for k, row in enumerate(self.handed)}
        self.tried: dict[Names, Explanation] = {}
        self.in_full = comparison.case.kind != "model"       # what is right as far as the port's first wrong tensor

    def explanations(self) -> list[Explanation]:
        """All that explain everything, of one mistake if there is one, else of two; or the best of the others.

        The others are those that explain at least the first diverging tensor, the furthest-reaching ones first. What
        the experience knows comes first, and is not questioned where every tensor was handed in and agrees.
        """
        known = {mistake.name: mistake for mistake in self.catalogue.known()}
        complete = self.complete(tuple(known[name] for name in names) for names in self.experience.found
                                 if known.keys() >= set(names))
        if complete and len(self.handed) == len(self.comparison.computed):
            return simplest(complete)
        for mistakes in self.by_likelihood(known.values(), self.handed[self.start]):
            complete = self.complete((mistake,) for mistake in mistakes)
            if complete:
                return complete
        singles = [found for found in self.tried.values() if len(found.known) == 1 and found.reach >= self.start]
        partial = furthest(found for found in singles if found.reach > self.start)
        for found in partial[:STARTS]:
            assert found.first_unexplained is not None
            others, _ = self.by_likelihood(known.values(), found.first_unexplained)
            complete = self.complete((*found.known, other) for other in others if other not in found.known)
            if complete:
                return complete
        if not partial:
            complete = self.complete(self.both_at_the_start(singles))
        return complete or furthest(found for found in self.tried.values() if found.reach > self.start)

    def complete(self, candidates: Iterable[tuple[Known, ...]]) -> list[Explanation]:
        """Those that explain everything."""
        found = []
        for known in candidates:
            explanation = self.attempt(known)
            if explanation and explanation.complete:
                found.append(explanation)
        for explanation in found:
            names = names_of(explanation.known)
            if names not in self.experience.found:
                self.experience.found.append(names)
        return found

    def by_likelihood(self, known: Iterable[Known], wrong: TensorComparison) -> tuple[list[Known], list[Known]]:
        """The mistakes that probably explain a wrong tensor, and those that may if none of the first does.

        A mistake of the backward pass leaves the forward pass as it is. One of the forward pass is unlikely if the
        outputs were handed in and are right: then it can have changed them by nothing but a factor of 0.
        """
        known = list(known)
        if wrong.tensor.role not in BACKWARD:
            return [mistake for mistake in known if mistake.where != "backward"], []
        if any(row.tensor.role == "output" for row in self.handed):
            return ([mistake for mistake in known if mistake.where != "forward"],
                    [mistake for mistake in known if mistake.where == "forward"])
        return known, []

    def both_at_the_start(self, possible: list[Explanation]) -> list[tuple[Known, ...]]:
        """Pairs of mistakes that both change the first diverging tensor, where neither alone explains it.

        The mistakes that alone bring the tensor nearest to the port's are the first to be paired, with all others.
        """
        row = self.handed[self.start]
        touching = [found for found in possible if row.name in found.trace
                    and not self.agrees(self.start, found.trace, row.tensor.value)]
        touching.sort(key=lambda found: self.off(row, found.trace))
        pairs = itertools.islice(itertools.combinations(touching, 2), self.most_pairs())
        return [(*one.known, *other.known) for one, other in pairs]

    def most_pairs(self) -> int:
        steps = max((row.tensor.value.shape[1] for row in self.handed if row.tensor.value.ndim > 2), default=0)
        return PAIRS * STEPS // max(steps, STEPS) if self.in_full else MODEL_PAIRS

    def off(self, row: TensorComparison, trace: Trace) -> float:
        """How far the port's tensor is from a trace's."""
        changed = np.asarray(trace[row.name])
        if row.theirs is None or not comparable(row.theirs) or changed.shape != row.theirs.shape or not changed.size:
            return np.inf
        return float(differences(changed, row.theirs).max())

    def attempt(self, known: tuple[Known, ...]) -> Explanation | None:
        """How far these mistakes explain the port; None where no more may be traced."""
        names = names_of(known)
        if names not in self.tried:
            if self.experience.effort_left <= self.spare:
                return None
            seen: dict[int, bool] = {}

            def expected(name: str, value: Array) -> bool:
                k = self.places.get(name)                    # of what was not handed in nothing is known
                if k is None:
                    return True
                if k not in seen:
                    seen[k] = self.agrees(k, {name: value})
                return seen[k] or self.in_full and k >= self.start

            trace = self.catalogue.trace(names, expected)
            self.experience.effort_left -= START + len(trace)
            reach = next((k for k in range(len(self.handed)) if not seen.get(k, True) or (
                k not in seen and not self.agrees(k, trace))), len(self.handed))
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
        if theirs is row.theirs and np.array_equal(trace[row.name], row.tensor.value):       # quicker, and often so
            return not row.wrong
        ours, limits = np.asarray(trace[row.name]), {"float64": row.tolerance, "float32": row.tolerance}
        if ours.dtype == theirs.dtype == np.float64 and ours.shape == theirs.shape and ours.size:
            with np.errstate(all="ignore"):                  # most are far off, which is told at once
                allowed = row.tolerance * float(np.abs(ours).max()) + ROUNDING["float32"] * self.sizes[k]
                if float(np.abs(ours - theirs).max()) > allowed:
                    return False
        return agree(ours, theirs, limits, self.sizes[k], row.dtype)


def names_of(known: tuple[Known, ...]) -> Names:
    return tuple(sorted(mistake.name for mistake in known))


def simplest(found: list[Explanation]) -> list[Explanation]:
    """Those of one mistake if there are any."""
    return [explanation for explanation in found if len(explanation.known) == 1] or found


def furthest(found: Iterable[Explanation]) -> list[Explanation]:
    """The furthest-reaching ones first, of equals the simpler."""
    return sorted(found, key=lambda explanation: (-explanation.reach, len(explanation.known)))


def telling_tensor(found: list[Explanation], comparison: Comparison) -> str:
    """The name of a tensor that was not handed in and differs between explanations; empty if there is none."""
    for row in comparison.computed:
        if not row.present and tells_apart(found, row):
            return row.name
    return ""


def tells_apart(found: list[Explanation], row: TensorComparison) -> bool:
    values: list[Any] = [explanation.trace.get(row.name) for explanation in found]
    if any(value is None for value in values):
        direction = np.cos(np.arange(row.tensor.value.size)).reshape(row.tensor.value.shape)
        values = [explanation.along(row.name, direction) for explanation in found]
    if any(value is None for value in values):
        return False
    first, *others = (np.asarray(value) for value in values)
    return not all(agree(first, other, {"float64": 1e-9}) for other in others)
