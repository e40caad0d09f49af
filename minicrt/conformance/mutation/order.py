"""In which order the mutants are tried, and which of them cannot explain what a port has wrong"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from minicrt.conformance.checking.search import Search
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD, Role
from minicrt.conformance.mutation.configured import CARRIED
from minicrt.conformance.mutation.fitted import Family, families
from minicrt.conformance.mutation.likely import Likelihood
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import Mutants
from minicrt.conformance.mutation.program import Edit, Program
from minicrt.conformance.mutation.running import CALLED, Operation
from minicrt.conformance.mutation.tree import number_of


class Order:
    """Of the mutants of a port's operation or model."""

    def __init__(self, search: Search, mutants: Mutants) -> None:
        self.mutants, self.handed, self.first = mutants, search.handed, search.handed[search.start]

    def forward(self) -> list[list[Edit]]:
        """The edits of the forward pass; of a model those first that leave a parameter unread which has no gradient,
        and where it goes wrong after a segment those of what is carried, or in what one leaves those of that."""
        operation = self.mutants.operation
        edits = [edit for edit in self.likely(operation.forward_program, self.mutants.forward, FORWARD)
                 if not edit.detached]
        if not isinstance(operation, Model):
            return [edits]
        unread = [edit for edit in edits if edit.targets & self.without_gradient]
        in_first = self.first.name.startswith("segment0/")
        if in_first and not is_state(self.first.name):
            return [unread, edits] if unread else [edits]
        groups: tuple[list[Edit], list[Edit], list[Edit]] = [], [], []
        for edit in edits:
            result = in_first and "return" in edit.targets
            handed_on = result and edit.function == operation.forward_program.root
            groups[0 if handed_on else 1 if result or is_carried(edit) else 2].append(edit)
        if in_first:                                         # nothing was carried yet that could be wrong
            return [unread, groups[0], sorted(groups[1] + groups[2], key=lambda edit: edit.effort)]
        return [unread, *groups]

    @cached_property
    def without_gradient(self) -> frozenset[str]:
        """The parameters whose gradients are all 0 in the port, and not in the reference"""
        return frozenset(row.name.removeprefix("d_parameters/") for row in self.handed
                         if row.wrong and row.theirs is not None and not row.theirs.any())

    def families(self) -> Iterator[Family]:
        """Of the lines of the forward pass that can be at fault"""
        model = self.mutants.operation
        running = self.running(model) if isinstance(model, Model) else None
        for line in (line for function in self.mutants.functions for line in function.lines):
            if running is None or number_of(line.statement) in running:
                yield from families(line)

    def of_gradients(self, single: bool) -> list[Edit]:
        """Those that change nothing but gradients, the simplest first"""
        backward, operation = self.mutants.backward, self.mutants.operation
        every = [*self.mutants.detached, *backward]
        if not single or not isinstance(operation, Operation):
            return sorted(every, key=lambda edit: edit.effort)
        of_detached = self.likelihood(operation.forward_program, ("gradient",), operation.called)
        of_backward = self.likelihood(operation.backward_program, BACKWARD, str) if backward else of_detached
        ranked = [(of_detached.touches_others(edit) if edit.detached else of_backward.rank(edit), edit)
                  for edit in every]
        return [edit for rank, edit in sorted(((rank, edit) for rank, edit in ranked if rank is not None),
                                              key=lambda pair: (pair[1].effort + 2 * pair[0], pair[0]))]

    def likelihood(self, program: Program, roles: tuple[Role, ...], name: Callable[[str], str]) -> Likelihood:
        rows = [row for row in self.handed if row.tensor.role in roles]
        return Likelihood(program, (name(row.name) for row in rows if row.wrong),
                          (name(row.name) for row in rows if not row.wrong))

    def likely(self, program: Program, edits: list[Edit], roles: tuple[Role, ...]) -> list[Edit]:
        """In the order in which one of them probably explains what is wrong"""
        if isinstance(self.mutants.operation, Model):
            return self.at_work(self.mutants.operation, edits)
        rows = [row for row in self.handed if row.tensor.role in roles]
        wrong, right = ({called(row.name, row.tensor.role) for row in rows if row.wrong is which}
                        for which in (True, False))
        return Likelihood(program, wrong, right).sorted(edits)

    def at_work(self, model: Model, edits: list[Edit]) -> list[Edit]:
        """Of a model those in what can be at fault"""
        running = self.running(model)
        if running is None:
            return edits
        of_state = is_state(self.first.name)                 # which may be made long before it is handed on
        return [edit for edit in edits if model.forward_program.statements(edit) & running
                or of_state and edit.line.startswith("return (")]            # one of several results

    def running(self, model: Model) -> set[int] | None:
        """What runs after the last tensor that is right and up to the first one that is wrong; None if none is known"""
        if self.first.tensor.role not in FORWARD or self.first.name not in model.reached:
            return None
        known = {row.name: model.reached[row.name][0] for row in self.handed if row.name in model.reached
                 and not is_given_last(row.name)}
        before = max((row.name for row in self.handed if row.name in known and not row.wrong
                      and known[row.name] < model.reached[self.first.name][0]), key=known.__getitem__, default="")
        return model.between(before, self.first.name)


def is_carried(edit: Edit) -> bool:
    """Whether its line is about what goes from segment to segment"""
    return bool(CARRIED.intersection(re.findall(r"\w+", edit.line)))


def is_state(name: str) -> bool:
    return "/state/" in name


def is_given_last(name: str) -> bool:
    """Of a segment: that it is right says little of what came before it"""
    return is_state(name) or name.endswith("/loss")


def called(name: str, role: Role) -> str:
    """A tensor of the case by the equations' name"""
    return "return" if role == "output" else name if name.startswith("d_") else CALLED.get(name, name)
