"""What the equations of an operation compute in a golden case, right or with some of their nodes changed"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.conformance.mutation.complex_step import STEP, Array, Directions, moved
from minicrt.conformance.mutation.equations import equation_of
from minicrt.conformance.mutation.first_steps import Expected as Rows
from minicrt.conformance.mutation.functions import stacked, zeros_like
from minicrt.conformance.mutation.program import Program, exists, program
from minicrt.conformance.mutation.remembered import Kept
from minicrt.conformance.mutation.shortcuts import Known
from minicrt.conformance.mutation.steps import Unexpected
from minicrt.conformance.mutation.tree import Changes

CALLED = {"d_state": "h", "mean": "mu"}                      # what the equations call a tensor of the case
SKEW = ("d_A",)                                              # of a skew-symmetric matrix: of its free entries, skew too
VALUES = 75         # are computed in a run of a GRU over five steps
LEAST = 0.25        # of that takes a mutant before it computes anything
Expected = Callable[[str, Any, int], bool]
Moves = Mapping[tuple[str, int], Array]


class Notes:
    """The values that names were given; those of a loop stand side by side, in the order of the steps.

    `expected(name, value, step)` may end the run: the step is −1 where there is none. `moves` are the directions in
    which the values of a name and step move.
    """

    def __init__(self, backwards: bool = False, expected: Expected | None = None, moves: Moves | None = None) -> None:
        self.backwards, self.single, self.steps = backwards, dict[str, Any](), dict[str, list[Any]]()
        self.expected, self.moves, self.count = expected, dict(moves or {}), 0

    def note(self, name: str, value: Any, step: bool) -> Any:
        values = self.steps.setdefault(name, []) if step else None
        number = -1 if values is None else len(values)
        self.count += 1
        if self.expected and not self.expected(name, value, number):
            raise Unexpected
        if self.moves and (name, number) in self.moves:
            value = moved(value, self.moves.pop((name, number)))
        if values is None:
            self.single[name] = value
        else:
            values.append(value)
        return value

    def repeat(self, kept: Kept) -> None:
        """What a loop gives that is passed over: as `note` for every value, whose expectation is asked for at once"""
        for name, value in kept.single.items():
            self.note(name, value, False)
        for name, values in kept.steps.items():
            if self.expected and not self.expected(name, kept.whole(name, self.side_by_side), -1):
                raise Unexpected
            self.steps.setdefault(name, []).extend(values)

    @cached_property
    def values(self) -> dict[str, Any]:
        return {name: self.value(name) for name in (*self.single, *self.steps)}

    def value(self, name: str) -> Any:
        """None for what is no array."""
        if name in self.steps:
            return self.side_by_side(self.steps[name])
        value = self.single.get(name)
        return value if isinstance(value, np.ndarray | np.generic) else None

    def side_by_side(self, steps: list[Any]) -> Any:
        """The values of a name in a loop in one array"""
        if not all(isinstance(value, np.ndarray) for value in steps):
            return None
        return stacked(steps[::-1] if self.backwards else steps, min(steps[0].ndim - 1, 1))


class Operation:
    """An operation of the equations with the inputs of a golden case; an optimizer has no upstream gradient.

    entries   a gradient with no more than so many is computed entry by entry
    """

    entries = 256

    def __init__(self, case: GoldenCase) -> None:
        self.case = case
        given = {t.name: t.value for t in case.tensors if t.given and t.role != "upstream"}
        self.inputs: dict[str, Any] = {"mask": None, **case.configuration, **given}
        self.equation = equation_of(case.subject, {**case.configuration, **given})
        self.output = next(t.name for t in case.tensors if t.role == "output")
        upstream = [t for t in case.tensors if t.role == "upstream"]
        self.upstream_name = upstream[0].name if upstream else ""
        self.upstream: Array = upstream[0].value if upstream else np.zeros(())
        self.forward_names = [t.name for t in case.tensors if t.role == "intermediate"]
        self.backward_names = [t.name for t in case.tensors if t.role == "backward"]
        self.gradient_names = [t.name for t in case.tensors if t.role == "gradient"]
        self.known, self.work = dict[str, Known](), 0

    def spent(self) -> float:
        """What was computed since it was asked before: a value that is given a name is a part of a run"""
        work, self.work = self.work, 0
        return LEAST + (1 - LEAST) * work / VALUES

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
        y = self.run(self.forward_program, changes, notes, self.inputs)
        return self.tensors(notes, y), notes

    def run(self, program: Program, changes: Changes, notes: Notes, arguments: Mapping[str, Any],
            rows: Rows | None = None) -> Any:
        """Cut short by what a first run, without changes, has told."""
        first = program.root not in self.known
        if first and changes:
            self.run(program, {}, Notes(notes.backwards), arguments)
            first = False
        known = Known(program) if first else self.known[program.root]
        outside = program.outside(arguments)
        cut = known.run(changes, notes.repeat, rows)
        try:
            result = program.function(changes, cut.noted(notes.note), loops=cut, **outside)(**taken(program, arguments))
        finally:
            self.work += notes.count
        if first:
            known.finish(notes.values)
            self.known[program.root] = known
        return result

    def tensors(self, notes: Notes, y: Any) -> dict[str, Array]:
        found = {name: notes.value(CALLED.get(name, name)) for name in self.forward_names}
        return {name: value for name, value in found.items() if value is not None} | {
            self.output: np.asarray(y, float)}

    @cached_property
    def right(self) -> tuple[dict[str, Array], Notes]:
        return self.forward({})

    def called(self, gradient: str) -> str:
        """What the equations call the value that a gradient of the case belongs to"""
        return CALLED.get(gradient, gradient.removeprefix("d_"))

    @cached_property
    def movable(self) -> frozenset[str]:
        """The gradients whose values have names"""
        notes = self.right[1]
        return frozenset(self.gradient_names) | {name for name in self.backward_names if self.called(name) in
                                                 (notes.single.keys() | notes.steps.keys())}

    def slope(self, changes: Changes, directions: Directions) -> float:
        """Of J, with changes, as what each gradient belongs to moves along its direction: by the complex step."""
        inputs, moves = dict(self.inputs), dict[tuple[str, int], Array]()
        for name, v in directions.items():
            called = self.called(name)
            if name in self.gradient_names:
                inputs[called] = moved(inputs[called], v)
            elif called in self.right[1].steps:
                moves |= {(called, t): v[:, t] for t in range(v.shape[1])}
            else:
                moves[called, -1] = v - v.T if name in SKEW else v
        notes = Notes(moves=moves)
        y = self.forward_program.function(changes, notes.note)(**taken(self.forward_program, inputs))
        self.work += notes.count
        if notes.moves:
            raise Unexpected
        return float((self.upstream * y).imag.sum() / STEP)

    def known_to_backward(self, trace: Mapping[str, Array]) -> bool:
        """Whether the backward pass needs nothing of the forward pass that is not in this trace"""
        return all(name in trace or name in self.inputs or name == self.upstream_name
                   for name in self.backward_program.parameters)

    def by_hand(self, forward: Mapping[str, Array], notes: Notes, changes: Changes,
                expected: Expected | None = None, rows: Rows | None = None) -> dict[str, Array]:
        """All tensors, with the reference's backward pass, or that with changes, on the forward pass's tensors."""
        function_notes = Notes(True, expected)
        known = {**notes.values, **self.inputs, **forward, self.upstream_name: self.upstream}
        self.run(self.backward_program, changes, function_notes, known, rows)
        found = {name: function_notes.value(name) for name in (*self.backward_names, *self.gradient_names)}
        missing = {name: zeros_like(self.inputs[name.removeprefix("d_")]) for name in self.gradient_names}
        return {**forward, **missing, **{name: value for name, value in found.items() if value is not None}}


def taken(program: Program, known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: known[name] for name in program.parameters}
