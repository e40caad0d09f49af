"""A solution as the mutation search reads it: what NumPy spells as a method is a function of the equations' own"""

import ast
from typing import Any

from minicrt.conformance.mutation import functions, in_time
from minicrt.conformance.mutation.syntax import binary, call

NAMES = {"exp": "exp", "log": "log", "tanh": "tanh", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "abs": "absolute",
         "sign": "sign", "square": "square", "zeros_like": "zeros_like", "where": "where",
         "concatenate": "concatenated", "stack": "stacked", "outer": "outer"}
REDUCTIONS = {"sum": "total", "mean": "mean"}


class Spelling(ast.NodeTransformer):
    """`np.exp(x)` as exp(x), `x.sum(0)` as total(x, 0), `x.swapaxes(-1, -2)` as transposed(x), x ** 2 as x * x."""

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        self.generic_visit(node)
        if is_numpy(node.value) and node.attr in NAMES:
            return ast.copy_location(ast.Name(NAMES[node.attr], ast.Load()), node)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        function: Any = node.func
        self.generic_visit(node)
        if not isinstance(function, ast.Attribute):
            return node
        of_numpy = is_numpy(function.value)
        arguments = list(node.args) if of_numpy else [function.value, *node.args]
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if function.attr in REDUCTIONS and named.keys() <= {"axis", "keepdims"} and len(arguments) <= 2:
            return ast.copy_location(reduction(REDUCTIONS[function.attr], arguments, named), node)
        if of_numpy and function.attr in NAMES and named.keys() <= {"axis"}:
            return ast.copy_location(call(NAMES[function.attr], *arguments, *named.values()), node)
        if of_numpy and function.attr == "split" and len(arguments) == 2 and is_last(named.get("axis")):
            return ast.copy_location(call("blocks", *arguments), node)
        if not of_numpy and function.attr == "swapaxes" and ast.unparse(node).endswith("swapaxes(-1, -2)"):
            return ast.copy_location(call("transposed", function.value), node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        exponent = node.right
        if isinstance(node.op, ast.Pow) and isinstance(exponent, ast.Constant) and exponent.value == 2 and isinstance(
                node.left, ast.Name):
            other = ast.copy_location(ast.Name(node.left.id, ast.Load()), node.right)
            return ast.copy_location(binary(node.left, ast.Mult(), other), node)
        return node


def is_numpy(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "np"


def reduction(name: str, arguments: list[Any], named: dict[Any, Any]) -> Any:
    axis = arguments[1:] or ([named["axis"]] if "axis" in named else [])
    keep = [named["keepdims"]] if "keepdims" in named else []
    if keep and not axis:
        axis = [ast.Constant(None)]
    return call(name, arguments[0], *axis, *keep)


def is_last(axis: Any) -> bool:
    return axis is not None and ast.unparse(axis) in ("-1", "1")


class Renaming(ast.NodeTransformer):
    """A variable that has the name of one of the equations' functions, `total = e.sum()`, gets another one."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.copy_location(ast.Name(f"{node.id}_", node.ctx), node) if node.id in self.names else node


def spelled(source: str) -> ast.Module:
    """The syntax tree of a source, spelled so; every node has its place in the text."""
    tree = ast.parse(source)
    given = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    renamed = Renaming(given & (vars(functions).keys() | vars(in_time).keys())).visit(tree)
    return ast.fix_missing_locations(Spelling().visit(renamed))


def fragment(text: str) -> str:
    """A fragment of a solution as it reads when it is spelled so. Raises SyntaxError unless it is an expression."""
    return ast.unparse(spelled(f"({text})")).strip()
