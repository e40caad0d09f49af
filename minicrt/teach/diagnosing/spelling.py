"""A solution as the mutation search reads it: what NumPy spells as a method is a function of the equations' own"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from minicrt.conformance.mutation import functions, in_time
from minicrt.conformance.mutation.syntax import binary, call, number

NAMES = {"exp": "exp", "log": "log", "tanh": "tanh", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "abs": "absolute",
         "sign": "sign", "square": "square", "zeros_like": "zeros_like"}
JOINS = {"concatenate": "concatenated", "stack": "stacked"}
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
        if of_numpy and function.attr in JOINS and len(arguments) == 1 and named.keys() <= {"axis"}:
            return ast.copy_location(call(JOINS[function.attr], *arguments, named.get("axis", number(0))), node)
        if of_numpy and function.attr == "where" and len(arguments) == 3:
            return ast.copy_location(call("where", *arguments), node)
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

    def __init__(self, names: frozenset[str] = frozenset()) -> None:
        self.names = names

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        outer, self.names = self.names, variables(node) & (vars(functions).keys() | vars(in_time).keys())
        self.generic_visit(node)
        self.names = outer
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.copy_location(ast.Name(f"{node.id}_", node.ctx), node) if node.id in self.names else node


def variables(node: ast.FunctionDef) -> frozenset[str]:
    """The names that a function gives values, its parameters apart."""
    given = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return frozenset(given - {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)})


def spelled(source: str) -> ast.Module:
    """The syntax tree of a source, spelled so; every node has its place in the text."""
    return ast.fix_missing_locations(Spelling().visit(Renaming().visit(ast.parse(source))))


def fragment(text: str, function: Callable[..., Any]) -> str:
    """A fragment of a function as it reads when it is spelled so. Raises SyntaxError unless it is an expression."""
    tree: Any = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    names = variables(tree) & (vars(functions).keys() | vars(in_time).keys())
    renamed = Renaming(names).visit(ast.parse(f"({text})"))
    return ast.unparse(ast.fix_missing_locations(Spelling().visit(renamed))).strip()
