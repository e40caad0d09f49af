"""A function that can be changed a little, in every way that the mutation search of minicrt.conformance knows"""

import ast
import inspect
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
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


class Changeable:
    """A function as a program: what it returns with some of its nodes changed, for given arguments.

    `source` holds it, and what else of its program may be changed; `names` are those that it finds outside.
    """

    def __init__(self, name: str, source: str, names: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        trees, number = dict[str, Tree](), 0
        for node in spelled(source).body:
            if isinstance(node, ast.FunctionDef):
                trees[node.name] = Tree(without_docstring(node), number)
                number = trees[node.name].numbers.stop
        self.program = Program(trees, {**vars(functions), **vars(in_time), **names}, name)
        self.text, self.arguments, self.known = source, arguments, dict[int, Values | None]()
        self.source = "\n".join(ast.unparse(tree.definition) for tree in self.program.trees.values())

    @classmethod
    def of_solution(cls, function: Callable[..., Any], arguments: Mapping[str, Any]) -> "Changeable":
        """With the functions of its module. Raises OSError where that was installed without its source."""
        module: Any = inspect.getmodule(function)
        return cls(function.__name__, inspect.getsource(module), vars(module), arguments)

    @classmethod
    def of_student(cls, function: Callable[..., Any], arguments: Sequence[Any]) -> "Changeable":
        """By itself. Raises OSError or TypeError where its source is not to be had."""
        source = textwrap.dedent(inspect.getsource(function))
        parameters = inspect.signature(function).parameters
        return cls(function.__name__, source, function.__globals__,
                   dict(zip(parameters, arguments)))

    @cached_property
    def edits(self) -> list[Edit]:
        """All small changes, the simplest first."""
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):      # of `1[0]`, and the like
            scopes = self.program.scopes(lambda f: f(**self.taken(self.arguments)))
            found = [edit for name in self.program.trees if name in scopes
                     for edit in all_edits(Function(self.program, name, scopes[name]))]
        return sorted(found, key=lambda edit: edit.effort)[:MOST]

    def result(self, k: int) -> Values | None:
        """What it returns for its own arguments with edit k."""
        if k not in self.known:
            self.known[k] = self.values(self.arguments, self.edits[k])
        return self.known[k]

    def values(self, arguments: Mapping[str, Any], edit: Edit | None = None) -> Values | None:
        """With an edit, or as it is. None where it cannot run so."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                returned = self.program.function(edit.changes if edit else {}, unchanged)(**self.taken(arguments))
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
