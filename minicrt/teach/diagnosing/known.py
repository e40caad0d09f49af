"""Wrong answers that are known beforehand: the exercise's own mistakes, and the catalogue of its operation"""

import inspect
from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.conformance.checking.catalogue import OperationCatalogue
from minicrt.conformance.checking.comparison import compare
from minicrt.conformance.checking.search import Experience, Search
from minicrt.conformance.golden.operations import case_of
from minicrt.errors import MinicrtError
from minicrt.teach.diagnosing.draws import Draw, Values
from minicrt.teach.diagnosing.finding import Finding
from minicrt.teach.exercise import Exercise, Mistake

EFFORT = 20_000             # of the catalogue's search: each mistake alone, and no pairs
CANNOT_BE = (ArithmeticError, LookupError, TypeError, ValueError)


def known_mistake(draws: list[Draw]) -> Finding | None:
    """The exercise's own mistake that gives the student's numbers, in every draw."""
    exercise = draws[0].exercise
    for mistake in exercise.mistakes:
        function = with_mistake(exercise, mistake)
        if function and all(draw.agrees(values_of(function, draw)) for draw in draws):
            return Finding((f"The numbers say: {mistake.says}.",), "known", mistake.asks)
    return None


def two_known_mistakes(draws: list[Draw]) -> Finding | None:
    """Two of the exercise's own mistakes that together give the student's numbers, in every draw."""
    exercise = draws[0].exercise
    for first, second, both in pairs(exercise):
        function = with_mistake(exercise, both)
        if function and all(draw.agrees(values_of(function, draw)) for draw in draws):
            return Finding((f"The numbers say two things: {first.says}; and {second.says}.",), "known", first.asks)
    return None


@cache
def pairs(exercise: Exercise) -> tuple[tuple[Mistake, Mistake, Mistake], ...]:
    """Two mistakes, and both of them at once where each leaves the other's place as it is."""
    try:
        source = inspect.getsource(exercise.solution)
    except OSError:                                          # installed without its source
        return ()
    found = []
    for first, second in combinations(exercise.mistakes, 2):
        after = source
        for old, new in first.changes.items():
            after = after.replace(old, new)
        if all(after.count(old) == source.count(old) for old in second.changes):
            found.append((first, second, Mistake({**first.changes, **second.changes}, "")))
    return tuple(found)


@cache
def with_mistake(exercise: Exercise, mistake: Mistake) -> Callable[..., Any] | None:
    """The solution with a mistake in it; None where the package was installed without its source."""
    module: Any = inspect.getmodule(exercise.solution)
    try:
        source = inspect.getsource(exercise.solution)
    except OSError:
        return None
    for old, new in mistake.changes.items():
        source = source.replace(old, new)
    scope = {"np": np, **vars(module)}
    exec(compile(source, f"<{exercise.name}>", "exec"), scope)
    return scope[exercise.solution.__name__]


def values_of(function: Callable[..., Any], draw: Draw) -> Values | None:
    try:
        with np.errstate(all="ignore"):
            returned = function(*(np.copy(value) if isinstance(value, np.ndarray) else value for value in (
                draw.arguments[name] for name in draw.exercise.parameters)))
            values = returned if isinstance(returned, tuple) else (returned,)
            return tuple(np.asarray(value) for value in values)
    except CANNOT_BE:
        return None


def of_operation(draw: Draw) -> Finding | None:
    """A mistake of the operation's catalogue. Its name is told, its sentence is not: that holds the equation."""
    exercise = draw.exercise
    if not exercise.operation:
        return None
    taken = inspect.signature(getattr(ops, exercise.operation)).parameters
    inputs = {name: draw.arguments[name] for name in taken if draw.arguments.get(name) is not None}
    try:
        case = case_of(exercise.name, exercise.operation, inputs, np.asarray(draw.arguments["upstream"]))
        comparison = compare(case, dict(zip(exercise.outputs, draw.theirs)))
        if comparison.unknown or comparison.ok:
            return None
        found = Search(comparison, OperationCatalogue(case), Experience(effort_left=EFFORT)).explanations()
    except MinicrtError:
        return None
    if not found or not found[0].complete or len(found[0].known) > 1:
        return None
    return Finding((f"The numbers are those of a known mistake, “{found[0].known[0].name}”.",), "known")
