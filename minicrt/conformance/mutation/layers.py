"""Small changes of a loop, over layers above all: which of the values of a name its steps read"""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minicrt.conformance.mutation.accumulating import first_step
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.scans import carried, is_reversed, is_state, loops
from minicrt.conformance.mutation.source import Function, Line
from minicrt.conformance.mutation.syntax import call, expression, name_of
from minicrt.conformance.mutation.tree import number_of

IN_FRONT = "{}_in_front"


def from_in_front(function: Function) -> Iterator[Edit]:
    """What is carried is read as it was in front of the loop: every layer reads the embeddings"""
    for loop in loops(function):
        first: Any = loop.body[0]
        for name in (name for name in carried(loop) if is_state(function, name)):
            kept = IN_FRONT.format(name)
            keep = ast.Assign([ast.Name(kept, ast.Store())],
                              ast.IfExp(expression(first_step(loop)), name_of(name), name_of(kept)))
            for line, nodes in readings(function, loop, name):
                for some in [[node] for node in nodes] + [nodes] * (len(nodes) > 1):
                    what = line.which(some[0]) if len(some) == 1 else name
                    say = partial("{} were in every step of the loop what it was in front of it (kept once, and read "
                                  "from there by every layer or step)".format, what)
                    changes = {number_of(node): name_of(kept) for node in some} | {number_of(first): [keep, first]}
                    yield Edit(function.name, line.text, say, changes, 1, targets=line.targets)


def readings(function: Function, loop: Any, name: str) -> Iterator[tuple[Line, list[Any]]]:
    inside = {number_of(part) for part in ast.walk(loop) if isinstance(part, ast.stmt)}
    for line in function.lines:
        if number_of(line.statement) in inside:
            nodes = [node for node in line.expressions() if isinstance(node, ast.Name) and node.id == name]
            if nodes:
                yield line, nodes


def late_layers(function: Function) -> Iterator[Edit]:
    """A layer reads the one below one step late: what that one started from stands at the first step"""
    for loop in loops(function):
        starts = [name for name, value in function.scope.items() if is_list_of_starts(value)]
        for name in (name for name in carried(loop) if is_state(function, name) and function.scope[name].ndim == 3):
            for line, nodes in readings(function, loop, name) if not is_reversed(loop) else ():
                for states in starts:
                    below = expression(f"{states}[{loop.target.id} - 1]")
                    for node in nodes:
                        new = ast.IfExp(expression(first_step(loop)), node, call("late", node, below))
                        yield line.edit(node, new, f"{{}} were read one step late in every layer but the first, with "
                                        f"{ast.unparse(below)} at the first step")


def is_list_of_starts(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(
        isinstance(part, np.ndarray) and part.ndim == 2 for part in value)
