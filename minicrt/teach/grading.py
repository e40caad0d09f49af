"""grade(name, function): the student's own function on random arguments, beside the solution"""

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from minicrt.arguments import check_whole, kind_of
from minicrt.conformance.checking.distance import distance
from minicrt.errors import InputError
from minicrt.teach.exercise import Exercise
from minicrt.teach.properties import PropertyExercise, judged_property
from minicrt.teach.registry import exercise_of
from minicrt.teach.running import Outcome, is_stub, is_undone, run
from minicrt.teach.verdict import STUCK, Grade, listed

DRAWS = 5                   # so many times arguments are drawn
DIAGNOSED = 2               # so many of them must agree with what is said of a mistake


def grade(name: str, answer: Any, seed: int = 0) -> Grade:
    """Run an answer to an exercise and say in words how it did.

    Arguments
        name    of an exercise: teach.contents()
        answer  the student's function; it is called with the exercise's arguments in order, on copies
        seed    of the arguments: their sizes are random, unequal and 2 or more

    Returns a Grade, true if right: not attempted (an untouched stub, None, `...` or NotImplementedError), not
    comparable (an exception, the wrong number or shape of outputs), wrong, or right. Of a wrong one it tells the worst
    output, what the numbers say, and a question; never the equation. A property that the student wrote is right if it
    holds for the functions that have it and for no other; of a wrong one it tells for which.
    Raises InputError where there is no such exercise.
    """
    exercise = exercise_of(name)
    check_whole("seed", seed, 0)
    if is_undone(answer) or is_stub(answer):
        return Grade("not attempted", (f"{name} is an empty stub.", STUCK.format(name=name)))
    if not callable(answer):
        raise InputError(f"grade({name!r}, …) got {kind_of(answer)}, expected the function itself: "
                         f"grade({name!r}, my_function), without brackets behind it")
    if isinstance(exercise, PropertyExercise):
        return judged_property(exercise, answer, seed)
    for k in range(DRAWS):
        rng = np.random.default_rng([seed, k])
        result = judged(exercise, answer, rng)
        if result is not None:
            return result
    return Grade("right", (f"{name} agrees with the reference in {listed(exercise.outputs)}, on {DRAWS} random "
                           "draws.",))


def judged(exercise: Exercise, answer: Callable[..., Any], rng: np.random.Generator) -> Grade | None:
    """A grade if the answer is not right for these arguments."""
    from minicrt.teach.diagnosing import Draw, solved

    arguments = exercise.draw(rng)
    right = solved(exercise, arguments)
    outcome = run(exercise, answer, arguments, [value.shape for value in right])
    if not outcome.values:
        moved = in_another_order(exercise, outcome, right)   # a grade is true only if right
        return incomparable(exercise, outcome) if moved is None else moved
    draw = Draw(exercise, arguments, right, outcome.values)
    return wrong(answer, draw) if draw.wrong else None


def in_another_order(exercise: Exercise, outcome: Outcome, right: Sequence[np.ndarray]) -> Grade | None:
    """Where shapes differ because all outputs are right and stand in other places."""
    from minicrt.teach.diagnosing import same

    places = [next((k for k, ours in enumerate(right) if same(ours, theirs, exercise.tolerance)), None)
              for theirs in outcome.misshapen]
    if sorted(k for k in places if k is not None) != list(range(len(right))):
        return None
    returned = listed([exercise.outputs[k] for k in places if k is not None])
    return Grade("wrong shape", (f"every output is right, but they are returned in another order: {returned}.",),
                 "outputs", f"Which comes first of {listed(exercise.outputs)}?")


def incomparable(exercise: Exercise, outcome: Outcome) -> Grade:
    if outcome.not_attempted:
        return Grade("not attempted", (outcome.not_attempted, STUCK.format(name=exercise.name)))
    return Grade("wrong shape", (outcome.problem,), "shape", exercise.questions.get("shape", ""))


def wrong(answer: Callable[..., Any], draw: Any) -> Grade:
    """The worst output and where; what the numbers say; a question."""
    from minicrt.teach.diagnosing import diagnose

    exercise = draw.exercise
    worst = max(draw.wrong, key=lambda k: distance(draw.right[k], draw.theirs[k]).relative)
    with redirect_stdout(StringIO()):                        # what it prints has been seen
        draws = [*fixed_draws(exercise, answer), draw]
        finding = diagnose(answer, draws if draws[0].wrong else [one for one in draws if one.wrong], worst)
    return Grade("wrong", (place(draw, worst), *finding.sentences), finding.kind, finding.question)


def fixed_draws(exercise: Exercise, answer: Callable[..., Any]) -> list[Any]:
    """The arguments that the search works with: the same for every answer."""
    from minicrt.teach.diagnosing import Draw, solved
    from minicrt.teach.diagnosing.search import SEED

    draws = []
    for k in range(DIAGNOSED):
        arguments = exercise.draw(np.random.default_rng([SEED, k]))
        right = solved(exercise, arguments)
        outcome = run(exercise, answer, arguments, [value.shape for value in right])
        if outcome.values:
            draws.append(Draw(exercise, arguments, right, outcome.values))
    return draws


def place(draw: Any, worst: int) -> str:
    """Where it is furthest off, and which outputs are right."""
    names, apart = draw.exercise.outputs, distance(draw.right[worst], draw.theirs[worst])
    where = f" at {list(apart.index)}" if apart.index else ""
    right = [name for k, name in enumerate(names) if k not in draw.wrong]
    also = [names[k] for k in draw.wrong if k != worst]
    rest = f" Wrong as well: {', '.join(also)}." if also else ""
    rest += f" Right: {', '.join(right)}." if right else ""
    return (f"{names[worst]}{where} is {apart.theirs:.6g}, expected {apart.ours:.6g} (relative error "
            f"{apart.relative:.1e}).{rest}")
