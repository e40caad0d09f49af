"""The equations as syntax trees, and functions made of them with some nodes changed"""

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

from minicrt.conformance.mutation import functions, in_time
from minicrt.conformance.mutation.equations import MODULES
from minicrt.conformance.mutation.tree import Changes, Note, Running, Trail, Tree, number_of


@dataclass(frozen=True)
class Edit:
    """A small change of the equations.

    function  whose equation it is
    line      that equation, as it should be
    say       what it is as if, in that line, in words
    changes   what stands in the place of which node
    effort    how far-fetched it is: of those with the same numbers, the least is named
    detached  it changes nothing but gradients
    targets   the names whose values it changes first
    """

    function: str
    line: str
    say: Callable[[], str] = field(compare=False)
    changes: Changes = field(compare=False)
    effort: int = 0
    detached: bool = False
    targets: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        return self.say()


class Program:
    """The functions that one of the equations' functions needs, itself the last."""

    def __init__(self, trees: Mapping[str, Tree], names: Mapping[str, Any], root: str) -> None:
        self.names, self.root = names, root
        self.trees = dict(reversed(list(needed(trees, root).items())))

    @property
    def parameters(self) -> list[str]:
        return self.trees[self.root].parameters

    def statements(self, edit: "Edit") -> set[int]:
        """The numbers of the statements that an edit changes."""
        statement_of = self.trees[edit.function].statement_of
        return {number_of(statement_of[number]) for number in edit.changes}

    def function(self, changes: Changes, note: Note, **other: Any) -> Callable[..., Any]:
        """The root with these changes; `note` is handed every value that a name is given, and returns it. `other`
        functions stand in the place of those of the same names."""
        return self.running(changes, note, **other)[0]

    def running(self, changes: Changes, note: Note, trail: Trail | None = None, **other: Any
                ) -> tuple[Callable[..., Any], Running]:
        running = Running(names := {**self.names, **other}, note, trail=trail)
        for name, tree in self.trees.items():
            mine = {number: new for number, new in changes.items() if number in tree.numbers}
            names[name] = tree.function(mine, running)
        return names[self.root], running

    def scopes(self, call: Callable[[Callable[..., Any]], Any]) -> dict[str, dict[str, Any]]:
        """What each function's names stand for in the end, in one run: `call` runs the root."""
        root, running = self.running({}, lambda name, value, step: value)
        call(root)
        return running.left


@cache
def program(root: str) -> Program:
    """The equations of that name."""
    trees, names = parsed(MODULES)
    return Program(trees, names, root)


def tree_of(function: str) -> Tree:
    return parsed(MODULES)[0][function]


def exists(root: str) -> bool:
    return root in parsed(MODULES)[0]


@cache
def parsed(modules: tuple[ModuleType, ...]) -> tuple[dict[str, Tree], dict[str, Any]]:
    """Empty where the package was installed without its source: then there are no mutants."""
    trees: dict[str, Tree] = {}
    names = {**vars(functions), **vars(in_time)}
    number = 0
    try:
        sources = [inspect.getsource(module) for module in modules]
    except OSError:
        return {}, {}
    for module, source in zip(modules, sources):
        names |= vars(module)
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                trees[node.name] = Tree(node, number)
                number = trees[node.name].numbers.stop
    return trees, names


def needed(trees: Mapping[str, Tree], root: str) -> dict[str, Tree]:
    found = {root: trees[root]}
    for node in ast.walk(trees[root].definition):
        if isinstance(node, ast.Name) and node.id in trees and node.id not in found:
            found |= needed(trees, node.id)
    return found
