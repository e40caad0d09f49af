"""More small changes, which a student makes and a port does not: the same one in several places, exchanged blocks"""

import ast
import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

from minicrt.conformance.mutation.mutators import is_integer
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.rewriting import edits_of
from minicrt.conformance.mutation.source import Function, Line, targets
from minicrt.conformance.mutation.syntax import expression, is_call, is_unit
from minicrt.conformance.mutation.tree import number_of, set_number

MOST_BLOCKS = 4


def all_edits(function: Function) -> Iterator[Edit]:
    """Those of the mutation search that change values, and more."""
    single = [edit for edit in (*edits_of(function), *neighbours(function)) if not edit.detached]
    yield from single
    yield from everywhere(function, single)
    yield from other_bases(function)
    yield from reshaped(function)
    yield from exchanged(function)
    yield from loops(function)


def neighbours(function: Function) -> Iterator[Edit]:
    """The step before or after, where there is one more of it; the step of the loop for a certain one"""
    steps = [line.statement.target.id for line in function.lines
             if isinstance(line.statement, ast.For) and isinstance(line.statement.target, ast.Name)]
    for line in function.lines:
        for node in line.expressions():
            if isinstance(node, ast.Subscript) and function.array(node.value) is not None:
                for part, new in other_steps(node, steps, function):
                    yield line.edit(part, expression(new), f"{{}} were that of step {new}", about=node)


def other_steps(node: ast.Subscript, steps: list[str], function: Function) -> Iterator[tuple[Any, str]]:
    for part in ast.walk(node.slice):
        if isinstance(part, ast.Name) and is_integer(function.value(part)):
            yield from ((part, new) for new in (f"{part.id} + 1", f"{part.id} - 1"))
        if isinstance(part, ast.Constant | ast.UnaryOp) and is_integer(function.value(part)):
            yield from ((part, new) for new in steps)


def other_bases(function: Function) -> Iterator[Edit]:
    """A power of 2 or 10 for one of e, and such logarithms"""
    for line in function.lines:
        for node in line.expressions():
            for base in (2, 10) if is_call(node, ("exp", "log")) else ():
                argument = ast.unparse(node.args[0])
                new = f"{base}.0 ** ({argument})" if node.func.id == "exp" else f"log({argument}) / log({base})"
                yield line.edit(node, expression(new), f"the base {base} stood for e in {{}}", 2)


def reshaped(function: Function) -> Iterator[Edit]:
    """A matrix that is brought to the transposed shape by reshape"""
    for line in function.lines:
        for node in line.expressions():
            if isinstance(node, ast.Attribute) and node.attr == "T":
                text = ast.unparse(node.value)
                yield line.edit(node, expression(f"({text}).reshape(({text}).shape[::-1])"),
                                "{} were only given the transposed shape", 1)


def everywhere(function: Function, edits: list[Edit]) -> Iterator[Edit]:
    """The same change of everything in the function that reads the same"""
    texts = {number_of(node): ast.unparse(node) for line in function.lines for node in line.nodes
             if is_unit(node) or isinstance(node, ast.Attribute)}
    groups: dict[tuple[str, str], list[Edit]] = {}
    for edit in edits:
        (number, *others), (new, *_) = edit.changes, edit.changes.values()
        if not others and number in texts and isinstance(new, ast.expr):
            groups.setdefault((texts[number], ast.unparse(new)), []).append(edit)
    for (old, new), alike in groups.items():
        if len({edit.line for edit in alike}) > 1:
            changes: dict[int, Any] = {number: node for edit in alike for number, node in edit.changes.items()}
            yield Edit(function.name, "", partial("{} were {}".format, old, new), changes, alike[0].effort + 1,
                       targets=frozenset().union(*(edit.targets for edit in alike)))


def exchanged(function: Function) -> Iterator[Edit]:
    """The parts of a join in another order"""
    for line in function.lines:
        for node in line.expressions():
            parts: Any = node.args[0] if is_call(node, ("concatenated", "stacked")) and node.args else None
            if isinstance(parts, ast.List | ast.Tuple) and len(parts.elts) <= MOST_BLOCKS:
                yield from orders(line, parts)


def orders(line: Line, parts: Any) -> Iterator[Edit]:
    for order in itertools.permutations(range(len(parts.elts))):
        if list(order) != sorted(order):
            new = ast.List([parts.elts[k] for k in order], ast.Load())
            yield line.edit(parts, new, "the blocks were {new}", 1)


def loops(function: Function) -> Iterator[Edit]:
    """In a loop `a += b` for `a = b`, and the other way round"""
    for line in function.lines:
        statement: Any = line.statement
        for one in statement.body if isinstance(statement, ast.For) else ():
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                new: Any = ast.AugAssign(one.targets[0], ast.Add(), one.value)
                yield changed(function, one, new, "the last turn of {} were not all")
            elif isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Add):
                yield changed(function, one, ast.Assign([one.target], one.value), "every turn of {} began anew")


def changed(function: Function, old: Any, new: Any, words: str) -> Edit:
    set_number(new, number_of(old))                          # it stands for that statement
    return Edit(function.name, ast.unparse(old), partial(words.format, ast.unparse(old.value)),
                {number_of(old): [new]}, 0, targets=targets(old))
