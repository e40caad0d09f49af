"""A function's definition that runs statement by statement, so that of a changed one a single line is compiled anew

What is evaluated is the package's own equations and changes of them, and nothing that a user hands in.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any, Protocol

from minicrt.conformance.mutation.syntax import located, replaced
from minicrt.errors import MinicrtError

SOURCE = "<equations>"
NEW = -1                                                     # the number of a statement that was put in
Changes = Mapping[int, Any]                                  # a node's number → the node, or nodes, in its place
Note = Callable[[str, Any, bool], Any]
CANNOT_BE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError, NameError,
             MemoryError, RecursionError, MinicrtError)      # what changed equations may raise


class Unexpected(Exception):                                 # noqa: N818 - a signal, and no error
    """A value is not what is expected."""


@dataclass(frozen=True)
class Step:
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


class Tree:
    """The definition, its nodes numbered from `first` on."""

    def __init__(self, definition: ast.FunctionDef, first: int) -> None:
        self.definition, self.name = definition, definition.name
        self.parameters = [argument.arg for argument in definition.args.args]
        nodes = list(ast.walk(definition))
        for k, node in enumerate(nodes):
            set_number(node, first + k)
        self.numbers = range(first, first + len(nodes))
        self.places = {number_of(child): (owner, name) for owner in nodes for name, value in ast.iter_fields(owner)
                       for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST)}
        statements = [node for node in nodes if isinstance(node, ast.stmt)]
        self.statement_of = {number_of(part): statement for statement in statements for part in own_nodes(statement)}
        self.inside = {number_of(node): frozenset(
            number_of(part) for part in ast.walk(node) if isinstance(part, ast.stmt)) for node in statements}
        self.around = {number: frozenset(outer for outer, parts in self.inside.items() if number in parts)
                       for number in self.inside}            # a statement and those that it lies in
        self.ready: dict[int, Step] = {}
        self.steps = self.compiled(definition.body, frozenset(), frozenset())

    def function(self, changes: Changes, running: Running) -> Callable[..., Any]:
        steps = self.changed_steps(changes) if changes else self.steps

        def call(*arguments: Any, **named: Any) -> Any:
            scope = dict(zip(self.parameters, arguments)) | named
            result = running.run(steps, scope, False)
            running.left.setdefault(self.name, scope)
            return result[0] if result else None
        call.__name__ = self.name
        return call

    def changed_steps(self, changes: Changes) -> tuple[Step, ...]:
        """With other nodes in the place of some; where one change lies inside of another's, both are made if the outer
        one keeps what the inner one is about."""
        changed = frozenset(number_of(self.statement_of[number]) for number in changes)
        anew = frozenset().union(*(self.around[number] for number in changed))
        for new in changes.values():
            located(new)
        with self.changed(changes):
            return self.compiled(self.definition.body, anew, changed)

    def compiled(self, body: list[ast.stmt], anew: frozenset[int], changed: frozenset[int]) -> tuple[Step, ...]:
        """`anew` are the statements that are changed themselves and those around them"""
        return tuple([self.step(statement, anew, changed) for statement in body])

    def step(self, node: Any, anew: frozenset[int], changed: frozenset[int]) -> Step:
        number = getattr(node, "number", NEW)
        if number in self.ready and number not in anew:      # nothing in it is changed
            return self.ready[number]
        known = self.ready.get(number) if number not in changed else None
        if isinstance(node, ast.For | ast.If):
            head = node.iter if isinstance(node, ast.For) else node.test
            given = names_given(node)
            code = known.code if known else compiled(head)
            parts = self.compiled(node.body, anew, changed), self.compiled(node.orelse, anew, changed)
            step = Step(type(node), code, number, given, *parts)
        elif isinstance(node, ast.Return):
            step = Step(ast.Return, compiled(node.value), number)
        else:
            code = compile(ast.Module([node], []), SOURCE, "exec")
            step = Step(type(node), code, number, names_given(node))
        if number != NEW and number not in anew:
            self.ready[number] = step
        return step

    def line(self, changes: Changes) -> str:
        """The one line that is changed, as it is then; empty where it is not one expression in one line."""
        lines = {number_of(line): line for line in (self.statement_of[number] for number in changes)}
        (line, *others) = lines.values()
        if others or isinstance(line, ast.For | ast.If) or any(isinstance(new, list) for new in changes.values()):
            return ""
        with self.changed(changes):
            return ast.unparse(line)

    @contextmanager
    def changed(self, changes: Changes) -> Iterator[None]:
        undo: list[tuple[ast.AST, str, Any]] = []
        try:
            for number in sorted(changes, reverse=True):     # what lies inside has the larger number
                owner, name = self.places[number]
                old = getattr(owner, name)
                undo.append((owner, name, old))
                setattr(owner, name, replaced(old, number, changes[number]))
            yield
        finally:
            for owner, name, old in reversed(undo):
                setattr(owner, name, old)


def own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """Of a statement, but not of those inside of it"""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]


def names_in(body: tuple[Step, ...]) -> list[str]:
    return list(dict.fromkeys(name for step in body for name in step.given))


def names_given(node: ast.stmt) -> tuple[str, ...]:
    if not isinstance(node, ast.Assign | ast.For):
        return ()
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return tuple(name.id for name in (target.elts if isinstance(target, ast.Tuple) else [target])
                 if isinstance(name, ast.Name))


def compiled(node: Any) -> CodeType:
    return compile(ast.Expression(node), SOURCE, "eval")


def number_of(node: Any) -> int:
    return node.number


def set_number(node: Any, number: int) -> None:
    node.number = number
