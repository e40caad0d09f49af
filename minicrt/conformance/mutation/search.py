"""Which mutants, one or two at once, give a port's numbers: tried where no known mistake does"""

import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.conformance.checking.search import Explanation, Search
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD, GoldenCase
from minicrt.conformance.mutation.fitted import fitted
from minicrt.conformance.mutation.gradients import scaled
from minicrt.conformance.mutation.judging import Judge, Tried
from minicrt.conformance.mutation.last_steps import LastSteps, last_steps
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import Mutants, Trace, has_equations
from minicrt.conformance.mutation.not_finite import hidden_scores, tells_something
from minicrt.conformance.mutation.order import Order
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.segments import shares_of_segments
from minicrt.conformance.mutation.syntax import is_call
from minicrt.conformance.mutation.watching import Watch

RUNS = 1600         # so many runs are an operation's mutants worth, of a short scan: a second
SINGLES = 6000      # so many edits are tried, the simplest and likeliest first
PARTIAL = 4         # so many mutants that explain the first wrong tensors get a second one
SECOND = 600        # so many others are tried as the second one
PAIRS = 60          # so many pairs that explain different gradients are tried
MODEL_RUNS = 500    # so many mutants of a whole model are run to the end, or more in part: seconds and not minutes
FACTORS = Fraction(-1), Fraction(2), Fraction(1, 2)     # are tried of what may come again in every step
TELLING = 3         # so many wrong numbers must a port have where one number of a mutant is found from them
RUN = 100           # a run takes as much of a search's effort as so many tensors of a known mistake


