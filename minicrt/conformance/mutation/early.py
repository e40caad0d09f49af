"""A line reads what the equations compute only behind it: a port may compute that first

    a_z = x W_z + (r ⊙ h) U_z + b_z,   where here r comes behind a_z
"""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Function, Line, targets
from minicrt.conformance.mutation.syntax import binary, is_unit
from minicrt.conformance.mutation.tree import number_of


def read_early(function: Function) -> Iterator[Edit]:
    """An array of a line is replaced by what is computed later, or multiplied by it, and that is computed first."""
    if function.name.endswith("_backward"):
        return
    lines = {number_of(line.statement): line for line in function.lines}
    loops: list[Any] = [line.statement for line in function.lines if isinstance(line.statement, ast.For)]
    for body in (function.tree.body, *(loop.body for loop in loops)):
        for k, statement in enumerate(body):
            line = lines[number_of(statement)]
            for later, first in computed_first(body, k) if isinstance(statement, ast.Assign) else ():
                yield from with_later(function, line, later, first)


def computed_first(body: list[Any], k: int) -> Iterator[tuple[str, list[Any]]]:
    """The names that statements behind statement k give values without need of it, and what is to be computed first"""
    untouched = targets(body[k])
    for n, statement in enumerate(body[k + 1:], k + 1):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            (name,) = targets(statement)
            needs, first = read(statement), [statement]
            for other in reversed(body[k + 1:n]):
                if targets(other) & needs:
                    needs |= read(other)
                    first.insert(0, other)
            given = frozenset().union(*(targets(other) for other in first))
            seen = frozenset().union(*(read(other) for other in body[k:n] if other not in first))
            if not needs & untouched and not given & seen and all(isinstance(other, ast.Assign) for other in first):
                yield name, first


def read(statement: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(statement)
                     if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def with_later(function: Function, line: Line, later: str, first: list[Any]) -> Iterator[Edit]:
    value, name = function.scope.get(later), ast.Name(later, ast.Load())
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.ndim:
        return
    for node in line.expressions():
        own = function.array(node) if is_unit(node) else None
        if own is None or own.dtype.kind != "f" or own.shape != value.shape:
            continue
        for new, words in (name, f"{{}} were {later}"), (binary(node, ast.Mult(), name),
                                                         f"{{}} were multiplied by {later}"):
            changes = {number_of(node): new, number_of(line.statement): [*first, line.statement],
                       **{number_of(statement): [] for statement in first}}
            say = partial((words + ", which is computed first").format, line.which(node))
            yield Edit(function.name, line.text, say, changes, 2, targets=line.targets)
