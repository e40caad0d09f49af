"""What the equations of an operation compute in a golden case, right or with some of their nodes changed"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.conformance.mutation.equations import equation_of
from minicrt.conformance.mutation.functions import stacked, zeros_like
from minicrt.conformance.mutation.program import Program, exists, program
from minicrt.conformance.mutation.tree import Changes
from minicrt.conformance.mutation.variable import Array, Variable, gradients, value_of

CALLED = {"d_state": "h", "mean": "mu"}                      # what the equations call a tensor of the case
SKEW = ("d_A",)                                              # of a skew-symmetric matrix: of its free entries, skew too
Expected = Callable[[str, Any, int], bool]
CANNOT_BE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError, NameError,
             RecursionError)


class Unexpected(Exception):                                 # noqa: N818 - a signal, and no error
    """A value is not what is expected."""


class Notes:
    """The values that names were given; those of a loop stand side by side, in the order of the steps.

    `expected(name, value, step)` may end the run: the step is −1 where there is none.
    """

    def __init__(self, backwards: bool = False, expected: Expected | None = None) -> None:
        self.backwards, self.single, self.steps = backwards, dict[str, Any](), dict[str, list[Any]]()
        self.expected = expected

    def note(self, name: str, value: Any, step: bool) -> Any:
        if self.expected and not self.expected(name, value, len(self.steps.get(name, ())) if step else -1):
            raise Unexpected
        if isinstance(value, Variable):
            value = Variable(value.value, [(value, lambda g: g)])        # a node of its own: its gradient is the name's
        if step:
            self.steps.setdefault(name, []).append(value)
        else:
            self.single[name] = value
        return value

    @cached_property
    def values(self) -> dict[str, Any]:
        return {name: self.value(name) for name in (*self.single, *self.steps)}

    def value(self, name: str) -> Any:
        """None for what is no array."""
        if name in self.steps:
            steps = [value_of(value) for value in self.steps[name]]
            if not all(isinstance(value, np.ndarray) for value in steps):
                return None
            return stacked(steps[::-1] if self.backwards else steps)
        value = value_of(self.single.get(name))
        return value if isinstance(value, np.ndarray | np.generic) else None

    def variables(self, name: str) -> list[Any]:
        return self.steps.get(name, [self.single[name]] if name in self.single else [])


class Operation:
    """An operation of the equations with the inputs of a golden case."""

    def __init__(self, case: GoldenCase) -> None:
        self.case = case
        given = {t.name: t.value for t in case.tensors if t.given and t.role != "upstream"}
        self.inputs: dict[str, Any] = {"mask": None, **case.configuration, **given}
        self.equation = equation_of(case.subject, {**case.configuration, **given})
        self.output = next(t.name for t in case.tensors if t.role == "output")
        self.upstream_name, self.upstream = next((t.name, t.value) for t in case.tensors if t.role == "upstream")
        self.forward_names = [t.name for t in case.tensors if t.role == "intermediate"]
        self.backward_names = [t.name for t in case.tensors if t.role == "backward"]
        self.gradient_names = [t.name for t in case.tensors if t.role == "gradient"]
        self.floats = [name.removeprefix("d_") for name in self.gradient_names]

    @cached_property
    def forward_program(self) -> Program:
        return program(self.equation)

    @cached_property
    def backward_program(self) -> Program:
        return program(self.equation + "_backward")

    @property
    def has_backward(self) -> bool:
        return exists(self.equation + "_backward")

    def forward(self, changes: Changes, expected: Expected | None = None) -> tuple[dict[str, Array], Notes]:
        """The tensors of the forward pass by the case's names, and all that is noted on the way."""
        notes = Notes(expected=expected)
        function = self.forward_program.function(changes, notes.note)
        y = function(**taken(self.forward_program, self.inputs))
        return self.tensors(notes, y), notes

    def tensors(self, notes: Notes, y: Any) -> dict[str, Array]:
        found = {name: notes.value(CALLED.get(name, name)) for name in self.forward_names}
        return {name: value for name, value in found.items() if value is not None} | {
            self.output: np.asarray(value_of(y), float)}

    def differentiated(self, changes: Changes) -> dict[str, Array]:
        """All tensors, with the backward pass that is right for the changed forward pass."""
        notes = Notes()
        function = self.forward_program.function(changes, notes.note)
        leaves = {name: Variable(self.inputs[name]) for name in self.floats}
        y = function(**taken(self.forward_program, {**self.inputs, **leaves}))
        called = {name: CALLED.get(name, name.removeprefix("d_")) for name in self.backward_names}
        wanted = {name: notes.variables(called[name]) for name in self.backward_names}
        flat = [variable for variables in wanted.values() for variable in variables]
        found = gradients([(y, self.upstream)], [*leaves.values(), *flat])
        result = self.tensors(notes, y)
        after = iter(found[len(leaves):])
        for name, variables in wanted.items():
            values = [next(after) for _ in variables]
            if values:
                whole = stacked(values) if called[name] in notes.steps else values[0]
                result[name] = whole - whole.T if name in SKEW else whole
        return result | {f"d_{name}": value for name, value in zip(leaves, found)}

    def by_hand(self, forward: Mapping[str, Array], notes: Notes, changes: Changes,
                expected: Expected | None = None) -> dict[str, Array]:
        """All tensors, with the reference's backward pass, or that with changes, on the forward pass's tensors."""
        function_notes = Notes(True, expected)
        function = self.backward_program.function(changes, function_notes.note)
        known = {**notes.values, **self.inputs, **forward, self.upstream_name: self.upstream}
        function(**taken(self.backward_program, known))
        found = {name: function_notes.value(name) for name in (*self.backward_names, *self.gradient_names)}
        missing = {name: zeros_like(self.inputs[name.removeprefix("d_")]) for name in self.gradient_names}
        return {**forward, **missing, **{name: value for name, value in found.items() if value is not None}}


def taken(program: Program, known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: known[name] for name in program.parameters}
