"""Small changes of a scan: what a step hands to the next one is lost where a chunk of steps ends"""

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Function, statements
from minicrt.conformance.mutation.syntax import is_call
from minicrt.conformance.mutation.tree import number_of

LENGTHS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 64)


def chunks(function: Function) -> Iterator[Edit]:
    """A scan runs in chunks of steps: what it carries, or the gradient of that, is lost between them"""
    for line in function.lines:
        loop: Any = line.statement
        length = steps_of(function, loop) if isinstance(loop, ast.For) else 0
        names = [name for name in carried(loop) if is_state(function, name)] if length > 2 else []
        for size in (size for size in LENGTHS if size < length):
            for some in [[name] for name in names] + [names] * (len(names) > 1):
                yield chunk(function, line.text, loop, some, size, "0 * {}", False)
                if not is_reversed(loop):
                    yield chunk(function, line.text, loop, some, size, "detached({})", True)


def chunk(function: Function, text: str, loop: Any, names: list[str], size: int, lost: str, detached: bool) -> Edit:
    step = loop.target.id
    start = f"({step} + 1) % {size} == 0" if is_reversed(loop) else f"{step} % {size} == 0 and {step} > 0"
    lines = [f"{name} = {lost.format(name)} if {start} else {name}" for name in names]
    say, verb = "a constant (detached)" if detached else "0", "was" if len(names) == 1 else "were"
    words = f"the scan ran in chunks of {size} steps, and {' and '.join(names)} {verb} {say} at the start of each"
    first = loop.body[0]
    changes = {number_of(first): [*ast.parse("\n".join(lines)).body, first]}
    return Edit(function.name, text, words.format, changes, 2, detached, frozenset(names))


def steps_of(function: Function, loop: ast.For) -> int:
    value = function.value(loop.iter.args[0] if is_reversed(loop) else loop.iter)        # type: ignore[attr-defined]
    return len(value) if isinstance(value, range) and isinstance(loop.target, ast.Name) else 0


def is_reversed(loop: ast.For) -> bool:
    return is_call(loop.iter, ("reversed",))


def is_state(function: Function, name: str) -> bool:
    value = function.scope.get(name)
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def carried(loop: ast.For) -> list[str]:
    """The names that a step reads before it gives them values"""
    given, found = set[str](), list[str]()
    for statement in statements(loop.body):
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        found += sorted({node.id for node in names if isinstance(node.ctx, ast.Load)} - given - set(found))
        given |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return [name for name in found if name in given]


def loops(function: Function) -> Iterator[Any]:
    for line in function.lines:
        if isinstance(line.statement, ast.For) and isinstance(line.statement.target, ast.Name):
            yield line.statement
