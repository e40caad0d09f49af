"""A parameter's gradient that has some of its segments' shares, or has them more than once: told by the complex step"""

import numpy as np

from minicrt.conformance.checking.catalogue import Known
from minicrt.conformance.checking.comparison import TensorComparison, listed
from minicrt.conformance.checking.distance import comparable, largest
from minicrt.conformance.checking.search import Explanation, Search
from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.conformance.mutation.complex_step import drawn
from minicrt.conformance.mutation.models import Model
from minicrt.conformance.mutation.mutants import has_equations

FEW = 2             # so many gradients are looked at: each takes some seconds
EXACT = 1e-6        # shares are whole numbers to so many digits


def shares_of_segments(search: Search) -> list[Explanation]:
    """Where nothing is wrong but one or two parameters' gradients."""
    case, wrong = search.comparison.case, search.comparison.wrong
    if case.kind != "model" or len(wrong) > FEW or not has_equations(case) or not all(
            row.name.startswith("d_parameters/") and is_comparable(row) for row in wrong):
        return []
    model = Model(case)
    found = [known_of(row, shares(model, case, row)) for row in wrong]
    known = tuple(one for one in found if one)
    return [Explanation(known, {}, len(search.handed), None)] if len(known) == len(wrong) else []


def is_comparable(row: TensorComparison) -> bool:
    return row.theirs is not None and comparable(row.theirs) and row.theirs.shape == row.tensor.value.shape


def shares(model: Model, case: GoldenCase, row: TensorComparison) -> list[int]:
    """How often each segment's part is in a gradient; empty where it is not made of them"""
    number = len(case.configuration["segments"])
    directions = [drawn(row.name, row.tensor.value.shape, k) for k in range(2 * number)]
    parts = np.array([[model.slope({}, {row.name: v}, n) for n in range(number)] for v in directions])
    theirs = np.array([float((np.asarray(row.theirs) * v).sum()) for v in directions])
    found = np.linalg.lstsq(parts, theirs, rcond=1e-9)[0]
    whole = [round(float(count)) for count in found]
    exact = largest(parts @ whole - theirs) <= EXACT * largest(theirs) and largest(found - whole) <= EXACT
    return whole if exact else []


def known_of(row: TensorComparison, counts: list[int]) -> Known | None:
    present = [str(n) for n, count in enumerate(counts) if count]
    if not present:
        return None
    if set(counts) <= {0, 1}:
        missing = listed(str(n) for n, count in enumerate(counts) if not count)
        name, sentence = f"of segments {listed(present)} alone", (
            f"The part of segments {missing} is not in it: it is assigned, or cleared, where it should be added to.")
    else:
        name, sentence = f"segments counted {listed(map(str, counts))} times", (
            "The parts of segments 0, 1 and so on are in it so many times: the sum is not cleared, or they are added "
            "more than once.")
    return Known(f"{row.name}: {name}", sentence, "backward")
