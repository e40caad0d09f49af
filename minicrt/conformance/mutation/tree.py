"""A function's definition that runs statement by statement, so that of a changed one a single line is compiled anew"""

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import CodeType
from typing import Any

from minicrt.conformance.mutation.steps import Running, Step
from minicrt.conformance.mutation.syntax import located, replaced

SOURCE = "<equations>"
NEW = -1                                                     # the number of a statement that was put in
Changes = Mapping[int, Any]                                  # a node's number → the node, or nodes, in its place
SHARED = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)  # of these Python has one for all trees


class Tree:
    """The definition, its nodes numbered from `first` on."""

    def __init__(self, definition: ast.FunctionDef, first: int) -> None:
        self.definition, self.name = definition, definition.name
        self.parameters = [argument.arg for argument in definition.args.args]
        nodes = [node for node in ast.walk(definition) if not isinstance(node, SHARED)]
        for k, node in enumerate(nodes):
            set_number(node, first + k)
        self.numbers = range(first, first + len(nodes))
        self.nodes, self.ready = nodes, dict[int, Step]()

    @cached_property
    def places(self) -> dict[int, tuple[ast.AST, str]]:
        """Whose field each node is"""
        return {number_of(child): (owner, name) for owner in self.nodes for name, value in ast.iter_fields(owner)
                for child in (value if isinstance(value, list) else [value])
                if isinstance(child, ast.AST) and not isinstance(child, SHARED)}

    @cached_property
    def statements(self) -> list[ast.stmt]:
        return [node for node in self.nodes if isinstance(node, ast.stmt)]

    @cached_property
    def statement_of(self) -> dict[int, ast.stmt]:
        return {number_of(part): statement for statement in self.statements for part in own_nodes(statement)}

    @cached_property
    def around(self) -> dict[int, frozenset[int]]:
        """A statement and those that it lies in"""
        inside = {number_of(node): frozenset(number_of(part) for part in ast.walk(node) if isinstance(part, ast.stmt))
                  for node in self.statements}
        return {number: frozenset(outer for outer, parts in inside.items() if number in parts) for number in inside}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return self.compiled(self.definition.body, frozenset(), frozenset())

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
        """`anew` are the statements that are changed themselves and those around them; the others are ready"""
        ready, numbers = self.ready, [getattr(statement, "number", NEW) for statement in body]
        return tuple([ready[number] if number in ready and number not in anew else self.step(statement, number, anew,
                      changed) for number, statement in zip(numbers, body)])

    def step(self, node: Any, number: int, anew: frozenset[int], changed: frozenset[int]) -> Step:
        known = self.ready.get(number) if number not in changed else None
        if isinstance(node, (ast.For, ast.If)):              # noqa: UP038 - a union would be made every time
            head = node.iter if isinstance(node, ast.For) else node.test
            code, given = (known.code, known.given) if known else (compiled(head), names_given(node))
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
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, (ast.stmt, *SHARED))]


def names_given(node: ast.stmt) -> tuple[str, ...]:
    if not isinstance(node, (ast.Assign, ast.For)):          # noqa: UP038
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
