"""Which mutants, one or two at once, give a port's numbers: tried where no known mistake does"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from minicrt.conformance.checking.search import Explanation, Search
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD, GoldenCase, Role
from minicrt.conformance.mutation.judging import Judge, Tried
from minicrt.conformance.mutation.likely import Likelihood
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import Mutants, Trace, has_equations
from minicrt.conformance.mutation.program import Edit, Program
from minicrt.conformance.mutation.running import CALLED, Operation
from minicrt.conformance.mutation.watching import Watch

SINGLES = 6000      # so many edits are tried, the simplest and likeliest first
PARTIAL = 4         # so many mutants that explain the first wrong tensors get a second one
SECOND = 600        # so many others are tried as the second one
PAIRS = 60          # so many pairs that explain different gradients are tried
MODEL_RUNS = 200    # so many mutants of a whole model are run in all, so that a check takes seconds and not minutes
RUN = 100           # a run takes as much of a search's effort as so many tensors of a known mistake


class MutantSearch:
    """`search` has the port's tensors, and says what agrees with them."""

    def __init__(self, search: Search, mutants: Mutants) -> None:
        self.search, self.mutants, self.handed = search, mutants, search.handed
        self.judge = Judge(search, mutants)
        self.forward_is_wrong = any(self.handed[k].wrong for k in self.judge.forward_rows)
        self.watch, self.partial = Watch(search), list[Tried]()
        most = MODEL_RUNS if isinstance(mutants.operation, Model) else SINGLES + SECOND
        self.runs_left = min(most, search.experience.effort_left // RUN)

    def may_run(self) -> bool:
        """Whether one more mutant may be run, which then counts"""
        self.runs_left -= 1
        return self.runs_left >= 0

    def explanations(self) -> list[Explanation]:
        """All of the simplest kind that explain everything; or the best of the others."""
        singles = list(self.of_forward()) if self.forward_is_wrong else list(self.of_backward(self.right, ()))
        if not self.forward_is_wrong and not self.complete(singles) and not self.has_output:
            singles += self.of_forward()
        found = self.complete(singles) or self.complete(self.pairs(singles))
        best = found or [one for one in singles if one.reach > self.search.start]
        return [self.explanation(one) for one in self.judge.merged(best)]

    @cached_property
    def has_output(self) -> bool:
        return any(row.tensor.role == "output" for row in self.handed)

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

    def differentiated(self, edits: tuple[Edit, ...], forward: Trace) -> Tried:
        """With the backward pass that is right for a forward pass"""
        own = self.mutants.own_gradients({number: new for edit in edits for number, new in edit.changes.items()})
        return Tried(edits, forward, self.judge.reach(forward, own), own=own)

    # One mutant.

    def of_forward(self) -> Iterator[Tried]:
        """Mutants of the forward pass, each with both of its backward passes; the simplest that explain all end it."""
        ended = list[Tried]()
        edits = [edit for edit in self.likely(self.mutants.operation.forward_program, self.mutants.forward, FORWARD)
                 if not edit.detached]
        for edit in simplest(edits, ended):
            found = self.tried((edit,)) if self.may_run() else None
            if found:
                both = list(self.with_gradients(found))
                ended += self.complete(both)
                yield from both

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
        for edit in simplest(self.gradient_edits(single=not known), ended):
            if not self.may_run():
                return
            edits = *known, edit
            tried = [self.differentiated(edits, first.forward[0])] if edit.detached else \
                self.by_hand(edits, self.mutants.by_hand(first.forward, edit.changes, self.watch.backward))
            ended += self.complete(tried)
            yield from tried

    def gradient_edits(self, single: bool) -> list[Edit]:
        """Those that change nothing but gradients, the simplest first"""
        detached, backward = [edit for edit in self.mutants.forward if edit.detached], self.mutants.backward
        if single and backward and isinstance(self.mutants.operation, Operation):
            backward = self.likely(self.mutants.operation.backward_program, backward, BACKWARD)
        return sorted([*detached, *backward], key=lambda edit: edit.effort)

    def likely(self, program: Program, edits: list[Edit], roles: tuple[Role, ...]) -> list[Edit]:
        """In the order in which one of them probably explains what is wrong"""
        if isinstance(self.mutants.operation, Model):
            return self.at_work(self.mutants.operation, edits)
        rows = [row for row in self.handed if row.tensor.role in roles]
        wrong, right = ({called(row.name, row.tensor.role) for row in rows if row.wrong is which}
                        for which in (True, False))
        return Likelihood(program, wrong, right).sorted(edits)

    def at_work(self, model: Model, edits: list[Edit]) -> list[Edit]:
        """Of a model those in what runs after the last tensor that is right and up to the first one that is wrong."""
        first = self.handed[self.search.start]
        if not self.forward_is_wrong or first.name not in model.reached:
            return edits
        known = {row.name: model.reached[row.name][0] for row in self.handed if row.name in model.reached}
        before = max((row.name for row in self.handed if row.name in known and not row.wrong
                      and known[row.name] < known[first.name]), key=known.__getitem__, default="")
        running = model.between(before, first.name)
        return [edit for edit in edits if model.forward_program.statements(edit) & running]

    # Two mutants.

    def pairs(self, singles: list[Tried]) -> Iterator[Tried]:
        """A second mutant behind the first one, or one for some gradients and one for the others."""
        if not self.forward_is_wrong:
            yield from self.of_different_gradients(singles)
        for first in sorted(self.partial, key=lambda one: (-one.reach, one.effort))[:PARTIAL]:
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


def called(name: str, role: Role) -> str:
    """A tensor of the case by the equations' name"""
    return "return" if role == "output" else name if name.startswith("d_") else CALLED.get(name, name)


def mutant_explanations(search: Search) -> list[Explanation]:
    """Of a port of an operation that the equations have."""
    case: GoldenCase = search.comparison.case
    if not search.handed or not has_equations(case):
        return []
    return MutantSearch(search, Mutants(case)).explanations()
