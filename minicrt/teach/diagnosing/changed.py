"""A function that can be changed a little, in every way that the mutation search of minicrt.conformance knows"""

import ast
import copy
import inspect
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import CodeType
from typing import Any

import numpy as np

from minicrt.conformance.mutation import functions, in_time
from minicrt.conformance.mutation.program import Edit, Program
from minicrt.conformance.mutation.shortcuts import Known
from minicrt.conformance.mutation.source import Function
from minicrt.conformance.mutation.steps import CANNOT_BE
from minicrt.conformance.mutation.tree import Changes, Tree
from minicrt.teach.diagnosing.spelling import spelled
from minicrt.teach.diagnosing.wider import all_edits

Array = np.ndarray
Values = tuple[Array, ...]
MOST = 2000                 # so many edits are tried, the simplest first: some seconds for the longest solutions
LEFT = "__left__"           # what is handed the variables of a function that returns


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
        self.names = {**vars(functions), **vars(in_time), **names}
        self.program, self.text, self.arguments = Program(trees, self.names, name), source, arguments
        self.codes = {name: compiled(tree.definition) for name, tree in self.program.trees.items()}
        self.known, self.loops = dict[int, Values | None](), Known(self.program)
        self.in_steps = False
        self.in_steps = alike(self.values(arguments), self.values(arguments, in_steps=True))

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
        return cls(function.__name__, source, function.__globals__, dict(zip(parameters, arguments)))

    @property
    def source(self) -> str:
        """As it is spelled."""
        return "\n".join(ast.unparse(tree.definition) for tree in self.program.trees.values())

    @cached_property
    def edits(self) -> list[Edit]:
        """All small changes, the simplest first."""
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):      # of `1[0]`, and the like
            scopes = self.scopes()
            found = [edit for name in self.program.trees if name in scopes
                     for edit in all_edits(Function(self.program, name, scopes[name]))]
        return sorted(found, key=lambda edit: edit.effort)[:MOST]

    def scopes(self) -> dict[str, dict[str, Any]]:
        """What each function's names stand for in the end."""
        scopes: dict[str, dict[str, Any]] = {}

        def left(name: str, scope: dict[str, Any], value: Any) -> Any:
            scopes.setdefault(name, dict(scope))
            return value

        codes = {name: compiled(ast.fix_missing_locations(Leaving(name).visit(copy.deepcopy(tree.definition))))
                 for name, tree in self.program.trees.items()}
        self.function(codes, {LEFT: left})(**self.taken(self.arguments))
        return scopes

    def function(self, codes: Mapping[str, CodeType], names: Mapping[str, Any] | None = None) -> Callable[..., Any]:
        """The function made of these, in a module of its own."""
        module = {**self.names, **(names or {})}
        for code in codes.values():
            exec(code, module)
        return module[self.program.root]

    def result(self, k: int) -> Values | None:
        """What it returns for its own arguments with edit k."""
        if k not in self.known:
            self.known[k] = self.values(self.arguments, self.edits[k])
        return self.known[k]

    def values(self, arguments: Mapping[str, Any], edit: Edit | None = None, in_steps: bool | None = None
               ) -> Values | None:
        """With an edit, or as it is. None where it cannot run so.

        `in_steps`: statement by statement, of which only a changed one is compiled anew; by default where that gives
        the same. A comprehension, for one, does not see the variables then.
        """
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                if self.in_steps if in_steps is None else in_steps:
                    function = self.stepwise(arguments, edit.changes if edit else {})
                else:
                    function = self.function({**self.codes, edit.function: self.changed(edit)} if edit else self.codes)
                returned = function(**self.taken(arguments))
                values = returned if isinstance(returned, tuple) else (returned,)
                return tuple(np.asarray(value) for value in values)
        except (*CANNOT_BE, SyntaxError):
            return None

    def stepwise(self, arguments: Mapping[str, Any], changes: Changes) -> Callable[..., Any]:
        """With its own arguments it does not run again the loops that no change is about."""
        if arguments is not self.arguments or changes and self.loops.remembered.recording:
            return self.program.function(changes, unchanged)
        cut = self.loops.run(changes, lambda kept: None)     # values are not looked at on the way
        function = self.program.function(changes, cut.noted(unchanged), loops=cut)

        def run(**taken: Any) -> Any:
            result = function(**taken)
            self.loops.finish({})
            return result
        return run

    def changed(self, edit: Edit) -> CodeType:
        tree = self.program.trees[edit.function]
        for new in edit.changes.values():
            for node in new if isinstance(new, list) else [new]:
                ast.fix_missing_locations(node)
        with tree.changed(edit.changes):
            return compiled(tree.definition)

    def taken(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {name: np.copy(value) if isinstance(value, np.ndarray) else value
                for name, value in arguments.items() if name in self.program.parameters}

    def lines(self, edit: Edit) -> tuple[str, str]:
        """The function as it is, and with the edit."""
        tree = self.program.trees[edit.function]
        before = ast.unparse(tree.definition)
        with tree.changed(edit.changes):
            return before, ast.unparse(tree.definition)


class Leaving(ast.NodeTransformer):
    """A function whose variables are handed on when it returns."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Return(self, node: ast.Return) -> ast.Return:
        scope = ast.Call(ast.Name("locals", ast.Load()), [], [])
        return ast.Return(ast.Call(ast.Name(LEFT, ast.Load()), [ast.Constant(self.name), scope,
                                                                node.value or ast.Constant(None)], []))

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return node


def compiled(definition: ast.FunctionDef) -> CodeType:
    return compile(ast.Module([definition], []), "<function>", "exec")


def alike(one: Values | None, other: Values | None) -> bool:
    return one is not None and other is not None and len(one) == len(other) and all(map(np.array_equal, one, other))


def unchanged(name: str, value: Any, in_loop: bool) -> Any:
    return value


def without_docstring(node: ast.FunctionDef) -> ast.FunctionDef:
    if ast.get_docstring(node):
        node.body = node.body[1:]
    return node
