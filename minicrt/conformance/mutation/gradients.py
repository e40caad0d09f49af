"""Small changes that are about gradients alone: dropped, averaged, clipped, or a part of a sum"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import call, expression, is_call, is_unit, number

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)               # that gradients are clipped at


def constants_of_gradients(line: Line) -> Iterator[Edit]:
    """No gradient goes back through an expression"""
    for node in line.expressions():
        value = line.function.array(node)
        if value is not None and value.dtype.kind == "f" and (is_unit(node) or isinstance(node, ast.BinOp | ast.Call)):
            words = "{} were a constant (detached: no gradient goes back through it)"
            yield line.edit(node, call("detached", node), words, 0, True)


def no_constants(line: Line) -> Iterator[Edit]:
    """A gradient goes back through what is a constant"""
    for node in line.expressions():
        if is_call(node, ("detached",)):
            words = f"{ast.unparse(node.args[0])} were no constant (a gradient goes back through it)"
            yield line.edit(node, node.args[0], words, 0, True)
        if is_call(node, ("largest",)):
            words = "{} were no constant (a gradient goes back through the maximum)"
            yield line.edit(node, call("moving_largest", *node.args), words, 0, True)


def broadcast_means(line: Line) -> Iterator[Edit]:
    """What is broadcast over rows gets the mean of their gradients, and not the sum"""
    for node in line.expressions():
        value: Any = line.function.array(node) if isinstance(node, ast.Subscript) else None
        parts: Any = node.slice.elts if value is not None and isinstance(node.slice, ast.Tuple) else []
        arrays = {text: line.function.array(unit) for text, unit in line.function.units.items()} if parts else {}
        plain = all(isinstance(part, ast.Slice) or ast.unparse(part) == "None" for part in parts)
        for axis, part in enumerate(parts if plain else ()):
            among = [text for text, other in arrays.items() if other.ndim == value.ndim and other.shape[axis] > 1]
            if among and isinstance(part, ast.Constant):
                new = call("scaled_gradient", node, expression(f"1 / {among[0]}.shape[{axis}]"))
                yield line.edit(node, new, "the gradient of {} were the mean over its rows, and not the sum", 0, True)


def single_shares(line: Line) -> Iterator[Edit]:
    """Of a sum over rows in a backward pass the share of one step alone, or of one row of the batch"""
    for node in line.expressions() if line.function.name.endswith("_backward") else ():
        value = line.function.array(node.args[0]) if is_call(node, ("rows", "rows_sum")) else None
        for axis, what in enumerate(("row of the batch", "step")) if value is not None and value.ndim > 2 else ():
            for place, which in ((0, "first"), (-1, "last")):
                new = call("alone", node.args[0], number(axis), number(place))
                yield line.edit(node.args[0], new, f"of {{}} the {which} {what} alone counted (the sum is assigned "
                                "there, and not added to)", about=node)


def limits(line: Line) -> Iterator[Edit]:
    """A gradient is clipped on its way back"""
    node: Any = getattr(line.statement, "value", None)
    value = line.function.array(node) if isinstance(line.statement, ast.Assign) else None
    if line.function.name.endswith("_backward") and value is not None and value.dtype.kind == "f" and value.ndim > 1:
        for bound in BOUNDS:
            yield line.edit(node, call("clipped", node, number(-bound), number(bound)),
                            f"{{}} were clipped at ±{bound:g}")


def scaled(edit: Edit, factor: Fraction) -> Edit:
    """Of an edit that detaches an expression one that multiplies its gradient"""
    ((number, node),) = edit.changes.items()
    new = call("scaled_gradient", node.args[0], expression(str(factor)))
    words = edit.words.partition(" were a constant")[0]
    return replace(edit, changes={number: new}, effort=2, say=partial(
        "the gradient of {} were multiplied by {} on its way back".format, words, factor))
