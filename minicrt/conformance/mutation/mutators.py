"""The small changes that people make in an expression without knowing: one generator for each kind

`words` of an edit have {} for the expression that is changed, or that they are `about`.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
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

ACTIVATIONS = ("tanh", "sigmoid", "relu", "exact_gelu", "silu", "softplus", "softsign", "hard_tanh", "hard_sigmoid",
               "keras_sigmoid", "quick_gelu", "elu", "leaky_relu", "sin", "erf")
OTHERS = ("exp", "log", "sqrt", "square", "absolute", "sign", "positive", "cos")
UNARY = {*ACTIVATIONS, *OTHERS, "gelu", "gelu_tanh"}
TO_LEAVE_OUT = {*UNARY, "softmax", "rows_sum", "total", "mean", "shifted", "unshifted", "transposed"}
REDUCTIONS, ROW_REDUCTIONS = ("total", "mean", "unbiased_mean"), ("rows_sum", "rows_mean")
LAYOUTS = {
    "heads_of": {"heads_interleaved": "feature i were of head i mod H (the heads interleaved)",
                 "heads_unmoved": "the rows were only reshaped to heads, and the axes not exchanged"},
    "merged": {"merged_interleaved": "the heads were put together interleaved, feature by feature",
               "merged_unmoved": "the heads were only reshaped to rows, and the axes not exchanged"}}
Mutator = Callable[[Line], Iterator[Edit]]


def left_out(line: Line) -> Iterator[Edit]:
    """A term, a factor, a divisor, a function, a sign or a transposition is left out."""
    for node in line.expressions():
        if isinstance(node, ast.BinOp):
            kind = "term" if is_binary(node, ast.Add, ast.Sub) else "factor"
            rest = negative(node.right) if isinstance(node.op, ast.Sub) else node.right
            yield line.edit(node, rest, f"the {kind} {ast.unparse(node.left)} of {{}} were left out", 0)
            kind = {ast.Div: "divisor", ast.Pow: "exponent"}.get(type(node.op), kind)
            yield line.edit(node, node.left, f"the {kind} {ast.unparse(node.right)} of {{}} were left out", 0)
        if is_call(node, ("concatenated",)) and isinstance(node.args[0], ast.List):
            yield from parts_left_out(line, node, node.args[0].elts)
        if is_call(node, TO_LEAVE_OUT):
            yield line.edit(node, node.args[0], f"{node.func.id} were left out of {{}}", 0)
        if is_negative(node) and not isinstance(node.operand, ast.Constant):
            yield line.edit(node, node.operand, "the sign of {} were plus", 0)
        if isinstance(node, ast.Attribute) and node.attr == "T":
            yield line.edit(node, node.value, "{} were not transposed", 0)


def parts_left_out(line: Line, node: Any, parts: list[Any]) -> Iterator[Edit]:
    """What stands side by side stands there without one of the parts."""
    for k, part in enumerate(parts if len(parts) > 1 else []):
        others = [*parts[:k], *parts[k + 1:]]
        new = others[0] if len(others) == 1 else ast.Call(node.func, [ast.List(others, ast.Load()), *node.args[1:]], [])
        yield line.edit(node, new, f"{ast.unparse(part)} were left out of {{}}", 0)


def signs(line: Line) -> Iterator[Edit]:
    """plus for minus, minus for plus, a difference the other way round"""
    for node in line.expressions():
        if is_binary(node, ast.Add):
            words = f"{ast.unparse(node.right)} were subtracted in {{}}"
            yield line.edit(node, binary(node.left, ast.Sub(), node.right), words, 0)
        if is_binary(node, ast.Sub):
            words = f"{ast.unparse(node.right)} were added in {{}}"
            yield line.edit(node, binary(node.left, ast.Add(), node.right), words, 0)
            yield line.edit(node, binary(node.right, ast.Sub(), node.left), effort=0)
            yield line.edit(node, node.right, effort=0)


def complements(line: Line) -> Iterator[Edit]:
    """1 − a for a; also 1 + a, −a, 2 a and a/2"""
    for node in line.expressions():
        if line.function.array(node) is not None and (is_unit(node) or isinstance(node, ast.Call)):
            yield line.edit(node, binary(number(1), ast.Sub(), node), effort=0)
            yield line.edit(node, binary(number(1), ast.Add(), node))
            yield line.edit(node, negative(node))
            yield line.edit(node, binary(number(2), ast.Mult(), node), "{} were doubled")
            yield line.edit(node, binary(node, ast.Div(), number(2)), "{} were halved", 2)


def operators(line: Line) -> Iterator[Edit]:
    """× for +, + for ×, ÷ for ×, × for ÷, the factors of a matrix product exchanged"""
    for node in line.expressions():
        if is_binary(node, ast.Add):
            yield line.edit(node, binary(node.left, ast.Mult(), node.right), effort=2)
        if is_binary(node, ast.Mult):
            yield line.edit(node, binary(node.left, ast.Add(), node.right), effort=2)
            yield line.edit(node, binary(node.left, ast.Div(), node.right), effort=1)
        if is_binary(node, ast.Div):
            yield line.edit(node, binary(node.left, ast.Mult(), node.right), effort=1)
        if is_binary(node, ast.MatMult):
            yield line.edit(node, binary(node.right, ast.MatMult(), node.left), effort=1)


def other_functions(line: Line) -> Iterator[Edit]:
    """An activation for another, a function for its like"""
    for node in line.expressions():
        if is_call(node, UNARY):
            name = node.func.id
            for other in (*ACTIVATIONS, *OTHERS) if name in ACTIVATIONS else OTHERS if name in OTHERS else ACTIVATIONS:
                if other != name:
                    yield line.edit(node, call(other, node.args[0]), f"{other} stood for {name} in {{}}",
                                    0 if other in ACTIVATIONS else 2)
            yield line.edit(node, call(name, node), f"{name} of {{}} were taken", effort=2)


def reductions(line: Line) -> Iterator[Edit]:
    """A sum for a mean, other axes"""
    for node in line.expressions():
        for kinds in (REDUCTIONS, ROW_REDUCTIONS):
            for other in kinds if is_call(node, kinds) else ():
                if other != node.func.id:
                    yield line.edit(node, ast.Call(ast.Name(other, ast.Load()), node.args, []))
        if is_call(node, (*REDUCTIONS, "largest", "concatenated", "stacked")) and len(node.args) > 1:
            for axis in ("-1", "-2", "0", "1", "(-2, -1)"):
                if ast.unparse(node.args[1]) != axis:
                    yield line.edit(node.args[1], expression(axis), f"{{}} went over axis {axis}", about=node)
        if is_call(node, REDUCTIONS) and len(node.args) > 2:  # the same number in all rows
            whole = ast.Call(node.func, [node.args[0], expression("None"), node.args[2]], [])
            yield line.edit(node, binary(whole, ast.Add(), binary(number(0), ast.Mult(), node)),
                            "{} went over all rows as well, and not over each by itself")


def moved(line: Line) -> Iterator[Edit]:
    """What stands inside of a function or of a product stands outside, or the other way round"""
    for node in line.expressions():
        if is_call(node, UNARY) and isinstance(node.args[0], ast.BinOp):
            name, inner = node.func.id, node.args[0]
            yield line.edit(node, binary(call(name, inner.left), inner.op, inner.right))
            yield line.edit(node, binary(inner.left, inner.op, call(name, inner.right)))
        if isinstance(node, ast.BinOp):
            yield from moved_out(line, node, node.left, node.right, False)
            yield from moved_out(line, node, node.right, node.left, True)


def moved_out(line: Line, node: Any, one: Any, other: Any, turned: bool) -> Iterator[Edit]:
    """The node is one ∘ other, or other ∘ one if it is turned."""
    def pair(a: Any, b: Any) -> Any:
        return binary(b, node.op, a) if turned else binary(a, node.op, b)
    if is_call(one, UNARY):                                  # f(a) + b -> f(a + b)
        yield line.edit(node, call(one.func.id, pair(one.args[0], other)))
    if isinstance(one, ast.BinOp) and type(one.op) is not type(node.op):                 # (a + b) c -> a + b c, a c + b
        yield line.edit(node, binary(one.left, one.op, pair(one.right, other)))
        yield line.edit(node, binary(pair(one.left, other), one.op, one.right))


def layouts(line: Line) -> Iterator[Edit]:
    """Features are divided into heads otherwise; an inverse is taken by the first terms of its series"""
    for node in line.expressions():
        for name, others in LAYOUTS.items():
            for other, words in others.items() if is_call(node, (name,)) else ():
                yield line.edit(node, call(other, *node.args), f"in {{}} {words}", 1)
        for terms in (2, 3, 4) if is_call(node, ("inverse_of",)) else ():
            yield line.edit(node, call("series_inverse", node.args[0], number(terms)),
                            f"{{}} were the sum of the first {terms} terms of the Neumann series, I − X + X² − …", 1)


def transposes(line: Line) -> Iterator[Edit]:
    for node in line.expressions():
        value = line.function.array(node)
        if is_unit(node) and value is not None and value.ndim == 2:
            yield line.edit(node, ast.Attribute(node, "T", ast.Load()), "{} were transposed")
        if is_unit(node) and value is not None and value.ndim > 2:
            yield line.edit(node, call("transposed", node), effort=2)


def other_names(line: Line) -> Iterator[Edit]:
    """One array for another of the same shape, one number for another"""
    for node in line.expressions():
        for unit in line.function.units_like(node) if is_unit(node) else ():
            yield line.edit(node, unit)
            if are_shares(line.function.array(node)) and are_shares(line.function.array(unit)):
                yield line.edit(node, binary(number(1), ast.Sub(), unit))
        for unit in line.function.outside_like(node) if is_unit(node) else ():
            yield line.edit(node, unit)
        if isinstance(node, ast.Subscript) and is_unit(node):
            for unit in line.function.units_like(node.value):
                yield line.edit(node, ast.Subscript(unit, node.slice, ast.Load()))
        if is_integer(line.function.value(node)) and is_unit(node):
            for name, other in line.function.scope.items():
                if is_integer(other) and name != ast.unparse(node):
                    yield line.edit(node, ast.Name(name, ast.Load()), effort=2)


def are_shares(value: Any) -> bool:
    """Between 0 and 1, as gates are"""
    return value.dtype.kind == "f" and value.ndim > 0 and bool(((value >= 0) & (value <= 1)).all())


def numbers(line: Line) -> Iterator[Edit]:
    """Other constants: of a literal, of a number that is given"""
    inside = {id(n) for node in line.nodes if isinstance(node, ast.Subscript) for n in ast.walk(node.slice)}
    for node in line.expressions():
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and id(node) not in inside:
            value: Any = node.value
            near = [value + 1, value - 1] if is_integer(value) else []
            for other in dict.fromkeys((0, 1, 2, 2 * value, value / 2, -value, value / 10, 10 * value, *near)):
                if other != value:
                    yield line.edit(node, number(other))
        given = line.function.value(node) if isinstance(node, ast.Name) else None
        if isinstance(given, float):
            for other in (0.0, 1e-3, 1e-5, 1e-6, 1e-8, 1e-12, 1.0, 2.0):
                if other != given:
                    yield line.edit(node, number(other))
            yield line.edit(node, binary(number(1), ast.Sub(), node))
            yield line.edit(node, call("sqrt", node))
            for name, value in line.function.scope.items():
                if isinstance(value, float) and name != node.id:
                    yield line.edit(node, ast.Name(name, ast.Load()))
        if is_integer(given) and id(node) not in inside:
            yield line.edit(node, binary(node, ast.Add(), number(1)), effort=2)
            yield line.edit(node, binary(node, ast.Sub(), number(1)), effort=2)


def is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
