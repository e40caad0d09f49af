"""Small changes of a scan: what a step computes is not started anew, but goes on from what the step before computed"""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.scans import carried, is_reversed, is_state
from minicrt.conformance.mutation.source import Function, targets
from minicrt.conformance.mutation.syntax import binary, call, expression, name_of


def accumulations(function: Function) -> Iterator[Edit]:
    """The sum of all steps so far in place of a step's value, or the largest so far, or the first step's for all"""
    for line in function.lines:
        loop: Any = line.statement
        if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
            continue
        first = first_step(loop)
        body: list[Any] = loop.body
        for statement in body:
            name = target_of(statement)
            if not name or name in carried(loop) or not is_state(function, name):
                continue
            value = statement.value
            for new, words in ((binary(name_of(name), ast.Add(), value), "{} were added to that of the step before "
                                "(a sum that is not cleared)"),
                               (call("larger", name_of(name), value), "{} were the largest of the steps so far"),
                               (name_of(name), "{} were that of the first step in all steps")):
                yield Edit(function.name, ast.unparse(statement), partial(words.format, name),
                           {value.number: ast.IfExp(expression(first), value, new)}, 2, targets=targets(statement))


def first_step(loop: Any) -> str:
    """Whether it is the one that the loop begins with, as an expression"""
    if not is_reversed(loop):
        return f"{loop.target.id} == 0"
    return f"{loop.target.id} + 1 == len({ast.unparse(loop.iter.args[0])})"


def target_of(statement: ast.stmt) -> str:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else ""
