"""What a scan's first steps tell already: of a mutant that is about a scan, hardly one has to be run over all steps

What comes behind the loop is computed from its first one or two steps alone. A result that the right run has then, row
by row, as in the end is compared with the port's rows of those steps.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from minicrt.conformance.mutation.remembered import copied
from minicrt.conformance.mutation.steps import CANNOT_BE, Running, Step, Unexpected

FIRST = 2                   # so many steps are told by themselves
Expected = Mapping[str, tuple[Any, float]]                   # a tensor's name → the port's, and how far it may be off


class Told(Exception):                                       # noqa: N818 - a signal, and no error
    """There is no more to compare."""


class FirstSteps:
    """Of a program's loops: `rows` are the results behind each that come row by row, and whether from the last on."""

    def __init__(self) -> None:
        self.rows, self.collected = dict[int, dict[str, bool]](), list[tuple[int, int, dict[str, Any]]]()

    def collect(self, step: Step, count: int, scope: Mapping[str, Any], rest: tuple[Step, ...], names: dict[str, Any]
                ) -> None:
        """In a right run, what the first steps give."""
        found = dict[str, Any]()

        def note(name: str, value: Any, in_step: bool) -> Any:
            found[name] = value
            return value
        run(Running(names, note), rest, scope)
        self.collected.append((step.number, count, found))

    def finish(self, values: Mapping[str, Any]) -> None:
        """With what the right run has in the end."""
        for number, count, found in self.collected:
            rows = {name: backwards for name, value in found.items() for backwards in (True, False)
                    if is_part(value, values.get(name), count, backwards)}
            kept = self.rows.setdefault(number, rows)
            self.rows[number] = {name: way for name, way in kept.items() if rows.get(name) is way}
        self.collected.clear()

    def compare(self, step: Step, count: int, scope: Mapping[str, Any], rest: tuple[Step, ...],
                names: dict[str, Any], expected: Expected) -> None:
        """Raises Unexpected where the first steps are not the port's."""
        waiting = {name: way for name, way in self.rows.get(step.number, {}).items() if name in expected}

        def note(name: str, value: Any, in_step: bool) -> Any:
            if name in waiting:
                theirs, allowed = expected[name]
                part = rows_of(theirs, count, waiting.pop(name))
                if np.shape(value) == part.shape and not (np.abs(value - part) <= allowed).all():
                    raise Unexpected
                if not waiting:
                    raise Told
            return value
        if waiting:
            run(Running(names, note), rest, scope)


def run(running: Running, rest: tuple[Step, ...], scope: Mapping[str, Any]) -> None:
    """As far as it goes: a sum over all steps cannot be made of some."""
    try:
        running.run(rest, copied(scope, scope), False)
    except (Told, *CANNOT_BE):
        return


def rows_of(value: Any, count: int, backwards: bool) -> Any:
    return value[:, -count:] if backwards else value[:, :count]


def is_part(value: Any, whole: Any, count: int, backwards: bool) -> bool:
    """Whether these are the first steps' rows of what has more of them"""
    if not isinstance(value, np.ndarray) or not isinstance(whole, np.ndarray) or whole.ndim < 2:
        return False
    part = rows_of(whole, count, backwards)
    return whole.shape[1] > count and value.shape == part.shape and np.allclose(value, part, rtol=1e-9, atol=1e-12)
