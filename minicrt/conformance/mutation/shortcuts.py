"""One run of an operation's mutant, cut short where it can be"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from minicrt.conformance.mutation.first_steps import FIRST, Expected, FirstSteps
from minicrt.conformance.mutation.program import Program
from minicrt.conformance.mutation.remembered import Kept, Remembered, Touched
from minicrt.conformance.mutation.steps import Note, Step
from minicrt.conformance.mutation.tree import Changes


class Known:
    """Of one program, from its first right run on."""

    def __init__(self, program: Program) -> None:
        self.program, self.remembered, self.first_steps = program, Remembered(program.loops), FirstSteps()

    def run(self, changes: Changes, repeat: Callable[[Kept], None], expected: Expected | None = None) -> "Shortcuts":
        return Shortcuts(self.remembered, self.first_steps, self.program.touched(changes), repeat, expected)

    def finish(self, values: Mapping[str, Any]) -> None:
        """After the right run, with all that it noted"""
        if self.remembered.recording:
            self.remembered.recording = False
            self.first_steps.finish(values)


@dataclass
class Shortcuts:
    """`expected` is what a port has, of what comes row by row behind a loop."""

    remembered: Remembered
    first_steps: FirstSteps
    touched: Touched
    repeat: Callable[[Kept], None]
    expected: Expected | None
    counts: dict[int, int] = field(default_factory=dict)

    def noted(self, note: Note) -> Note:
        return self.remembered.recorded(note)

    def passed(self, step: Step, scope: dict[str, Any]) -> bool:
        return self.remembered.passed(step, scope, self.repeat, self.touched)

    def begin(self, step: Step, scope: dict[str, Any]) -> None:
        self.remembered.begin(step, scope)

    def after_step(self, step: Step, scope: dict[str, Any], rest: tuple[Step, ...], names: dict[str, Any]) -> None:
        count = self.counts[step.number] = self.counts.get(step.number, 0) + 1
        if count <= FIRST and self.remembered.recording:
            self.first_steps.collect(step, count, scope, rest, names)
        elif count <= FIRST and self.expected and step.number in self.touched.last:
            self.first_steps.compare(step, count, scope, rest, names, self.expected)

    def end(self, step: Step, scope: dict[str, Any]) -> None:
        self.remembered.end(step, scope)
