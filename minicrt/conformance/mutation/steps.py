"""A function's statements as steps that run one by one, and what sees the values that they give names

What is evaluated is the package's own equations, or, in the course, a student's function, which is run anyway, and
small changes of them.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any, NamedTuple, Protocol

from minicrt.errors import MinicrtError

Note = Callable[[str, Any, bool], Any]
CANNOT_BE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError, NameError,
             MemoryError, RecursionError, MinicrtError)      # what changed equations may raise


class Unexpected(Exception):                                 # noqa: N818 - a signal, and no error
    """A value is not what is expected."""


class Step(NamedTuple):
    """A statement ready to run: `code` of a loop is what it goes through, of an `if` its test, of a return its value.

    given    the names that it gives values
    """

    kind: type[ast.stmt]
    code: CodeType
    number: int
    given: tuple[str, ...] = ()
    body: tuple["Step", ...] = ()
    otherwise: tuple["Step", ...] = ()


class Loops(Protocol):
    """What may be done at a loop of a function's body (`shortcuts`)."""

    def passed(self, step: Step, scope: dict[str, Any]) -> bool: ...

    def begin(self, step: Step, scope: dict[str, Any]) -> None: ...

    def after_step(self, step: Step, scope: dict[str, Any], rest: tuple[Step, ...], names: dict[str, Any]) -> None: ...

    def end(self, step: Step, scope: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class Running:
    """The names outside, what is handed every value that is given a name, and the scopes that functions left."""

    names: dict[str, Any]
    note: Note
    left: dict[str, dict[str, Any]] = field(default_factory=dict)
    trail: "Trail | None" = None
    loops: Loops | None = None

    def run(self, steps: tuple[Step, ...], scope: dict[str, Any], in_loop: bool) -> tuple[Any, ...]:
        """(result,) of a return, or ()."""
        trail, names, note = self.trail, self.names, self.note
        for k, step in enumerate(steps):
            result: tuple[Any, ...] = ()
            if trail:
                trail.begin(step.number)
            if step.kind is ast.For:
                result = self.run_loop(step, scope, in_loop, steps[k + 1:])
            elif step.kind is ast.If:
                chosen = step.body if eval(step.code, names, scope) else step.otherwise
                result = self.run(chosen, scope, in_loop)
            elif step.kind is ast.Return:
                result = (eval(step.code, names, scope),)
            else:
                exec(step.code, names, scope)
                for name in step.given:
                    scope[name] = note(name, scope[name], in_loop)
            if trail:
                trail.active.pop()
            if result:
                return result
        return ()

    def run_loop(self, step: Step, scope: dict[str, Any], in_loop: bool, rest: tuple[Step, ...]) -> tuple[Any, ...]:
        if self.loops and not in_loop:
            self.loop(self.loops, step, scope, rest)
            return ()
        result: tuple[Any, ...] = ()
        inner = replace(self, note=lambda name, value, step: value) if in_loop else self
        for value in eval(step.code, self.names, scope):
            scope[step.given[0]] = value
            result = result or inner.run(step.body, scope, True)
        for name in names_in(step.body) if in_loop else ():  # of a loop in a step the last values count
            if name in scope:
                scope[name] = self.note(name, scope[name], True)
        return result

    def loop(self, loops: Loops, step: Step, scope: dict[str, Any], rest: tuple[Step, ...]) -> None:
        """One in a function's body, which does not return from there, with what is known of it."""
        if loops.passed(step, scope):
            return
        loops.begin(step, scope)
        for value in eval(step.code, self.names, scope):
            scope[step.given[0]] = value
            self.run(step.body, scope, True)
            loops.after_step(step, scope, rest, self.names)
        loops.end(step, scope)


class Trail:
    """The numbers of the statements that were begun, in their order, and of those that are not over."""

    def __init__(self) -> None:
        self.begun, self.active = list[int](), list[int]()

    def begin(self, number: int) -> None:
        self.begun.append(number)
        self.active.append(number)


def names_in(body: tuple[Step, ...]) -> list[str]:
    return list(dict.fromkeys(name for step in body for name in step.given))
