"""The tables of recall over segments, from the rows of `benchmarks.memory_tasks` and `benchmarks.memory_study`"""

from collections.abc import Sequence
from typing import Any

from benchmarks.memory_study import POSITIONS, groups, summary
from benchmarks.memory_tasks import ARMS, NAMES
from benchmarks.ptb_tables import CARRIERS
from benchmarks.report import rows_of

Rows = Sequence[dict[str, Any]]
AT = 8                                                       # segments of distance
NONE = "–"                                                   # not measured


def recalled(rows: Rows, former: Rows) -> str:
    """The accuracy of recall AT segments back, in segments of 6 tokens, each seed: of the default, and of the readout
    y + h that was the default before"""
    arms = ((arm, each_seed(rows, arm, 6, 3000), each_seed(former, arm, 6, 3000)) for arm in ARMS
            if not arm.startswith("carries"))
    return rows_of(["arm", f"recall at {AT} segments, each seed", "with y + h"],
                   [[arm, present, past] for arm, present, past in arms if present != NONE])


def by_task(rows: Rows) -> str:
    """The accuracy AT segments back, in segments of 6 tokens, of the arms that have learned every task: the lowest seed
    and the highest, and how many there are"""
    lines = []
    for arm in ARMS:
        found = [[row["accuracy"][row["distances"].index(AT)] for row in rows
                  if (row["task"], row["arm"], row["segment_length"]) == (task, arm, 6)] for task in NAMES]
        if all(found):
            lines.append([arm, "/".join(map(str, sorted({len(of_task) for of_task in found}))),
                          *map(lowest_to_highest, found)])
    return rows_of(["arm", "seeds", *NAMES], lines)


def lowest_to_highest(shares: Sequence[float]) -> str:
    return "–".join(dict.fromkeys((f"{min(shares):.2f}", f"{max(shares):.2f}")))


def recall_carriers(rows: Rows, former: Rows) -> str:
    """The same by what is carried, for each segment length, or by the memory alone with learned positions; and by the
    memory alone with y + h, trained for longer, or with learned positions."""
    memory, learned = "carries memory, k = 2", "CRT, k = 2"
    columns = [*((what, rows, f"carries {what}, k = 2", 3000) for _, what in CARRIERS),
               ("memory, positions learned", rows, learned, 3000), ("y + h: memory", former, memory, 3000),
               ("10,000 steps", former, memory, 10_000), ("positions learned", former, learned, 3000)]
    return rows_of(["T", *(head for head, *_ in columns)],
                   [[length, *(each_seed(of, arm, length, steps) for _, of, arm, steps in columns)]
                    for length in sorted({row["segment_length"] for row in rows if row["arm"] == memory})])


def each_seed(rows: Rows, arm: str, length: int, steps: int) -> str:
    """The accuracy of recall AT segments back"""
    found = [row for row in sorted(rows, key=lambda row: row["seed"])
             if (row["task"], row["arm"], row["segment_length"], row["steps"]) == ("recall", arm, length, steps)]
    return ", ".join(f"{row['accuracy'][row['distances'].index(AT)]:.2f}" for row in found) or NONE


def study_variants(rows: Rows) -> str:
    """Each variant where there are others beside it: seeds that solve recall, the median of the steps they need, and
    the accuracy of the seeds that do not."""
    found = groups(rows)
    compared = {(length, positions) for variant, length, positions in found if variant != "the default"}
    return rows_of(["variant", "T", "positions", "seeds that solve it", "steps, median", "the other seeds"],
                   [[variant, length, positions, *summary(of_group)]
                    for (variant, length, positions), of_group in found.items() if (length, positions) in compared])


def study_lengths(rows: Rows) -> str:
    """The default by segment length: seeds that solve recall, and the median of the steps they need."""
    found = {(length, positions): summary(of_group) for (variant, length, positions), of_group in groups(rows).items()
             if variant == "the default"}
    columns = [(positions, at, head) for positions in POSITIONS
               for at, head in enumerate(("seeds that solve it", "steps, median"))]
    return rows_of(["T", *(f"positions {positions}: {head}" for positions, _, head in columns)],
                   [[length, *(found.get((length, positions), ("–", "–"))[at] for positions, at, _ in columns)]
                    for length in sorted({length for length, _ in found})])
