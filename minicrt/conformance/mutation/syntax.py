"""Pieces of syntax trees, made and recognised. Nodes are `Any`: which attributes they have, their kind says."""

import ast
from collections.abc import Container
from typing import Any

Node = Any


def call(name: str, *arguments: Node) -> Node:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def name_of(name: str) -> Node:
    return ast.Name(name, ast.Load())


def number(value: float) -> Node:
    return ast.Constant(value)


def binary(left: Node, operator: ast.operator, right: Node) -> Node:
    return ast.BinOp(left, operator, right)


def negative(node: Node) -> Node:
    return ast.UnaryOp(ast.USub(), node)


def expression(text: str) -> Node:
    return ast.parse(text, mode="eval").body


def is_call(node: Node, names: Container[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def is_binary(node: Node, *operators: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def is_negative(node: Node) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def is_unit(node: Node) -> bool:
    """What has a name, or is a part of it"""
    return isinstance(node, ast.Name) or isinstance(node, ast.Subscript) and is_unit(node.value)


def located(new: Any) -> None:
    """What is put in gets places in the source, without which nothing is compiled; all else has them."""
    waiting = list(new) if isinstance(new, list) else [new]
    while waiting:
        node = waiting.pop()
        if not hasattr(node, "number"):                      # which the equations' own have, and all in them
            if "lineno" in node._attributes:
                node.lineno = node.end_lineno = 1
                node.col_offset = node.end_col_offset = 0
            waiting += ast.iter_child_nodes(node)


def replaced(old: Any, number: int, new: Any) -> Any:
    if not isinstance(old, list):
        return new
    result = []
    for node in old:
        mine = getattr(node, "number", None) == number
        result += new if mine and isinstance(new, list) else [new if mine else node]
    return result
