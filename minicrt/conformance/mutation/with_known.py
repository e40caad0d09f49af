"""A mistake that somebody wrote down and a mutant, both in one port

Either they change different tensors: with those of the known mistake taken back, the port has one mutant. Or the known
one is in the forward pass, and the backward pass is the reference's for the right one, with a change or without.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from minicrt.conformance.checking.catalogue import Known
from minicrt.conformance.checking.comparison import Comparison, compare
from minicrt.conformance.checking.distance import agree, comparable
from minicrt.conformance.checking.search import Explanation, Search, names_of
from minicrt.conformance.golden.tensors import FORWARD
from minicrt.conformance.mutation.judging import Tried
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import Mutants, Trace, has_equations
from minicrt.conformance.mutation.running import Operation
from minicrt.conformance.mutation.search import MutantSearch

MOST = 3                    # so many known mistakes of an operation are combined with mutants; of a model one
OF_RIGHT = ", while the backward pass is that of the right forward pass"


@dataclass(frozen=True)
class Share:
    """What a known mistake has to do with a port: `trace`, and the wrong tensors that it explains."""

    known: tuple[Known, ...]
    trace: Trace
    explained: frozenset[str]


def with_known(search: Search, convincing: Callable[[Explanation, Comparison], bool]) -> list[Explanation]:
    """All that explain everything, of the known mistakes that explain something; none where no more is to be found."""
    if not search.handed or not has_equations(search.comparison.case):
        return []
    mutants = Mutants(search.comparison.case)
    is_model = isinstance(mutants.operation, Model)
    for found in [] if is_model else forward_complete(search):
        complete = list(with_the_references_backward(search, mutants, found))
        if complete:
            return complete
    shares = sorted(shares_of(search), key=lambda share: -len(share.explained))
    for share in shares[:1 if is_model else MOST]:
        rest = without(search, share)
        complete = [replace(one, known=(*share.known, *one.known)) for one in MutantSearch(rest, mutants).explanations()
                    if one.complete and convincing(one, rest.comparison)]
        if complete:
            return complete
    return []


def forward_complete(search: Search) -> list[Explanation]:
    """Known mistakes that give all of a wrong forward pass, and not all gradients"""
    if not any(row.wrong and row.tensor.role in FORWARD for row in search.handed):
        return []
    return [found for found in search.tried.values() if len(found.known) == 1 and not found.complete
            and found.forward_complete and found.reach > search.start]


def with_the_references_backward(search: Search, mutants: Mutants, found: Explanation) -> Iterator[Explanation]:
    """The backward pass by hand on the forward pass of a known mistake, with no change or one."""
    operation, trace = mutants.operation, {name: np.asarray(value) for name, value in found.trace.items()
                                           if not name.startswith("d_")}
    if not isinstance(operation, Operation) or not operation.has_backward or not operation.known_to_backward(trace):
        return
    known = tuple(replace(one, sentence=one.sentence.rstrip(".") + OF_RIGHT) for one in found.known)
    for one in behind(MutantSearch(search, mutants), trace):
        named = mutants.named(one.edits, True)
        yield Explanation((*known, *named), one.trace, one.reach, None)


def behind(mine: MutantSearch, forward: Trace) -> list[Tried]:
    """The reference's backward pass on this forward pass, or changes of it: those that explain everything"""
    first, found = (forward, mine.mutants.right[1]), list[Tried]()
    for edits in [(), *((edit,) for edit in mine.mutants.backward)]:
        if found and sum(edit.effort for edit in edits) > found[0].effort or not mine.may_run():
            break
        changes = edits[0].changes if edits else {}
        found += mine.complete(mine.by_hand(edits, mine.mutants.by_hand(first, changes, None, mine.watch.gradients)))
        if found and not edits:
            break
    return mine.judge.merged(found)


def shares_of(search: Search) -> Iterator[Share]:
    """Known mistakes that change some of the wrong tensors to what the port has, and nothing else."""
    for found in list(search.tried.values()):
        if len(found.known) > 1 or not found.trace:
            continue
        trace = found.trace
        if search.comparison.case.kind == "model":           # whose traces end with the first that is not expected
            if found.reach <= search.start:
                continue
            trace = search.catalogue.trace(names_of(found.known))
        explained = explained_by(search, trace)
        if explained:
            yield Share(found.known, {name: np.asarray(value) for name, value in trace.items()}, explained)


def explained_by(search: Search, trace: Mapping[str, np.ndarray]) -> frozenset[str]:
    """The wrong tensors that are those of a trace, which leaves all others as they are; else none"""
    explained = set()
    for k, row in enumerate(search.handed):
        if row.wrong and row.name in trace and search.agrees(k, trace):
            explained.add(row.name)
        elif row.name in trace and not same(np.asarray(trace[row.name]), row.tensor.value):
            return frozenset()
    return frozenset(explained) if len(explained) < len(search.comparison.wrong) else frozenset()


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return comparable(one) and agree(one, other, {"float64": 1e-9})


def without(search: Search, share: Share) -> Search:
    """The port with what a known mistake explains taken back"""
    case = search.comparison.case
    theirs = {name: case[name].value if name in share.explained else value
              for name, value in search.comparison.theirs.items()}
    return Search(compare(case, theirs, search.comparison.dtype), search.catalogue, search.experience)

