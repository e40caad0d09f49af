"""The same small change in lines that say the same of several gates, or of real and imaginary parts"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Function
from minicrt.conformance.mutation.tree import number_of

Key = tuple[tuple[int, ...], tuple[Any, ...]]


def in_parallel(function: Function, edits: list[Edit]) -> Iterator[Edit]:
    """One edit for every change that all lines of a group allow, at the same place and of the same form."""
    by_line: dict[str, list[Edit]] = {}
    for edit in edits:
        by_line.setdefault(edit.line, []).append(edit)
    for group in groups(function.tree):
        places = {number: path for statement in group for path, number in paths(statement)}
        keyed = [first_of_each(by_line.get(ast.unparse(statement), []), places) for statement in group]
        for key in keyed[0]:
            alike = [found[key] for found in keyed if key in found]
            if len(alike) == len(group):
                yield together(alike)


def together(alike: list[Edit]) -> Edit:
    changes = {number: new for edit in alike for number, new in edit.changes.items()}
    others = ", and likewise in " + ", ".join(edit.line.partition(" = ")[0] for edit in alike[1:])
    return replace(alike[0], changes=changes, effort=max(edit.effort for edit in alike) + 1,
                   say=lambda: alike[0].words + others, targets=frozenset().union(*(edit.targets for edit in alike)))


def groups(tree: ast.FunctionDef) -> Iterator[list[ast.Assign]]:
    """Neighbouring lines that give values to a_r and a_z, or new_re and new_im; also d_a_r, d_a_z and d_a_n"""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.For):
            continue
        group: list[ast.Assign] = []
        for statement in [*node.body, None]:
            if group and not (isinstance(statement, ast.Assign) and stem(statement) == stem(group[0])):
                if len(group) > 1 and stem(group[0]):
                    yield group
                group = []
            if isinstance(statement, ast.Assign):
                group.append(statement)


def stem(statement: ast.Assign) -> str:
    """`a` of a_r; empty of what has no ending"""
    target = statement.targets[0]
    return target.id.rpartition("_")[0] if isinstance(target, ast.Name) else ""


def paths(statement: ast.Assign) -> Iterator[tuple[tuple[int, ...], int]]:
    """The way to every expression of a right-hand side, and its number"""
    waiting: list[tuple[tuple[int, ...], Any]] = [((), statement.value)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, ast.expr):
            yield path, number_of(node)
        waiting += [((*path, k), child) for k, child in enumerate(ast.iter_child_nodes(node))]


def first_of_each(edits: list[Edit], places: dict[int, tuple[int, ...]]) -> dict[Key, Edit]:
    """The edits of one expression in a line by where it is and what form it gets"""
    found: dict[Key, Edit] = {}
    for edit in edits:
        (number, *others), (new, *_) = edit.changes, edit.changes.values()
        if not others and number in places and isinstance(new, ast.expr) and not edit.detached:
            found.setdefault((places[number], tuple(form(new, places))), edit)
    return found


def form(node: ast.AST, places: dict[int, tuple[int, ...]]) -> Iterator[Any]:
    """Operators, functions, and which expressions of the line are kept; not which arrays are new"""
    kept = places.get(getattr(node, "number", -1))
    if kept is not None:
        yield kept
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield node.func.id
    yield type(node).__name__
    for child in ast.iter_child_nodes(node):
        yield from form(child, places)
