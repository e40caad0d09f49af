"""Two small changes of the solution that together give a student's numbers: the errors of both, added up"""

from collections.abc import Iterator

import numpy as np

from minicrt.conformance.mutation.program import Edit
from minicrt.teach.diagnosing.changed import Changeable
from minicrt.teach.diagnosing.draws import Draw, Values
from minicrt.teach.diagnosing.finding import Finding
from minicrt.teach.diagnosing.kinds import (
    FOR_MEAN,
    FOR_SUM,
    LESS_FACTOR,
    LESS_FUNCTION,
    LESS_TERM,
    SIGN,
    TRANSPOSED,
    kind_of_edit,
)
from minicrt.teach.diagnosing.search import named, solution_of

Array = np.ndarray
PLAIN = (LESS_TERM, LESS_FACTOR, LESS_FUNCTION, SIGN, TRANSPOSED, FOR_MEAN, FOR_SUM)
FAR = 1                     # no others are paired, and none more far-fetched: of two doublings anything can be made
CLOSE = 1e-7                # of what is added up: so near are the sums of what is then compared number by number


def two_changes(draws: list[Draw]) -> Finding | None:
    """Changes of two terms, whose errors add up: the simplest pair that gives every number in every draw."""
    first, exercise = draws[0], draws[0].exercise
    solution = solution_of(exercise.name, exercise)
    if solution is None:
        return None
    for one, other in pairs(first, solution):
        if all(both_give(draw, solution, one, other) for draw in draws):
            found = [named(exercise, solution, edit) for edit in (one, other)]
            return Finding(("There is more than one mistake.", *(finding.sentences[0] for finding in found)),
                           found[0].kind, next((finding.question for finding in found if finding.question), ""))
    return None


def pairs(draw: Draw, solution: Changeable) -> Iterator[tuple[Edit, Edit]]:
    """The pairs of changes whose errors add up to the student's, the simplest first: seen by the errors' sums, each
    entry with a weight of its own."""
    wanted = error(draw, draw.theirs)
    found = [(edit, off) for k, edit in enumerate(solution.edits) if edit.effort <= FAR and kind_of_edit(edit) in PLAIN
             and (off := error(draw, solution.result(k))) is not None and off.any()]
    if wanted is None or not found:
        return
    weights = np.random.default_rng(0).standard_normal(len(wanted))
    sums = np.array([off @ weights for _, off in found])
    order = np.argsort(sums)
    rest = wanted @ weights - sums
    near = CLOSE * (np.abs(sums) + np.abs(rest))
    begin, end = (np.searchsorted(sums[order], rest + side * near) for side in (-1, 1))
    places = [(k, int(j)) for k in range(len(found)) for j in order[begin[k]:end[k]]
              if j > k and not found[k][0].changes.keys() & found[j][0].changes.keys()]
    for k, j in sorted(places, key=lambda pair: found[pair[0]][0].effort + found[pair[1]][0].effort):
        if np.abs(found[k][1] + found[j][1] - wanted).max() <= draw.exercise.tolerance * len(wanted):
            yield found[k][0], found[j][0]


def error(draw: Draw, values: Values | None) -> Array | None:
    """How far all entries are off, each by the size of its output; none where they cannot be compared."""
    if values is None or [value.shape for value in values] != [value.shape for value in draw.right]:
        return None
    parts = [((theirs - ours) / (np.abs(ours).max(initial=0) or 1)).ravel() for ours, theirs in zip(draw.right, values)]
    found = np.concatenate(parts)
    return found if found.dtype.kind == "f" and np.isfinite(found).all() else None


def both_give(draw: Draw, solution: Changeable, one: Edit, other: Edit) -> bool:
    offs = [error(draw, solution.values(draw.arguments, edit)) for edit in (one, other)]
    wanted = error(draw, draw.theirs)
    return (wanted is not None and offs[0] is not None and offs[1] is not None
            and np.abs(offs[0] + offs[1] - wanted).max() <= draw.exercise.tolerance * len(wanted))
