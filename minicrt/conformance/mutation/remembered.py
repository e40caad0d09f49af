"""What a mutant need not compute again: loops that it does not touch, and functions with the arguments of a right run

A run without changes is kept. A mutant that comes to a loop with the same values, and changes nothing in it, goes on
behind it; a function that it does not change gives for the same arguments what it gave then.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicrt.conformance.mutation.steps import Note, Step
from minicrt.conformance.mutation.tree import Tree, number_of


@dataclass(frozen=True)
class Loop:
    """A loop in a function's body: the numbers of its statements, and of those in front of it; the functions that it
    calls, directly or not, and the names in it."""

    number: int
    statements: frozenset[int]
    before: frozenset[int]
    calls: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class Touched:
    """What changes are about: functions, themselves or in what they call; loops; and the loops behind which there is
    no change."""

    functions: frozenset[str] = frozenset()
    loops: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


@dataclass
class Kept:
    """What the names of a loop stood for before it and after it, and all that was noted in it."""

    before: dict[str, Any]
    after: dict[str, Any] = field(default_factory=dict)
    single: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, list[Any]] = field(default_factory=dict)
    wholes: dict[str, Any] = field(default_factory=dict)

    def note(self, name: str, value: Any, step: bool) -> None:
        if step:
            self.steps.setdefault(name, []).append(value)
        else:
            self.single[name] = value

    def whole(self, name: str, side_by_side: Callable[[list[Any]], Any]) -> Any:
        """All steps' values in one array"""
        if name not in self.wholes:
            self.wholes[name] = side_by_side(self.steps[name])
        return self.wholes[name]


class Remembered:
    """The loops of one right run; with `recording`, those of the run that it is handed to."""

    def __init__(self, loops: Mapping[int, Loop]) -> None:
        self.loops, self.kept, self.recording, self.open = loops, dict[int, Kept](), True, list[Kept]()

    def recorded(self, note: Note) -> Note:
        """The same, which is written down."""
        def noting(name: str, value: Any, step: bool) -> Any:
            found = note(name, value, step)
            for kept in self.open:
                kept.note(name, found, step)
            return found
        return noting if self.recording else note

    def begin(self, step: Step, scope: Mapping[str, Any]) -> None:
        if self.recording and step.number in self.loops:
            self.kept[step.number] = Kept(copied(scope, self.loops[step.number].names))
            self.open.append(self.kept[step.number])

    def end(self, step: Step, scope: Mapping[str, Any]) -> None:
        if self.recording and step.number in self.loops:
            self.open.pop().after = copied(scope, self.loops[step.number].names)

    def passed(self, step: Step, scope: dict[str, Any], repeat: Callable[[Kept], None], touched: "Touched") -> bool:
        """Whether the loop was passed over"""
        kept = self.kept.get(step.number)
        if self.recording or kept is None or step.number in touched.loops or not all(
                name in scope and equal(scope[name], value) and name_of(value) not in touched.functions
                for name, value in kept.before.items()):
            return False
        repeat(kept)
        scope.update(copied(kept.after, kept.after))
        return True


class Memory:
    """What functions gave in a right run, by their arguments; `computed` counts what was not known."""

    def __init__(self) -> None:
        self.recording, self.results, self.computed = True, dict[tuple[Any, ...], Any](), 0

    def call(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        key = key_of((name, *arguments))
        if key is not None and key in self.results:
            return self.results[key]
        result = function(*arguments)
        self.computed += 1
        if self.recording and key is not None:
            self.results[key] = result
        return result


def loops_of(trees: Mapping[str, Tree], needs: Mapping[str, Iterable[str]]) -> dict[int, Loop]:
    """Those of the functions, of which each needs others."""
    found = {}
    for tree in trees.values():
        before = set[int]()
        for node in tree.definition.body:
            if isinstance(node, ast.For):
                names = frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
                statements = frozenset(number_of(part) for part in ast.walk(node) if isinstance(part, ast.stmt))
                calls = frozenset(other for name in names & trees.keys() for other in needs[name])
                found[number_of(node)] = Loop(number_of(node), statements, frozenset(before), calls, names)
            before |= {number_of(part) for part in ast.walk(node) if isinstance(part, ast.stmt)}
    return found


def copied(scope: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Lists anew: they grow"""
    return {name: list(value) if isinstance(value := scope[name], list) else value for name in names if name in scope}


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if callable(one) and callable(other):
        return name_of(one) == name_of(other)
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, np.ndarray):                          # quicker than np.array_equal
        return one.shape == other.shape and bool((one == other).all())
    return np.array_equal(one, other)


def name_of(value: Any) -> str:
    """Of a function of the equations that is handed over"""
    return getattr(value, "__name__", "")


def key_of(arguments: Iterable[Any]) -> tuple[Any, ...] | None:
    """By which arguments are known again; None of what moves, and of functions"""
    parts: list[Any] = []
    for value in arguments:
        if isinstance(value, np.ndarray) and value.dtype.kind != "c":
            parts.append((value.shape, value.dtype.char, value.tobytes()))
        elif isinstance(value, Mapping):
            parts.append(id(value))
        elif value is None or isinstance(value, int | float | str):
            parts.append((type(value), value))
        else:
            return None
    return tuple(parts)
