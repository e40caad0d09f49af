"""More of the small changes: of indices, what is one too many, and of whole lines and loops"""

import ast
import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minicrt.conformance.mutation.accumulating import accumulations
from minicrt.conformance.mutation.complex_states import complex_states
from minicrt.conformance.mutation.discretisation import complex_rules, other_rules
from minicrt.conformance.mutation.early import read_early
from minicrt.conformance.mutation.everywhere import averaged_inputs, every_reading, late_factors, late_states
from minicrt.conformance.mutation.gradients import (
    broadcast_means,
    constants_of_gradients,
    limits,
    no_constants,
    single_shares,
)
from minicrt.conformance.mutation.in_time import WORDS, words_of
from minicrt.conformance.mutation.layers import from_in_front, late_layers
from minicrt.conformance.mutation.masks import masks
from minicrt.conformance.mutation.mutators import (
    Mutator,
    complements,
    is_integer,
    layouts,
    left_out,
    moved,
    numbers,
    operators,
    other_functions,
    other_names,
    reductions,
    signs,
    transposes,
)
from minicrt.conformance.mutation.parameters import single_parameters
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.read_in_front import memory_in_front
from minicrt.conformance.mutation.scans import chunks
from minicrt.conformance.mutation.source import Function, Line, targets
from minicrt.conformance.mutation.syntax import (
    binary,
    call,
    expression,
    is_binary,
    is_call,
    is_negative,
    is_unit,
    negative,
    number,
)
from minicrt.conformance.mutation.tree import number_of
from minicrt.conformance.mutation.unit_by_unit import units_in_place
from minicrt.conformance.mutation.widths import cosines, roots_of_widths

WRAPS = ("square", "sqrt", "absolute", "tanh", "sigmoid", "relu", "exp", "log", "hard_tanh", "sign", "softmax_of",
         "rolled", "rolled_back", "reversed_in_time", "previous", "following", "last_step", "mean_of_all",
         "mean_of_batch", "first_of_batch")
BACKWARD_WRAPS = ("square", "rolled", "rolled_back", "reversed_in_time")
OF_INTEGERS = ("rolled", "rolled_back", "reversed_in_time")


def indices(line: Line) -> Iterator[Edit]:
    """A step off, the first or the last for all, backwards; a slice one row early or late"""
    for node in line.expressions():
        whole: Any = line.function.value(node.value) if isinstance(node, ast.Subscript) else None
        whole = whole if isinstance(whole, np.ndarray) or is_sequence(whole) else None
        parts: Any = ast.walk(node.slice) if whole is not None else iter(())
        for part in parts:
            if isinstance(part, ast.Name) and is_integer(line.function.value(part)):
                step = part.id
                last = (len(whole) if isinstance(whole, list) else whole.shape[min(1, whole.ndim - 1)]) - 1
                for new in ("0", "-1", f"{step} - 1", f"max({step} - 1, 0)", f"({step} + 1) % {last + 1}",
                            f"min({step} + 1, {last})", f"-1 - {step}"):
                    yield line.edit(part, expression(new), f"{{}} were that of step {new}", about=node)
            if isinstance(part, ast.Constant) and is_integer(place := part.value):
                for other in (place + 1, place - 1):
                    yield line.edit(part, number(other), f"in {{}} the index were {other}", about=node)


def is_sequence(value: Any) -> bool:
    """Of arrays, of which each step or layer has one"""
    return isinstance(value, list) and len(value) > 1 and all(isinstance(part, np.ndarray) for part in value)


def other_ends(line: Line) -> Iterator[Edit]:
    """The last rows for the first, and the other way round"""
    for node in line.expressions():
        if not isinstance(node, ast.Subscript) or line.function.array(node) is None:
            continue
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            if isinstance(part, ast.Slice) and part.step is None and (part.lower is None) != (part.upper is None):
                ends = (opposite(part.upper), None) if part.lower is None else (None, opposite(part.lower))
                yield line.edit(part, ast.Slice(*ends), "in {} the slice were {new}", about=node)


def opposite(node: Any) -> Any:
    return node.operand if is_negative(node) else negative(node)


def wraps(line: Line) -> Iterator[Edit]:
    """A function too many; one step later or earlier; a softmax too many; nothing in its place"""
    names = BACKWARD_WRAPS if line.function.name.endswith("_backward") else WRAPS
    for node in line.expressions():
        value = line.function.array(node)
        if value is None or not (is_unit(node) or isinstance(node, ast.Call | ast.BinOp)):
            continue
        if is_unit(node):
            yield line.edit(node, binary(number(0), ast.Mult(), node), "{} were 0", 1)
            for name in names if value.dtype.kind == "f" else OF_INTEGERS:
                yield line.edit(node, call(name, node), words_of(name, value), 2)
        elif value.dtype.kind == "f":
            for name in ("square", "sqrt", "rolled", "rolled_back"):
                words = words_of(name, value) if name in WORDS else f"{name} of {{}} were taken"
                yield line.edit(node, call(name, node), words, 2)
            yield line.edit(node, binary(number(2), ast.Mult(), node), "{} were doubled", 2)
            if isinstance(node, ast.Call):
                yield line.edit(node, binary(number(1), ast.Add(), node), "1 were added to {}", 2)
                yield line.edit(node, binary(number(1), ast.Sub(), node), effort=2)


