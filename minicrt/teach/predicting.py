"""answer(name, numbers): what a student worked out on paper"""

import math
from typing import Any

import numpy as np

from minicrt.arguments import shown
from minicrt.errors import InputError
from minicrt.teach.exercise import Answer
from minicrt.teach.registry import answer_of
from minicrt.teach.running import is_undone
from minicrt.teach.verdict import Grade, listed


def answer(name: str, *values: Any) -> Grade:
    """Compare numbers with those that come out.

        teach.answer("04.h1", 0.5, -0.25)

    `values` are numbers, or arrays of them, in the order that the chapter asks for. No value, None or `...` is not
    attempted. Returns a Grade, true if every number is right to the tolerance, which it states.
    Raises InputError where there is no such prediction, or a value is no number.
    """
    asked = answer_of(name)
    if not values or any(is_undone(value) for value in values):
        return Grade("not attempted", (f"{name} asks for {', '.join(asked.values)}.",))
    numbers = [number for value in values for number in as_numbers(name, value)]
    if len(numbers) != len(asked.values):
        return Grade("wrong shape", (f"{name} got {len(numbers)} number{'s' * (len(numbers) != 1)}, expected "
                                     f"{len(asked.values)}: {', '.join(asked.values)}.",), "shape")
    whole = all(float(right).is_integer() for right in asked.values.values())
    accuracy = "" if whole else f" to {asked.tolerance:.1%}"
    off = [key for number, (key, right) in zip(numbers, asked.values.items()) if not near(asked, number, right)]
    if not off:
        return Grade("right", (f"{listed(list(asked.values))}{accuracy and f',{accuracy} or better'}.",))
    given = dict(zip(asked.values, numbers))
    right = [key for key in asked.values if key not in off]
    first = f"{listed(off)} {'is' if len(off) == 1 else 'are'} not right{accuracy}"
    sentences = [first + (f"; {listed(right)} {'is' if len(right) == 1 else 'are'}." if right else ".")]
    known = known_numbers(asked, given, off)
    if known:
        return Grade("wrong", tuple(sentences), "known", known)
    found = seen(asked, given, off[0])
    help_at_hand = [f"teach.hint({name!r}) gives a nudge."] if asked.hints and not found else []
    return Grade("wrong", (*sentences, *found, *help_at_hand), "")


def known_numbers(asked: Answer, given: dict[str, float], off: list[str]) -> str:
    """What is asked where the numbers, or one of the wrong ones, are known; else ''."""
    for wrong, words in asked.mistakes.items():
        if isinstance(wrong, tuple) and all(near(asked, *pair) for pair in zip(given.values(), wrong, strict=True)):
            return words
    return next((words for key in off for wrong, words in asked.mistakes.items()
                 if not isinstance(wrong, tuple) and near(asked, given[key], wrong)), "")


def near(asked: Answer, number: float, right: float) -> bool:
    return math.isclose(number, right, rel_tol=asked.tolerance, abs_tol=asked.tolerance if right == 0 else 0)


def seen(asked: Answer, given: dict[str, float], key: str) -> list[str]:
    """What a wrong number is of the right one, or of another that is asked for."""
    number, right = given[key], asked.values[key]
    found = []
    if right and near(asked, number, -right):
        found.append(f"{key} has the other sign.")
    elif right and any(near(asked, number, factor * right) for factor in (2, 0.5)):
        found.append(f"{key} is {'twice' if abs(number) > abs(right) else 'half of'} what it should be.")
    elif right and number and near(asked, number, 1 / right):
        found.append(f"{key} is one divided by what it should be.")
    others = [other for other, value in asked.values.items() if other != key and near(asked, number, value)]
    if others and not found:
        found.append(f"What you have for {key} is {others[0]}.")
    return found


def as_numbers(name: str, value: Any) -> list[float]:
    try:
        array = np.asarray(value, float)
    except (OverflowError, TypeError, ValueError):
        raise InputError(f"answer({name!r}, …) got {shown(value)}, expected a number") from None
    return [float(number) for number in array.ravel()]
