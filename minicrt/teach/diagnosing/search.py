"""The small change of the solution that gives a student's numbers"""

from contextlib import suppress
from functools import cache

import numpy as np

from minicrt.conformance.mutation.program import Edit
from minicrt.conformance.mutation.steps import CANNOT_BE
from minicrt.teach.diagnosing.changed import Changeable, alike
from minicrt.teach.diagnosing.draws import Draw, same, solved
from minicrt.teach.diagnosing.finding import Finding
from minicrt.teach.diagnosing.kinds import kind_of_edit
from minicrt.teach.diagnosing.spelling import fragment
from minicrt.teach.exercise import Exercise

SEED = 0                    # of the first draw: what each change gives is computed once for all wrong answers


@cache
def solution_of(name: str, exercise: Exercise) -> Changeable | None:
    """None where the solution cannot be read, or cannot be run line by line."""
    arguments = exercise.draw(np.random.default_rng([SEED, 0]))
    try:
        solution = Changeable.of_solution(exercise.solution, arguments)
        assert alike(solution.values(arguments), solved(exercise, arguments)) and solution.edits
    except (OSError, SyntaxError, *CANNOT_BE):
        return None
    return solution


def changed_solution(draws: list[Draw]) -> Finding | None:
    """What is changed, where one change gives every number; or two changes of different outputs, the worst first."""
    first, exercise = draws[0], draws[0].exercise
    solution = solution_of(exercise.name, exercise)
    if solution is None:
        return None
    complete, partial = list[Edit](), dict[tuple[int, ...], Edit]()
    for k, edit in enumerate(solution.edits):
        if complete and edit.effort > complete[0].effort:
            break
        explained = explained_by(first, solution.result(k))
        if explained == first.wrong and holds(draws[1:], solution, edit):
            complete.append(edit)
        elif explained and explained not in partial and holds_for(draws[1:], solution, edit, explained):
            partial[explained] = edit
    if complete:
        return named(exercise, solution, min(complete, key=lambda edit: rank(exercise, solution, edit)))
    return in_parts(first, solution, partial)


def explained_by(draw: Draw, values: tuple[np.ndarray, ...] | None) -> tuple[int, ...]:
    """The wrong outputs that the student has of this change, which leaves the others right; else none."""
    if values is None or len(values) != len(draw.right):
        return ()
    tolerance, explained = draw.exercise.tolerance, []
    for k, value in enumerate(values):
        if k in draw.wrong and same(value, draw.theirs[k], tolerance):
            explained.append(k)
        elif not same(value, draw.right[k], tolerance):
            return ()
    return tuple(explained)


def holds(others: list[Draw], solution: Changeable, edit: Edit) -> bool:
    return all(draw.agrees(solution.values(draw.arguments, edit)) for draw in others)


def holds_for(others: list[Draw], solution: Changeable, edit: Edit, outputs: tuple[int, ...]) -> bool:
    return all(explained_by(draw, solution.values(draw.arguments, edit)) == outputs for draw in others)


def in_parts(draw: Draw, solution: Changeable, partial: dict[tuple[int, ...], Edit]) -> Finding | None:
    """Changes of different outputs, which together explain all that is wrong."""
    left, found = set(draw.wrong), list[Finding]()
    for outputs, edit in sorted(partial.items(), key=lambda pair: (-len(pair[0]), pair[1].effort)):
        if set(outputs) <= left:
            left -= set(outputs)
            found.append(named(draw.exercise, solution, edit))
    if left or not found:
        return None
    head = "There is more than one mistake." if len(found) > 1 else ""
    sentences = tuple(sentence for finding in found for sentence in finding.sentences)
    return Finding(tuple(filter(None, (head, *sentences))), found[0].kind, found[0].question)


def named(exercise: Exercise, solution: Changeable, edit: Edit) -> Finding:
    kind = kind_of_edit(edit)
    known = sorted(set(edit.targets) - {"return"})
    place = f", where {known[0]} is computed" if len(known) == 1 else ""
    return Finding((f"The numbers are exactly what comes out when {kind.there}{place}.",), kind.key,
                   question_of(exercise, solution, edit))


def question_of(exercise: Exercise, solution: Changeable, edit: Edit) -> str:
    """Of the questions about a fragment that the changed lines no longer have: that about the shortest."""
    before, after = solution.lines(edit)
    lost = [key for key, text in fragments(exercise) if before.count(text) > after.count(text)]
    return exercise.questions[min(lost, key=len)] if lost else ""


def rank(exercise: Exercise, solution: Changeable, edit: Edit) -> tuple[bool, int]:
    """Of changes with the same numbers: one that has a name, and that whose question comes first."""
    asked, question = list(exercise.questions.values()), question_of(exercise, solution, edit)
    return kind_of_edit(edit).key == "order", asked.index(question) if question else len(asked)


@cache
def fragments(exercise: Exercise) -> tuple[tuple[str, str], ...]:
    """The questions' keys that are fragments of the solution, as they stand and as the search reads them."""
    found = []
    for key in exercise.questions:
        with suppress(SyntaxError):
            found.append((key, fragment(key, exercise.solution)))
    return tuple(found)
