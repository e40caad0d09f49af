"""Which small change of a solution gives the student's numbers: the mutation search of minicrt.conformance, on it"""

import ast
import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.conformance.mutation import functions, in_time
from minicrt.conformance.mutation.program import Edit, Program
from minicrt.conformance.mutation.source import Function
from minicrt.conformance.mutation.tree import CANNOT_BE, Tree
from minicrt.teach.diagnosing.spelling import spelled
from minicrt.teach.diagnosing.wider import all_edits

Array = np.ndarray
Values = tuple[Array, ...]
MOST = 2000                 # so many edits are tried, the simplest first: some seconds for the longest solutions


class Solution:
    """An exercise's solution as a program: what it returns with some of its nodes changed, for given arguments."""

    def __init__(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        module: Any = inspect.getmodule(function)
        trees, number = dict[str, Tree](), 0
        for node in spelled(inspect.getsource(module)).body:
            if isinstance(node, ast.FunctionDef):
                trees[node.name] = Tree(without_docstring(node), number)
                number = trees[node.name].numbers.stop
        names = {**vars(functions), **vars(in_time), **vars(module)}
        self.program, self.arguments = Program(trees, names, function.__name__), arguments
        self.known = dict[int, Values | None]()
        self.source = "\n".join(ast.unparse(tree.definition) for tree in self.program.trees.values())

    @cached_property
    def edits(self) -> list[Edit]:
        """All small changes, the simplest first."""
        scopes = self.program.scopes(lambda f: f(**self.taken(self.arguments)))
        found = [edit for name in self.program.trees if name in scopes
                 for edit in all_edits(Function(self.program, name, scopes[name]))]
        return sorted(found, key=lambda edit: edit.effort)[:MOST]

    def result(self, k: int) -> Values | None:
        """What it returns for its own arguments with edit k."""
        if k not in self.known:
            self.known[k] = self.values(self.arguments, self.edits[k])
        return self.known[k]

    def values(self, arguments: Mapping[str, Any], edit: Edit) -> Values | None:
        """None where it cannot run so."""
        try:
            with np.errstate(all="ignore"):
                returned = self.program.function(edit.changes, unchanged)(**self.taken(arguments))
                values = returned if isinstance(returned, tuple) else (returned,)
                return tuple(np.asarray(value) for value in values)
        except CANNOT_BE:
            return None

    def taken(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {name: np.copy(value) if isinstance(value, np.ndarray) else value
                for name, value in arguments.items() if name in self.program.parameters}

    def lines(self, edit: Edit) -> tuple[str, str]:
        """The function as it is, and with the edit."""
        tree = self.program.trees[edit.function]
        before = ast.unparse(tree.definition)
        with tree.changed(edit.changes):
            return before, ast.unparse(tree.definition)


def unchanged(name: str, value: Any, in_loop: bool) -> Any:
    return value


def without_docstring(node: ast.FunctionDef) -> ast.FunctionDef:
    if ast.get_docstring(node):
        node.body = node.body[1:]
    return node
