"""The small change that makes a student's function right: it tells the line, and gives nothing away"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from types import ModuleType
from typing import Any

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.steps import CANNOT_BE
from minicrt.teach.diagnosing.changed import MOST, Changeable
from minicrt.teach.diagnosing.draws import Draw, same
from minicrt.teach.diagnosing.finding import Finding
from minicrt.teach.diagnosing.kinds import Kind, kind_of_edit

OF_A_KIND, NEAR = 150, 1    # so many changes of a kind are tried to tell the line, and no more far-fetched ones
NOT_PLAIN = (ast.While, ast.With, ast.Try, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Delete)
CANNOT_BE_READ = (OSError, SyntaxError, *CANNOT_BE)


class Repairs:
    """Of a student's function, for the draws in which it is wrong."""

    def __init__(self, function: Callable[..., Any], draws: list[Draw]) -> None:
        self.function, self.draws = function, draws

    @cached_property
    def changeable(self) -> Changeable | None:
        """None where its source is not to be had, or does not run line by line as it does in one."""
        try:
            assert is_harmless(self.function)
            found = Changeable.of_student(self.function, given(self.draws[0]))
            assert self.draws[0].agrees(found.values(found.arguments)) and found.edits
        except CANNOT_BE_READ:
            return None
        return found

    def all(self, kind: str = "", most: int = MOST) -> Iterator[tuple[Edit, Kind]]:
        """The simplest changes that make it right in every draw; of one kind, if that is given; `most` are tried."""
        if self.changeable is None:
            return
        effort = -1
        for k, edit in enumerate(self.changeable.edits):
            if effort >= 0 and edit.effort > effort or most <= 0 or kind and edit.effort > NEAR:
                return
            found = kind_of_edit(edit)
            if not kind or found.key == kind:
                most -= 1
                if self.repairs(k, edit):
                    effort = edit.effort
                    yield edit, found

    def repairs(self, k: int, edit: Edit) -> bool:
        assert self.changeable is not None
        first, *others = self.draws
        return is_right(first, self.changeable.result(k)) and all(is_right(draw, self.changeable.values(
            dict(zip(self.changeable.arguments, given(draw))), edit)) for draw in others)

    def line(self, edit: Edit) -> str:
        """Where the edit is in the student's text: its number in the function, and the line."""
        assert self.changeable is not None
        tree = self.changeable.program.trees[edit.function]
        numbers = {tree.statement_of[number].lineno for number in edit.changes}
        if len(numbers) > 1:
            return ""
        number = numbers.pop()
        text = textwrap.dedent(self.changeable.text).splitlines()[number - 1].strip()
        return f"line {number}, `{text}`"


def is_harmless(function: Callable[..., Any]) -> bool:
    """Whether it computes and no more, so that thousands of changes of it may be run: no `while` that may not end, no
    drawing, no files."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    modules = {value.__name__.split(".")[0] for name in names if isinstance(
        value := function.__globals__.get(name), ModuleType)}
    return (not any(isinstance(node, NOT_PLAIN) for node in ast.walk(tree))
            and not names & {"input", "open", "exec", "eval", "exit", "quit"} and modules <= {"numpy", "scipy", "math"})


def given(draw: Draw) -> list[Any]:
    return [draw.arguments[name] for name in draw.exercise.parameters]


def is_right(draw: Draw, values: Any) -> bool:
    return values is not None and len(values) == len(draw.right) and all(
        same(ours, theirs, draw.exercise.tolerance) for ours, theirs in zip(draw.right, values))


def with_line(finding: Finding, repairs: Repairs) -> Finding:
    """A finding, and the student's line where a change of its kind makes the function right."""
    if not finding.kind:
        return finding
    lines = sorted({line for edit, _ in repairs.all(finding.kind, OF_A_KIND) if (line := repairs.line(edit))})
    if not 0 < len(lines) < 3:
        return finding
    return Finding((*finding.sentences, f"Look at {', or at '.join(lines)}."), finding.kind, finding.question)


def repaired(repairs: Repairs) -> Finding | None:
    """What is wrong in the student's own function, where one small change makes it right."""
    found = sorted(repairs.all(), key=lambda pair: pair[1].key == "order")
    if not found:
        return None
    edit, kind = found[0]
    line = repairs.line(edit)
    place = f"On {line}" if line else "In your function"
    return Finding((f"{place}, {kind.clause}: without that it would be right.",), kind.key)