def additions(line: Line) -> Iterator[Edit]:
    """A factor or a term too many"""
    whole, forward = getattr(line.statement, "value", None), not line.function.name.endswith("_backward")
    for node in line.expressions():
        value = line.function.array(node)
        if value is None or value.dtype.kind != "f" or value.ndim == 0 or is_binary(node, ast.Mult):
            continue
        for text, unit in line.function.units.items():
            other = line.function.arrays_of_units[text]
            if other.dtype.kind == "f" and other.ndim and goes_into(other.shape, value.shape):
                yield line.edit(node, binary(node, ast.Mult(), unit), f"{{}} were multiplied by {text}", 3)
                if node is whole and forward:
                    yield line.edit(node, binary(node, ast.Div(), unit), f"{{}} were divided by {text}", 3)
                if node is whole or is_unit(node) and forward:
                    yield line.edit(node, binary(node, ast.Add(), unit), f"{text} were added to {{}}", 3)
                if node is whole:
                    yield line.edit(node, binary(node, ast.Sub(), unit), f"{text} were subtracted from {{}}", 3)


def goes_into(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array of one shape can be multiplied to one of the other, which at most gets more axes by that"""
    axes = min(len(shape), len(whole))
    return all(n in (1, m) for n, m in zip(shape[-axes:], whole[-axes:]))


def orders(function: Function) -> Iterator[Edit]:
    """The blocks of one array, or of all, are taken in another order"""
    split: list[tuple[Line, Any]] = [(line, line.statement.targets[0]) for line in function.lines if isinstance(
        line.statement, ast.Assign) and isinstance(line.statement.targets[0], ast.Tuple) and is_call(
            line.statement.value, ("blocks",))]
    groups = [[pair] for pair in split]
    for size in {len(target.elts) for _, target in split}:
        alike = [pair for pair in split if len(pair[1].elts) == size]
        groups += [alike] if len(alike) > 1 else []
    for group in groups:
        elements = group[0][1].elts
        for order in list(itertools.permutations(range(len(elements))))[1:]:
            changes = {target.number: ast.Tuple([target.elts[k] for k in order], ast.Store()) for _, target in group}
            first = ", ".join(ast.unparse(elements[k]) for k in order)
            also = ", and so with the other arrays" if len(group) > 1 else ""
            yield Edit(function.name, group[0][0].text, partial("the blocks were {}{}".format, first, also), changes, 1,
                       targets=frozenset().union(*(line.targets for line, _ in group)))


def in_place(function: Function) -> Iterator[Edit]:
    """A result is written over what it was computed from, and what reads that later sees it"""
    for line in function.lines:
        statement: Any = line.statement
        for node in line.expressions() if isinstance(statement, ast.Assign) else ():
            value = function.array(node)
            if value is None or not isinstance(node, ast.BinOp | ast.Call):
                continue
            for name in sorted({part.id for part in ast.walk(node) if isinstance(part, ast.Name)}):
                whole = function.scope.get(name)
                if isinstance(whole, np.ndarray) and whole.shape == value.shape:
                    written = ast.Assign([ast.Name(name, ast.Store())], node)
                    both = [statement, written] if node is statement.value else [written, statement]
                    say = partial("{0} were written over {1}, and whatever reads {1} later saw that".format,
                                  ast.unparse(node), name)
                    yield Edit(function.name, line.text, say, {statement.number: both}, 2,
                               targets=frozenset().union(*(other.targets for other in readers(function, name))))


def readers(function: Function, name: str) -> Iterator[Line]:
    for line in function.lines:
        if any(isinstance(node, ast.Name) and node.id == name for node in line.expressions()):
            yield line


def sequences(function: Function) -> Iterator[Edit]:
    """Two lines in the other order; a loop the other way round"""
    loops: list[Any] = [line.statement for line in function.lines if isinstance(line.statement, ast.For)]
    for parent in (function.tree, *loops):
        for one, other in itertools.pairwise(parent.body):
            if isinstance(one, ast.Assign | ast.Expr) and isinstance(other, ast.Assign | ast.Expr):
                changes: dict[int, Any] = {number_of(one): [other, one], number_of(other): []}
                say = partial("{} came before it".format, ast.unparse(other))
                yield Edit(function.name, ast.unparse(one), say, changes, 2, targets=targets(one) | targets(other))
    for line in function.lines:
        if isinstance(line.statement, ast.For):
            steps: Any = line.statement.iter
            forth = steps.args[0] if is_call(steps, ("reversed",)) else call("reversed", steps)
            yield line.edit(steps, forth, "the steps were taken the other way round")


OF_GRADIENTS: tuple[Mutator, ...] = (no_constants, constants_of_gradients, broadcast_means)
LINE_MUTATORS: tuple[Mutator, ...] = (
    left_out, signs, complements, operators, other_functions, reductions, moved, layouts, transposes, other_names,
    numbers, indices, other_ends, *OF_GRADIENTS, single_shares, limits, wraps, additions,
    every_reading, single_parameters, masks, late_states, roots_of_widths, cosines,
    complex_states, other_rules, memory_in_front)
FUNCTION_MUTATORS = (orders, in_place, sequences, chunks, accumulations, late_factors, units_in_place, from_in_front,
                     late_layers, averaged_inputs, read_early, complex_rules)


def edits_of(function: Function) -> Iterator[Edit]:
    """Every small change of a function's equations; some give the same text."""
    for mutator in FUNCTION_MUTATORS:
        yield from mutator(function)
    for line in function.lines:
        for of_line in LINE_MUTATORS:
            yield from of_line(line)


def gradient_edits_of(function: Function) -> Iterator[Edit]:
    """Those alone that leave the function's values as they are and change nothing but gradients"""
    yield from (edit for edit in chunks(function) if edit.detached)
    for line in function.lines:
        for of_line in OF_GRADIENTS:
            yield from of_line(line)
