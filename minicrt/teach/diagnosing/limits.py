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
SMALL = 1e-5                # values so small leave of an error only what does not vanish faster than they do
NEAR, SEEDS = 1e-3, range(3)


def right_within_limits(exercise: Exercise, function: Callable[..., Any]) -> Finding | None:
    if exercise.can("width") and is_right(exercise, function, partial(same, tolerance=exercise.tolerance), width=1):
        return Finding(("With D = 1 it is right: what goes wrong is something that a single number cannot show.",),
                       "width")
    if exercise.can("scale") and all(near(exercise, function, seed) for seed in SEEDS):
        return Finding(("For small values it is right: what is wrong fades as they do.",),
                       "small")
    return None


def near(exercise: Exercise, function: Callable[..., Any], seed: int) -> bool:
    """Every number by what the small values make of it: where they vanish, every softmax gives the same."""
    ours, theirs = both(exercise, function, seed, scale=SMALL)
    vanishing, _ = both(exercise, function, seed, scale=SMALL * SMALL)
    return len(theirs) == len(ours) and all(bool(np.all(np.abs(theirs[k] - ours[k]) <= NEAR * np.minimum(
        np.abs(ours[k]), np.abs(ours[k] - vanishing[k])))) for k in range(len(ours)))


def is_right(exercise: Exercise, function: Callable[..., Any], agree: Callable[[Array, Array], bool], **options: Any
             ) -> bool:
    for seed in SEEDS:
        right, theirs = both(exercise, function, seed, **options)
        if len(theirs) != len(right) or not all(map(agree, right, theirs)):
            return False
    return True


def both(exercise: Exercise, function: Callable[..., Any], seed: int, **options: Any
         ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """What is right for such arguments, and what the student has, if anything."""
    arguments = exercise.draw(np.random.default_rng([seed, 7]), **options)
    right = solved(exercise, arguments)
    return right, tuple(run(exercise, function, arguments, [value.shape for value in right]).values)
