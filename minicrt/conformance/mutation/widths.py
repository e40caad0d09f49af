"""Small changes that are about the length of vectors: a factor √width too many, vectors that are brought to length 1"""

import ast
from collections.abc import Iterator
from typing import Any

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.source import Line
from minicrt.conformance.mutation.syntax import binary, call, expression, is_binary, is_call


def roots_of_widths(line: Line) -> Iterator[Edit]:
    """A result, or a term of it, is multiplied by the root of its width, or divided by it"""
    whole: Any = getattr(line.statement, "value", None)
    results: list[Any] = whole.elts if isinstance(whole, ast.Tuple) else [whole]
    for result in results:
        placed = is_call(result, ("place",))
        inner = result.args[1] if placed else result
        for node in [inner, *terms(inner)] if isinstance(inner, ast.expr) else []:
            value = line.function.array(node)
            if value is None or value.dtype.kind != "f" or value.ndim < 2:
                continue
            width = value.shape[-1]
            for operator, words in (ast.Mult(), "multiplied"), (ast.Div(), "divided"):
                yield line.edit(node, binary(node, operator, expression(f"sqrt({width})")),
                                f"{{}} were {words} by √{width}, the root of its width", 1 if placed else 2)


def terms(node: Any) -> list[Any]:
    """Of a sum, of which one may be a sum again"""
    if not is_binary(node, ast.Add, ast.Sub):
        return []
    return [part for side in (node.left, node.right) for part in (terms(side) or [side])]


def cosines(line: Line) -> Iterator[Edit]:
    """What is multiplied row by row has length 1, with what the product is divided by or without"""
    for node in line.expressions():
        right = with_unit_length(node.right) if is_binary(node, ast.MatMult) else None
        value = line.function.array(node.left) if right is not None else None
        if value is not None and value.ndim > 1:
            cosine = binary(call("unit_length", node.left), ast.MatMult(), right)
            words = f"the vectors {ast.unparse(node.left)} and {{}} were brought to length 1"
            yield line.edit(node, cosine, words, 2, about=node.right)
            whole: Any = getattr(line.statement, "value", None)
            if is_binary(whole, ast.Div) and whole.left is node:
                yield line.edit(whole, cosine, f"{words}, and their product not divided", 2, about=node.right)


def with_unit_length(node: Any) -> Any:
    """k_hᵀ of vectors k_h of length 1; None of what is not transposed"""
    if is_call(node, ("transposed",)):
        return call("transposed", call("unit_length", node.args[0]))
    return None
