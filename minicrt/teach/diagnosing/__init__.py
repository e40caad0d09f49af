"""What is wrong in a wrong answer, as far as its numbers say: the engine is that of minicrt.conformance

    known.py     wrong answers seen before, and the catalogue of an operation's mistakes
    simple.py    what is not finite; a factor, a sign, another order, a shift: of the outputs alone
    search.py    one small change of the solution (changed.py), named without giving it away (kinds.py)
    pairs.py     two of them, whose errors add up
    repair.py    one small change that makes the student's function right: its line
    limits.py    right for width 1, or for small values
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from minicrt.teach.diagnosing.draws import Draw, same, solved
from minicrt.teach.diagnosing.finding import Finding
from minicrt.teach.diagnosing.known import known_mistake, of_operation, two_known_mistakes
from minicrt.teach.diagnosing.limits import right_within_limits
from minicrt.teach.diagnosing.pairs import two_changes
from minicrt.teach.diagnosing.repair import Repairs, repaired, with_line
from minicrt.teach.diagnosing.search import changed_solution
from minicrt.teach.diagnosing.simple import less_precision, looks_like, never_the_same, not_finite, simple_change

__all__ = ["Draw", "Finding", "diagnose", "same", "solved"]


def diagnose(function: Callable[..., Any], draws: list[Draw], worst: int) -> Finding:
    """The likeliest mistake of a student's function; `worst` is the output that is furthest off."""
    first = draws[0]
    repairs = Repairs(function, draws)
    found = (less_precision(first) or never_the_same(function, first) or known_mistake(draws) or not_finite(first)
             or simple_change(draws))
    if found is None:
        found = changed_solution(draws)
        found = with_line(found, repairs) if found else (
            two_known_mistakes(draws) or repaired(repairs) or two_changes(draws) or of_operation(first))
    limits = right_within_limits(first.exercise, function)
    if found is None:
        seen = looks_like(first, worst)
        found = Finding((seen,) if seen else ()) if limits is None else limits
    elif limits is not None:
        found = dataclasses.replace(found, sentences=(*found.sentences, *limits.sentences),
                                    question=found.question or questions(first, limits.kind))
    return found if found.question else dataclasses.replace(found, question=questions(
        first, found.kind, first.exercise.outputs[worst], ""))


def questions(draw: Draw, *keys: str) -> str:
    """The exercise's question of the first of these keys that it has."""
    known = draw.exercise.questions
    return next((known[key] for key in keys if key in known), "")
