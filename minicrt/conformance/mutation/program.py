"""The equations as syntax trees, and functions made of them with some nodes changed"""

import ast
import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from types import ModuleType
from typing import Any

import numpy as np

from minicrt.conformance.mutation import functions, in_time, replacements
from minicrt.conformance.mutation.equations import MODULES
from minicrt.conformance.mutation.remembered import Loop, Memory, Touched, loops_of
from minicrt.conformance.mutation.steps import Loops, Note, Running, Trail
from minicrt.conformance.mutation.tree import Changes, Tree, number_of


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
    number    its place among the program's, the simplest first: no two have the same
    """

    function: str
    line: str
    say: Callable[[], str] = field(compare=False)
    changes: Changes = field(compare=False)
    effort: int = 0
    detached: bool = False
    targets: frozenset[str] = frozenset()
    number: int = -1

    @property
    def words(self) -> str:
        return self.say()

    def numbered(self, number: int) -> "Edit":
        return Edit(self.function, self.line, self.say, self.changes, self.effort, self.detached, self.targets, number)


class Program:
    """The functions that one of the equations' functions needs, itself the last."""

    def __init__(self, trees: Mapping[str, Tree], names: Mapping[str, Any], root: str) -> None:
        self.names, self.root = names, root
        self.trees = dict(reversed(list(needed(trees, root).items())))
        self.known_touched = dict[frozenset[int], Touched]()

    def with_names(self, **other: Any) -> "Program":
        """The same with other values of some names outside"""
        program = copy.copy(self)
        program.names = {**self.names, **other}
        return program

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

    def running(self, changes: Changes, note: Note, trail: Trail | None = None, loops: Loops | None = None,
                memory: Memory | None = None, **other: Any) -> tuple[Callable[..., Any], Running]:
        """`loops` says what is known of the loops, `memory` has what functions gave before."""
        running = Running(names := {**self.names, **other}, note, trail=trail, loops=loops)
        changed = self.changed_functions(changes) if changes else frozenset()
        for name, tree in self.trees.items():
            mine = {number: new for number, new in changes.items() if number in tree.numbers} if name in changed else {}
            function = tree.function(mine, running)
            known = memory and name in self.without_places and not self.needs[name] & changed
            names[name] = partial(memory.call, name, function) if memory and known else function
        return names[self.root], running

    def outside(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Arrays that are known and not handed to the root, by names that mean nothing else."""
        parameters = self.parameters
        return {name: value for name, value in known.items() if name not in parameters and name not in self.names
                and isinstance(value, np.ndarray) and value.dtype.kind == "f"}

    def changed_functions(self, changes: Changes) -> frozenset[str]:
        return frozenset(self.owners[number] for number in changes if number in self.owners)

    @cached_property
    def owners(self) -> dict[int, str]:
        """The function in which each node lies"""
        return {number: name for name, tree in self.trees.items() for number in tree.numbers}

    @cached_property
    def needs(self) -> dict[str, frozenset[str]]:
        """Of each function those that it calls, directly or not, and itself"""
        return {name: frozenset(needed(self.trees, name)) for name in self.trees}

    @cached_property
    def without_places(self) -> frozenset[str]:
        """The functions that give their result and do nothing else"""
        placing = {name for name, tree in self.trees.items() for node in ast.walk(tree.definition)
                   if isinstance(node, ast.Name) and node.id == "place"}
        return frozenset(name for name, others in self.needs.items() if not others & placing)

    @cached_property
    def loops(self) -> dict[int, Loop]:
        return loops_of(self.trees, self.needs)

    def touched(self, changes: Changes) -> Touched:
        statements = frozenset(self.statement_numbers[number] for number in changes if number in self.statement_numbers)
        if statements not in self.known_touched:
            self.known_touched[statements] = self.touched_by(statements) if statements else Touched()
        return self.known_touched[statements]

    @cached_property
    def statement_numbers(self) -> dict[int, int]:
        """Of each node that of its statement"""
        return {number: number_of(statement) for tree in self.trees.values()
                for number, statement in tree.statement_of.items()}

    def touched_by(self, statements: frozenset[int]) -> Touched:
        changed = frozenset(self.owners[number] for number in statements)
        loops = [loop for loop in self.loops.values() if loop.statements & statements or loop.calls & changed]
        last = frozenset(loop.number for loop in self.loops.values()
                         if statements <= loop.before | loop.statements - {loop.number})
        functions = frozenset(name for name, needs in self.needs.items() if needs & changed)
        return Touched(functions, frozenset(loop.number for loop in loops), last)

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


def has_source() -> bool:
    """Whether the package was installed with its source"""
    return bool(parsed(MODULES)[0])


@cache
def parsed(modules: tuple[ModuleType, ...]) -> tuple[dict[str, Tree], dict[str, Any]]:
    """Empty where the package was installed without its source: then there are no mutants."""
    trees: dict[str, Tree] = {}
    names = {**vars(functions), **vars(in_time), **vars(replacements)}
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
