"""The mutants of an operation in a golden case: what each is called, and what a port with one of them computes"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np

from minicrt.conformance.checking.catalogue import Known
from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.conformance.mutation.complex_step import Array, OwnGradients
from minicrt.conformance.mutation.configured import model_equations
from minicrt.conformance.mutation.equations import equation_of
from minicrt.conformance.mutation.first_steps import Expected as Rows
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.parallel import in_parallel
from minicrt.conformance.mutation.program import Edit, Program, exists, tree_of
from minicrt.conformance.mutation.references import place_of
from minicrt.conformance.mutation.rewriting import edits_of, gradient_edits_of
from minicrt.conformance.mutation.running import Expected, Notes, Operation, taken
from minicrt.conformance.mutation.source import Function
from minicrt.conformance.mutation.steps import CANNOT_BE, Unexpected
from minicrt.conformance.mutation.tree import Changes

Trace = dict[str, Array]
Where = Literal["forward", "backward"]


@dataclass(frozen=True)
class Mutant(Known):
    """A mistake that nobody wrote down: `edits` of the equations. `by_hand`: the backward pass is the reference's, with
    those of the edits that are in it; otherwise it is right for the wrong forward pass."""

    edits: tuple[Edit, ...] = field(default=(), compare=False)
    by_hand: bool = False

    @property
    def effort(self) -> int:
        return sum(edit.effort for edit in self.edits)

    @property
    def changes(self) -> Changes:
        return MappingProxyType({number: new for edit in self.edits for number, new in edit.changes.items()})


class Mutants:
    """Of an operation with a case's inputs; `names` of the equations have other values."""

    def __init__(self, case: GoldenCase, **names: float) -> None:
        self.operation: Operation | Model = Model(case) if case.kind == "model" else Operation(case)
        if names:
            self.operation.forward_program = self.operation.forward_program.with_names(**names)

    @cached_property
    def functions(self) -> list[Function]:
        """Of the forward pass"""
        operation, program = self.operation, self.operation.forward_program
        return functions_of(program, program.scopes(lambda f: f(**taken(program, operation.inputs))))

    @cached_property
    def forward(self) -> list[Edit]:
        """Those of the forward pass, the simplest first."""
        return simplest_first(self.functions)

    @cached_property
    def detached(self) -> list[Edit]:
        """Those of the forward pass that change nothing but gradients, the simplest first."""
        return ordered(edit for function in self.functions for edit in gradient_edits_of(function))

    @cached_property
    def backward(self) -> list[Edit]:
        """Those of the backward pass by hand, the simplest first."""
        operation = self.operation
        if not isinstance(operation, Operation) or not operation.has_backward:
            return []
        program, (tensors, notes) = operation.backward_program, self.right
        known = {**notes.values, **operation.inputs, **tensors, operation.upstream_name: operation.upstream}
        scopes, outside = program.scopes(lambda f: f(**taken(program, known))), program.outside(known)
        return [edit for edit in simplest_first(functions_of(program, scopes, outside))
                if not edit.detached and not (edit.function == program.root and edit.targets == {"return"})]

    @property
    def right(self) -> tuple[Trace, Notes]:
        return self.operation.right

    def run_forward(self, changes: Changes, expected: Expected | None = None) -> tuple[Trace, Notes] | None:
        """What a port with these changes computes in its forward pass; None where none can, or it is not expected."""
        try:
            with np.errstate(all="ignore"):
                return self.operation.forward(changes, expected)
        except (*CANNOT_BE, Unexpected):
            return None

    def own_gradients(self, changes: Changes) -> OwnGradients:
        """What a port has whose backward pass is right for its forward pass."""
        return OwnGradients(self.operation, changes)

    def by_hand(self, forward: tuple[Trace, Notes], changes: Changes, expected: Expected | None = None,
                rows: Rows | None = None) -> Trace | None:
        """All that a port computes whose backward pass is the reference's with changes; `rows` are the gradients that
        it must have, for what comes row by row."""
        if not self.operation.has_backward:
            return None
        try:
            assert isinstance(self.operation, Operation)
            with np.errstate(all="ignore"):
                return self.operation.by_hand(*forward, changes, expected, rows)
        except (*CANNOT_BE, Unexpected):
            return None

    def named(self, edits: tuple[Edit, ...], by_hand: bool) -> tuple[Mutant, ...]:
        return tuple(mutant(edit, self.operation.case.subject, by_hand, self.where(edit)) for edit in edits)

    def where(self, edit: Edit) -> Where:
        return "forward" if edit.function in self.operation.forward_program.trees else "backward"


def functions_of(program: Program, scopes: dict[str, dict[str, object]], outside: Trace | None = None
                 ) -> list[Function]:
    return [Function(program, name, scopes[name], outside) for name in program.trees if name in scopes]


def simplest_first(functions: list[Function]) -> list[Edit]:
    every = [list(edits_of(function)) for function in functions]
    parallel = [edit for function, edits in zip(functions, every) for edit in in_parallel(function, edits)]
    return ordered(edit for edits in (*every, parallel) for edit in edits)


def ordered(edits: Iterable[Edit]) -> list[Edit]:
    found = sorted(edits, key=lambda edit: edit.effort)
    return [edit.numbered(k) for k, edit in enumerate(found)]


def has_equations(case: GoldenCase) -> bool:
    if case.kind == "model":
        return exists(model_equations(case.configuration))
    given = {tensor.name: tensor.value for tensor in case.tensors if tensor.given}
    return exists(equation_of(case.subject, {**case.configuration, **given}))


def mutant(edit: Edit, subject: str, by_hand: bool, where: Where) -> Mutant:
    """Named by what the line is and what it should be, and in words."""
    line = tree_of(edit.function).line(edit.changes)
    also = ", while the backward pass is that of the right forward pass" if by_hand and where == "forward" else ""
    sentence = f"As if {edit.words}{also}; {place_of(subject, edit.function, where)}."
    name = f"{line} in place of {edit.line}" if line else f"{edit.words}, in {edit.line}"
    return Mutant(name, sentence, "backward" if edit.detached else where, (edit,), by_hand)
