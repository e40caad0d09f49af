"""Small changes that concern several places at once: a name wherever a line reads it, a factor that comes in later"""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minicrt.conformance.mutation.in_time import words_of
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Function, Line, targets
from minicrt.conformance.mutation.syntax import binary, call, is_binary, is_unit
from minicrt.conformance.mutation.tree import number_of

FUNCTIONS = ("tanh", "sigmoid")     # whose values a derivative is written with, and taken of twice


def every_reading(line: Line) -> Iterator[Edit]:
    """What a line reads twice or more is another array of its shape, each time"""
    for text, nodes in read_often(line).items():
        others = [*line.function.units_like(nodes[0]), *line.function.outside_like(nodes[0])]
        if line.function.name.endswith("_backward"):
            others += [call(name, nodes[0]) for name in FUNCTIONS]
        for other in others:
            say = partial("{} were {} wherever it is read".format, text, ast.unparse(other))
            yield Edit(line.function.name, line.text, say, {number_of(node): other for node in nodes}, 1,
                       targets=line.targets)


def read_often(line: Line) -> dict[str, list[Any]]:
    """The float arrays that are read in more than one place of a line, by how they are written"""
    found: dict[str, list[Any]] = {}
    for node in line.expressions():
        value = line.function.array(node) if is_unit(node) else None
        if value is not None and value.dtype.kind == "f" and value.ndim:
            found.setdefault(line.function.text(node), []).append(node)
    return {text: nodes for text, nodes in found.items() if len(nodes) > 1}


def late_factors(function: Function) -> Iterator[Edit]:
    """One of two factors comes in behind a line that reads the product, and not in front of it"""
    assigned: list[tuple[Line, Any]] = [(line, line.statement) for line in function.lines
                                        if isinstance(line.statement, ast.Assign)]
    for line, statement in assigned:
        if not is_binary(statement.value, ast.Mult):
            continue
        (product,) = targets(statement)
        for reader, whole in ((other, reading.value) for other, reading in assigned if other is not line):
            places = [node for node in reader.expressions() if isinstance(node, ast.Name) and node.id == product]
            if not places or whole in places:
                continue
            for kept, late in ((statement.value.left, statement.value.right),
                               (statement.value.right, statement.value.left)):
                if fits(function, whole, late):
                    say = partial("{} came in behind the rest, and not in {}".format, ast.unparse(late), product)
                    changes = {number_of(node): kept for node in places}
                    changes[number_of(whole)] = binary(whole, ast.Mult(), late)
                    yield Edit(function.name, reader.text, say, changes, 2, targets=reader.targets)


def late_states(line: Line) -> Iterator[Edit]:
    """Every step's value is read one step late, with what a scan starts from at the first step"""
    if line.function.name.endswith("_backward"):
        return
    for node in line.expressions():
        value = line.function.array(node) if is_unit(node) else None
        if value is None or value.dtype.kind != "f" or value.ndim != 3:
            continue
        for text, start in line.function.arrays_of_units.items():
            if start.dtype.kind == "f" and start.ndim == 2 and (
                    len(start) == len(value) and start.shape[1] in (value.shape[2], 2 * value.shape[2])):
                yield line.edit(node, call("late", node, line.function.units[text]),
                                f"{{}} were read one step late, and {text} at the first step", 2)


def averaged_inputs(function: Function) -> Iterator[Edit]:
    """What a function is handed is taken, by all that reads it, for the whole batch alike"""
    for name in (argument.arg for argument in function.tree.args.args):
        value = function.scope.get(name)
        if function.name.endswith("_backward") or not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            continue
        first: Any = next((line.statement for line in function.lines if name in {
            part.id for part in line.expressions() if isinstance(part, ast.Name)}), None)
        several = first in function.tree.body and value.ndim > 1 and len(value) > 1
        for other in ("mean_of_batch", "first_of_batch", "row_before") if several else ():
            taken = ast.Assign([ast.Name(name, ast.Store())], call(other, ast.Name(name, ast.Load())))
            yield Edit(function.name, ast.unparse(first), partial(words_of(other, value).format, name),
                       {number_of(first): [taken, first]}, 1, targets=targets(first) | {name})


def fits(function: Function, whole: Any, factor: Any) -> bool:
    """Whether it may be multiplied by this, and keeps its shape"""
    value, other = function.array(whole), function.array(factor)
    try:
        return value is not None and other is not None and np.broadcast_shapes(value.shape, other.shape) == value.shape
    except ValueError:
        return False
