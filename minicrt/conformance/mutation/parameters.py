"""Small changes that are about one parameter of a model: it is left out, or another layer's stands in its place

Either leaves it without a gradient, by which such a change is found soon: the parameter is one of its targets.
"""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import binary, expression, is_binary, number

PARAMETERS = "w"            # what a model's equations call them: w[b + "attention.b_out"], b being "blocks.1."


def single_parameters(line: Line) -> Iterator[Edit]:
    """In one layer a parameter is 0, or it is that of another layer"""
    known: Any = line.function.scope.get(PARAMETERS)
    for node in line.expressions() if isinstance(known, dict) else ():
        ending = ending_of(node)
        names = [name for name in known if ending and name.endswith(ending)]
        for name in names if len(names) > 1 else ():
            yield in_one_layer(line, node, name, binary(number(0), ast.Mult(), node), f"{name} were 0 (it is left out)")
            for other in names:
                if other != name and np.shape(known[other]) == np.shape(known[name]):
                    yield in_one_layer(line, node, name, expression(f"{PARAMETERS}[{other!r}]"),
                                       f"{other} stood for {name}")


def ending_of(node: Any) -> str:
    """`attention.b_out` of w[b + "attention.b_out"]; empty of what is no parameter of a layer"""
    if not isinstance(node, ast.Subscript) or ast.unparse(node.value) != PARAMETERS:
        return ""
    whole: Any = node.slice
    end = whole.right if is_binary(whole, ast.Add) else None
    return end.value if isinstance(end, ast.Constant) and isinstance(end.value, str) else ""


def in_one_layer(line: Line, node: Any, name: str, new: Any, words: str) -> Edit:
    test = ast.Compare(node.slice, [ast.Eq()], [ast.Constant(name)])
    return Edit(line.function.name, line.text, partial(str, words), {node.number: ast.IfExp(test, new, node)}, 1,
                targets=line.targets | {name})
