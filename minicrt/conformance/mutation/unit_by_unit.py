"""Small changes of a scan: a state that is written unit by unit while it is read"""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

from minicrt.conformance.mutation.accumulating import target_of
from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.scans import carried, is_state, loops
from minicrt.conformance.mutation.source import Function
from minicrt.conformance.mutation.syntax import binary, call, expression, name_of, number
from minicrt.conformance.mutation.tree import number_of

UNIT = "unit"


def units_in_place(function: Function) -> Iterator[Edit]:
    """A scan's state has one buffer, whose units are computed one after the other: later ones read new ones"""
    for loop in loops(function):
        body: list[Any] = loop.body
        names = [name for name in carried(loop) if is_state(function, name)]
        written = [k for k, statement in enumerate(body) if target_of(statement) in names]
        mixing = multiplied(body) & set(names)
        if not written or not mixing:                        # without a product no unit reads another
            continue
        first, end = first_reading(body, names), max(written) + 1
        width = f"{names[0]}.shape[-1]"
        for start in [first, *later_products(body, names, first, end)]:
            before = f", {', '.join(target_of(one) for one in body[first:start])} before that" if start > first else ""
            for order, later, words in (
                    (f"range({width})", f"{UNIT} > 0", "one after the other"),
                    (f"reversed(range({width}))", f"{UNIT} < {width} - 1", "from the last to the first")):
                inside = [one_unit(function, statement, names, multiplied(body), expression(later))
                          for statement in body[start:end]]
                units = ast.For(ast.Name(UNIT, ast.Store()), expression(order), inside, [])
                changes: dict[int, Any] = {number_of(statement): [] for statement in body[start:end]}
                changes[number_of(body[start])] = [units]
                say = partial("{} were written in place unit by unit, {}{}, so that later units read what is "
                              "new".format, " and ".join(sorted(mixing)), words, before)
                yield Edit(function.name, ast.unparse(body[max(written)]), say, changes, 1 + (start > first),
                           targets=frozenset(names))


def later_products(body: list[Any], names: list[str], first: int, end: int) -> list[int]:
    """The other lines that multiply the state, from which the units may begin"""
    return [k for k in range(first + 1, end) if multiplied(body[k:k + 1]) & set(names)]


def first_reading(body: list[Any], names: list[str]) -> int:
    return next(k for k, statement in enumerate(body) if {
        node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} & set(names))


def multiplied(body: list[Any]) -> set[str]:
    """The names that are read whole, as a part of a matrix product"""
    products = [node for statement in body for node in ast.walk(statement)
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)]
    return {node.id for product in products for node in ast.walk(product) if isinstance(node, ast.Name)}


def one_unit(function: Function, statement: Any, names: list[str], whole: set[str], later: Any) -> Any:
    """The same for one unit of what has the state's shape; the others stay as they were, where it is a `later` one"""
    name = target_of(statement)
    if name in names:
        old: Any = name_of(name)
    elif name and name not in whole and is_state(function, name) and (
            function.scope[name].shape == function.scope[names[0]].shape):
        old = ast.IfExp(later, name_of(name), binary(number(0), ast.Mult(), name_of(names[0])))
    else:
        return statement
    return ast.Assign(statement.targets, call("one_unit", statement.value, old, name_of(UNIT)))
