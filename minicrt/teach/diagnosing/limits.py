"""Whether a wrong answer is right for width 1, or for small values: what a scalar or a small number cannot show"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minicrt.teach.diagnosing.draws import same, solved
from minicrt.teach.diagnosing.finding import Finding
from minicrt.teach.exercise import Exercise
from minicrt.teach.running import run

Array = np.ndarray
SMALL = 1e-5                # values so small leave of an error only what does not vanish with them
NEAR = 1e-3


def right_within_limits(exercise: Exercise, function: Callable[..., Any]) -> Finding | None:
    if exercise.can("width") and is_right(exercise, function, partial(same, tolerance=exercise.tolerance), width=1):
        return Finding(("With D = 1 it is right: what goes wrong is something that a single number cannot show.",),
                       "width")
    if exercise.can("scale") and is_right(exercise, function, near_everywhere, scale=SMALL):
        return Finding(("For small values it is right: what is wrong fades as they do.",),
                       "small")
    return None


def near_everywhere(ours: Array, theirs: Array) -> bool:
    """Every number by its own size: what is small in itself is not right for being small."""
    return bool(np.all(np.abs(theirs - ours) <= NEAR * np.abs(ours)))


def is_right(exercise: Exercise, function: Callable[..., Any], agree: Callable[[Array, Array], bool], **options: Any
             ) -> bool:
    for seed in range(3):
        arguments = exercise.draw(np.random.default_rng([seed, 7]), **options)
        right = solved(exercise, arguments)
        outcome = run(exercise, function, arguments, [value.shape for value in right])
        if len(outcome.values) != len(right) or not all(
                agree(ours, theirs) for ours, theirs in zip(right, outcome.values)):
            return False
    return True
