"""A function of the equations as mutators see it: its lines, their expressions, and what each stands for in a run"""

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from minicrt.conformance.mutation.program import Edit, Program
from minicrt.conformance.mutation.steps import CANNOT_BE
from minicrt.conformance.mutation.syntax import expression, is_unit

FEW = 3                     # arrays of a list are read one by one, if there are no more
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


class Line:
    """An equation: a statement's expressions, and edits of them."""

    def __init__(self, function: "Function", statement: ast.stmt) -> None:
        self.function, self.statement, self.targets = function, statement, targets(statement)
        parts = ast.iter_child_nodes(statement)
        whole: Any = ast.Module([], []) if isinstance(statement, ast.For | ast.If) else statement
        self.text = ast.unparse(whole) if whole is statement else header(statement)
        heads = [statement.iter] if isinstance(statement, ast.For) else \
            [statement.test] if isinstance(statement, ast.If) else list(parts)
        self.nodes = [node for head in heads for node in ast.walk(head) if isinstance(node, ast.expr)]

    def expressions(self) -> Iterator[Any]:
        """What is read, and no name that a value is given."""
        for node in self.nodes:
            if not isinstance(getattr(node, "ctx", None), ast.Store):
                yield node

    def edit(self, node: Any, new: Any, words: str = "{} were {new}", effort: int = 1, detached: bool = False,
             about: Any = None) -> Edit:
        """`new` in the place of an expression; `words` say it of that or of what they are `about`."""
        return Edit(self.function.name, self.text, partial(self.say, about or node, new, words), {node.number: new},
                    effort, detached, self.targets)

    def say(self, about: ast.AST, new: ast.AST, words: str) -> str:
        return words.format(self.which(about), new=ast.unparse(new))

    def which(self, node: ast.AST) -> str:
        """The expression, and which of several that read the same."""
        text = ast.unparse(node)
        alike = sorted((other for other in self.nodes if type(other) is type(node) and ast.unparse(other) == text),
                       key=lambda other: (other.lineno, other.col_offset))
        if len(alike) < 2:
            return text
        place = next(k for k, other in enumerate(alike) if other is node)
        return f"the {ORDINALS[min(place, len(ORDINALS) - 1)]} {text}"


class Function:
    """`scope` has the values of its names at the end of a run, `outside` what else a port has at hand."""

    def __init__(self, program: Program, name: str, scope: Mapping[str, Any],
                 outside: Mapping[str, Any] | None = None) -> None:
        self.tree, self.name, self.scope = program.trees[name].definition, name, scope
        self.program_functions = program.trees.keys()
        self.names, self.outside = {**program.names, **(outside or {})}, outside or {}
        self._values, self._texts = dict[str, Any](), dict[int, str]()

    @cached_property
    def lines(self) -> list[Line]:
        return [Line(self, statement) for statement in statements(self.tree.body)]

    def value(self, node: ast.expr) -> Any:
        """What an expression stands for in the end; None where it cannot be told."""
        text = self.text(node)
        if text not in self._values:
            try:
                found = eval(text, dict(self.names), dict(self.scope))
            except (*CANNOT_BE, SyntaxError):
                found = None
            self._values[text] = found
        return self._values[text]

    def text(self, node: ast.expr) -> str:
        """As it is written; a node that has a number is read once."""
        number = getattr(node, "number", None)
        if number is None:
            return ast.unparse(node)
        if number not in self._texts:
            self._texts[number] = ast.unparse(node)
        return self._texts[number]

    def array(self, node: ast.expr) -> Any:
        """The array that an expression stands for, or None."""
        value = self.value(node)
        return value if isinstance(value, np.ndarray) else None

    @cached_property
    def units(self) -> dict[str, ast.expr]:
        """The arrays that are read by a name, or as a part of what has a name, by how they are written."""
        found: dict[str, ast.expr] = {}
        for line in self.lines:
            for node in line.expressions():
                if is_unit(node) and self.array(node) is not None:
                    found.setdefault(text := ast.unparse(node), expression(text))     # nodes of their own
        for name, value in self.scope.items():
            if isinstance(value, np.ndarray):
                found.setdefault(name, ast.Name(name, ast.Load()))
        for argument in self.tree.args.args:
            parts = self.scope.get(argument.arg)
            if isinstance(parts, list) and len(parts) <= FEW and all(isinstance(part, np.ndarray) for part in parts):
                found |= {text: expression(text) for text in (f"{argument.arg}[{k}]" for k in range(len(parts)))}
        return found

    def units_like(self, node: ast.expr) -> list[ast.expr]:
        """Other units of an expression's shape and kind."""
        value, text = self.array(node), self.text(node)
        return [] if value is None else [
            unit for other, unit in self.units.items() if other != text
            and self.arrays_of_units[other].shape == value.shape
            and self.arrays_of_units[other].dtype.kind == value.dtype.kind]

    @cached_property
    def arrays_of_units(self) -> dict[str, Any]:
        return {text: self.array(unit) for text, unit in self.units.items()}

    def outside_like(self, node: ast.expr) -> list[ast.expr]:
        """What is at hand and not read here, of an expression's shape."""
        value = self.array(node)
        return [] if value is None else [ast.Name(name, ast.Load()) for name, other in self.outside.items()
                                         if other.shape == value.shape and name not in self.scope]


def targets(statement: ast.AST) -> frozenset[str]:
    """The names that a statement gives values; "return" for what the function returns"""
    found = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(statement):
        if isinstance(node, ast.Return):
            found.add("return")
        if isinstance(node, ast.Attribute) and node.attr == "append" and isinstance(node.value, ast.Name):
            found.add(node.value.id)
    return frozenset(found)


def descendants(tree: ast.FunctionDef) -> dict[str, frozenset[str]]:
    """For every name that a function gives a value, itself and all whose values come of it, in some step or other."""
    reads: dict[str, set[str]] = {}
    for statement in statements(tree.body):
        if isinstance(statement, ast.For | ast.If):
            continue
        given = targets(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                reads.setdefault(node.id, set()).update(given)
        for name in given:
            reads.setdefault(name, set()).add(name)
    found = {}
    for name in reads:
        known, waiting = {name}, [name]
        while waiting:
            more = reads.get(waiting.pop(), set()) - known
            known |= more
            waiting += more
        found[name] = frozenset(known)
    return found


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        for block in ("body", "orelse"):
            yield from statements(getattr(statement, block, []))


def header(statement: ast.stmt) -> str:
    return ast.unparse(statement).partition("\n")[0].rstrip(":")
