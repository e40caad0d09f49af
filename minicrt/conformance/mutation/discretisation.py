"""Small changes of an exponential: another rule by which a continuous system becomes one with steps

    exp(u) → 1 + u,   1/(1 − u),   (1 + u/2)/(1 − u/2),   1 + u + u²/2

u is an array, or the complex X + i Y of which the equations have exp(X) cos(Y) and exp(X) sin(Y).
"""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Function, Line, targets
from minicrt.conformance.mutation.syntax import expression, is_binary, is_call
from minicrt.conformance.mutation.tree import number_of

RULES = {"1 + u, Euler's rule": ("1 + {x}", "1 + {x}", "{y}"),
         "1/(1 - u), the implicit Euler rule": (
             "1 / (1 - {x})", "(1 - {x}) / ((1 - {x}) ** 2 + {y} ** 2)", "{y} / ((1 - {x}) ** 2 + {y} ** 2)"),
         "(1 + u/2)/(1 - u/2), the bilinear rule": (
             "(1 + {x} / 2) / (1 - {x} / 2)", "(1 - {x} ** 2 / 4 - {y} ** 2 / 4) / ((1 - {x} / 2) ** 2 + {y} ** 2 / 4)",
             "{y} / ((1 - {x} / 2) ** 2 + {y} ** 2 / 4)"),
         "1 + u + u^2/2, the first terms of its series": (
             "1 + {x} + {x} ** 2 / 2", "1 + {x} + ({x} ** 2 - {y} ** 2) / 2", "{y} + {x} * {y}")}


def other_rules(line: Line) -> Iterator[Edit]:
    """Of one exponential"""
    for node in line.expressions() if not line.function.name.endswith("_backward") else ():
        value = line.function.array(node) if is_call(node, ("exp",)) else None
        if value is not None and value.ndim and value.dtype.kind == "f":
            u = ast.unparse(node.args[0])
            for effort, (words, (real, _, _)) in enumerate(RULES.items(), 1):
                yield line.edit(node, expression(real.format(x=f"({u})")), f"{{}} were {words} with u = {u}", effort)


def complex_rules(function: Function) -> Iterator[Edit]:
    """Of exp(X) (cos(Y) + i sin(Y)); what comes of it follows, or is that of the exponential"""
    found: dict[tuple[str, str], dict[str, tuple[Line, Any]]] = {}
    for line in function.lines if not function.name.endswith("_backward") else ():
        whole: Any = getattr(line.statement, "value", None)
        if isinstance(line.statement, ast.Assign) and is_binary(whole, ast.Mult) and is_call(
                whole.left, ("exp",)) and is_call(whole.right, ("cos", "sin")):
            u = ast.unparse(whole.left.args[0]), ast.unparse(whole.right.args[0])
            found.setdefault(u, {})[whole.right.func.id] = line, whole
    for (x, y), parts in found.items():
        if len(parts) == 2:
            (line, real), (other, imaginary) = parts["cos"], parts["sin"]
            later = exact_readings(function, (line, other))
            for effort, (words, (_, new_real, new_imaginary)) in enumerate(RULES.items(), 1):
                changes = {number_of(real): expression(new_real.format(x=f"({x})", y=f"({y})")),
                           number_of(imaginary): expression(new_imaginary.format(x=f"({x})", y=f"({y})"))}
                for more, also in ({}, ""), (later, ", and what is made of it still that of the exponential"):
                    if more or not also:
                        say = partial("exp(u) were {} with u = {} + i {}{}".format, words, x, y, also)
                        yield Edit(function.name, line.text, say, changes | more, effort,
                                   targets=line.targets | other.targets)


def exact_readings(function: Function, lines: tuple[Line, Line]) -> dict[int, Any]:
    """Where the function's later equations read both parts, they themselves stand there."""
    exact = {name: line.statement for line in lines for name in line.targets}
    found: dict[int, Any] = {}
    for statement in function.tree.body:
        if isinstance(statement, ast.Assign) and not targets(statement) & exact.keys():
            for node in ast.walk(statement.value):
                if isinstance(node, ast.Name) and node.id in exact:
                    value: Any = exact[node.id]
                    found[number_of(node)] = expression(ast.unparse(value.value))
    return found
