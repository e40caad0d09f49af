"""The tables of recall over segments, from the rows of `benchmarks.memory_tasks` and `benchmarks.memory_study`"""

from collections.abc import Sequence
from typing import Any

from benchmarks.memory_study import POSITIONS, groups, summary
from benchmarks.ptb_tables import CARRIERS
from benchmarks.report import rows_of

AT = 8                                                       # segments of distance


def recalled(rows: Sequence[dict[str, Any]]) -> str:
    """The accuracy of recall AT segments back, in segments of 6 tokens, each seed."""
    arms: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        if row["task"] == "recall" and row["segment_length"] == 6 and not row["arm"].startswith("carries"):
            arms.setdefault(row["arm"], []).append(f"{row['accuracy'][row['distances'].index(AT)]:.2f}")
    return rows_of(["arm", f"recall at {AT} segments, each seed"], [[arm, ", ".join(of)] for arm, of in arms.items()])


def recall_carriers(rows: Sequence[dict[str, Any]]) -> str:
    """The same by what is carried, for each segment length; and by the memory alone, trained for longer, or with
    learned positions."""
    shown = {(f"carries {what}, k = 2", 3000): what for _, what in CARRIERS} | {
        ("carries memory, k = 2", 10_000): "memory, 10,000 steps", ("CRT, k = 2", 3000): "memory, positions learned"}
    found: dict[int, dict[str, list[str]]] = {}
    for row in sorted(rows, key=lambda row: (row["segment_length"], row["seed"])):
        column = shown.get((row["arm"], row["steps"])) if row["task"] == "recall" else None
        if column is not None:
            of_length = found.setdefault(row["segment_length"], {})
            of_length.setdefault(column, []).append(f"{row['accuracy'][row['distances'].index(AT)]:.2f}")
    return rows_of(["T", *shown.values()],
                   [[length, *(", ".join(of.get(what, ["–"])) for what in shown.values())]
                    for length, of in found.items()])


def study_variants(rows: Sequence[dict[str, Any]]) -> str:
    """Each variant where there are others beside it: seeds that solve recall, the median of the steps they need, and
    the accuracy of the seeds that do not."""
    found = groups(rows)
    compared = {(length, positions) for variant, length, positions in found if variant != "the default"}
    return rows_of(["variant", "T", "positions", "seeds that solve it", "steps, median", "the other seeds"],
                   [[variant, length, positions, *summary(of_group)]
                    for (variant, length, positions), of_group in found.items() if (length, positions) in compared])


def study_lengths(rows: Sequence[dict[str, Any]]) -> str:
    """The default by segment length: seeds that solve recall, and the median of the steps they need."""
    found = {(length, positions): summary(of_group) for (variant, length, positions), of_group in groups(rows).items()
             if variant == "the default"}
    columns = [(positions, at, head) for positions in POSITIONS
               for at, head in enumerate(("seeds that solve it", "steps, median"))]
    return rows_of(["T", *(f"positions {positions}: {head}" for positions, _, head in columns)],
                   [[length, *(found.get((length, positions), ("–", "–"))[at] for positions, at, _ in columns)]
                    for length in sorted({length for length, _ in found})])