class MutantSearch:
    """`search` has the port's tensors, and says what agrees with them."""

    def __init__(self, search: Search, mutants: Mutants) -> None:
        self.search, self.mutants, self.handed = search, mutants, search.handed
        self.judge, self.order = Judge(search, mutants), Order(search, mutants)
        self.forward_is_wrong = any(self.handed[k].wrong for k in self.judge.forward_rows)
        self.watch, self.partial = Watch(search), list[Tried]()
        most = MODEL_RUNS if isinstance(mutants.operation, Model) else RUNS
        self.runs_left: float = min(most, search.experience.effort_left // RUN)

    def may_run(self) -> bool:
        """Whether one more mutant may be run; the one before counts as far as it went"""
        self.runs_left -= self.mutants.operation.spent()
        return self.runs_left >= 0

    def explanations(self) -> list[Explanation]:
        """All of the simplest kind that explain everything; or the best of the others."""
        singles = list(self.of_forward()) if self.forward_is_wrong else list(self.of_backward(self.right, ()))
        if not self.forward_is_wrong and not self.complete(singles) and not self.has_output:
            singles += self.of_forward()
        if self.forward_is_wrong and not self.complete(singles):
            singles += self.of_fitted()
        found = self.complete(singles) or self.complete(self.pairs(singles))
        best = found or [one for one in singles if one.reach > self.search.start]
        return [self.explanation(one) for one in self.judge.merged(best)]

    @cached_property
    def has_output(self) -> bool:
        return any(row.tensor.role == "output" for row in self.handed)

    @cached_property
    def last_steps(self) -> LastSteps | None:
        return last_steps(self.mutants.operation, self.judge.asked)

    @cached_property
    def right(self) -> Tried:
        return Tried((), self.mutants.right[0], len(self.handed), forward=self.mutants.right)

    def complete(self, found: Iterable[Tried]) -> list[Tried]:
        return [one for one in found if one.reach == len(self.handed)]

    def explanation(self, one: Tried) -> Explanation:
        unexplained = self.handed[one.reach] if one.reach < len(self.handed) else None
        return Explanation(self.mutants.named(one.edits, one.by_hand), one.trace, one.reach, unexplained, one.own)

    def by_hand(self, edits: tuple[Edit, ...], trace: Trace | None) -> list[Tried]:
        """With the reference's backward pass, or changes of it; nothing where it cannot be run"""
        return [] if trace is None else [Tried(edits, trace, self.judge.reach(trace), True)]

    def differentiated(self, edits: tuple[Edit, ...], forward: Trace, whole: bool = False) -> Tried:
        """With the backward pass that is right for a forward pass"""
        own = self.mutants.own_gradients({number: new for edit in edits for number, new in edit.changes.items()})
        return Tried(edits, forward, self.judge.reach(forward, own, whole), own=own)

    # One mutant.

    def of_forward(self) -> Iterator[Tried]:
        """Mutants of the forward pass, each with both of its backward passes; the simplest that explain all end it."""
        ended = list[Tried]()
        for edits in self.order.forward():
            for edit in simplest(edits, ended):
                found = self.tried((edit,)) if self.may_run() else None
                if found:
                    both = list(self.with_gradients(found))
                    ended += self.complete(both)
                    yield from both
            if ended:
                return

    def tried(self, edits: tuple[Edit, ...]) -> Tried | None:
        """The mutant if its forward pass explains at least the first wrong tensor."""
        changes = {number: new for edit in edits for number, new in edit.changes.items()}
        returned = any("return" in edit.targets for edit in edits)       # a scan's states are watched, not its result
        forward = self.mutants.run_forward(changes, None if returned else self.watch.forward)
        if forward is None:
            return None
        reach = next((k for k in self.judge.forward_rows if not self.search.agrees(k, forward[0])), len(self.handed))
        return Tried(edits, forward[0], reach, forward=forward) if reach > self.search.start else None

    def with_gradients(self, found: Tried) -> Iterator[Tried]:
        """The forward pass with either backward pass; where it does not explain all of the port's, by itself."""
        if found.reach < len(self.handed):
            self.partial.append(found)
            yield found
            return
        assert found.forward is not None
        both = [self.differentiated(found.edits, found.trace)]
        if any(row.tensor.role in BACKWARD for row in self.handed):
            both += self.by_hand(found.edits, self.mutants.by_hand(found.forward, {}))
        if not self.complete(both):
            self.partial.append(found)
        yield from both

    def of_backward(self, first: Tried, known: tuple[Edit, ...]) -> Iterator[Tried]:
        """Operands whose gradient is dropped, and mutants of the backward pass by hand, where the forward pass is that
        of `known` edits."""
        assert first.forward is not None
        ended = list[Tried]()
        for edit in simplest(self.order.of_gradients(single=not known), ended):
            if not self.may_run():
                return
            edits = *known, edit
            tried = list(self.without_gradient(edits, first.forward[0], single=not known)) if edit.detached else \
                self.by_hand(edits, self.mutants.by_hand(first.forward, edit.changes, self.watch.backward,
                                                         self.watch.gradients))
            ended += self.complete(tried)
            yield from tried

    def without_gradient(self, edits: tuple[Edit, ...], forward: Trace, single: bool) -> Iterator[Tried]:
        """The last one is detached, or its gradient is multiplied by what explains the port's."""
        is_model = isinstance(self.mutants.operation, Model)             # of which each run takes its time
        plain = all(is_call(new, ("detached",)) for new in edits[-1].changes.values())
        told = self.last_steps.factor(edits[-1].changes) if single and plain and self.last_steps else None
        if told:
            if told != 1:
                yield self.differentiated((scaled(edits[-1], told),), forward)
            return
        one = self.differentiated(edits, forward, whole=is_model)
        yield one
        assert one.own is not None
        if not single or not plain or told == 0 or self.complete([one]):
            return
        factor = one.own.factor(self.judge.asked, self.judge.right)
        for other in [factor] if factor else () if is_model else FACTORS:
            yield self.differentiated((scaled(edits[-1], other),), forward)

    def of_fitted(self) -> Iterator[Tried]:
        """Mutants of the forward pass with a number that is found from the first wrong tensor."""
        row = self.handed[self.search.start]
        theirs = np.zeros(0) if row.theirs is None else row.theirs
        if theirs.shape != row.tensor.value.shape or not theirs.any() or not np.isfinite(theirs).all():
            return
        if self.judge.wrong_numbers() < TELLING:             # one number can be given by anything that is fitted to it
            return
        for family in self.order.families():
            edit = fitted(family, self.first_wrong, theirs) if self.may_run() else None
            found = self.tried((edit,)) if edit else None
            if found:
                yield from self.with_gradients(found)

    def first_wrong(self, edit: Edit) -> Any:
        """The first wrong tensor of a mutant that has what is right in front of it; None where it has not"""
        name, seen = self.handed[self.search.start].name, list[Any]()
        is_model = isinstance(self.mutants.operation, Model)

        def expected(other: str, value: Any, step: int) -> bool:
            seen.extend([value] if other == name and is_model else [])     # a model needs not be run any further
            return not seen and self.watch.before(other, value, step)
        found = self.mutants.run_forward(edit.changes, expected)
        return seen[0] if seen else None if found is None else found[0].get(name)

    # Two mutants.

    def pairs(self, singles: list[Tried]) -> Iterator[Tried]:
        """A second mutant behind the first one, or one for some gradients and one for the others."""
        if not self.forward_is_wrong:
            yield from self.of_different_gradients(singles)
        for first in sorted(self.partial, key=lambda one: one.order)[:PARTIAL]:
            if first.reach < len(self.handed) and self.handed[first.reach].tensor.role in FORWARD:
                yield from self.second_forward(first)
            else:
                yield from self.of_backward(first, first.edits)

    def second_forward(self, first: Tried) -> Iterator[Tried]:
        for edit in self.mutants.forward[:SECOND]:
            if not edit.detached and not edit.changes.keys() & first.changes.keys() and self.may_run():
                found = self.tried((*first.edits, edit))
                if found and found.reach > first.reach:
                    yield from self.with_gradients(found)

    def of_different_gradients(self, singles: list[Tried]) -> Iterator[Tried]:
        """Two edits of which for every gradient at least one agrees with the port."""
        rows = [k for k, row in enumerate(self.handed) if row.tensor.role in BACKWARD and row.wrong]
        marked = [(agreed, one) for one in singles if (agreed := self.agreed(rows, one))]
        tried = 0
        for k, (agreed, one) in enumerate(marked):
            for others, other in marked[k + 1:]:
                if agreed | others == set(rows) and one.by_hand == other.by_hand and tried < PAIRS:
                    tried += 1
                    yield from self.both(one, other)

    def agreed(self, rows: list[int], one: Tried) -> frozenset[int]:
        """Those of the rows that agree; along directions each takes a run."""
        self.runs_left -= len(rows) if one.own else 0
        return frozenset(k for k in rows if self.judge.agrees(k, one)) if self.runs_left >= 0 else frozenset()

    def both(self, one: Tried, other: Tried) -> list[Tried]:
        edits = *one.edits, *other.edits
        if one.by_hand:
            return self.by_hand(edits, self.mutants.by_hand(self.mutants.right, {**one.changes, **other.changes}))
        return [self.differentiated(edits, self.right.trace)]


def simplest(edits: list[Edit], enough: list[Tried]) -> Iterator[Edit]:
    """The first edits, until something is enough when the next one is more far-fetched."""
    effort = -1
    for edit in edits[:SINGLES]:
        if edit.effort > effort and enough:
            return
        effort = max(effort, edit.effort)
        yield edit


def mutant_explanations(search: Search) -> list[Explanation]:
    """Of a port of an operation or a model that the equations have."""
    case: GoldenCase = search.comparison.case
    if not search.handed or not has_equations(case) or not tells_something(search):
        return []
    with warnings.catch_warnings():                          # of a mean of nothing, which some mutant takes
        warnings.simplefilter("ignore", RuntimeWarning)
        return shares_of_segments(search) or MutantSearch(search, Mutants(case, **hidden_scores(search))).explanations()
