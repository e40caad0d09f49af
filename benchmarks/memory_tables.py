"""What the memory's reading W_r, and starts without a state, are worth in language: cells of Penn Treebank before and
after (docs/results.md)"""

from collections.abc import Callable, Sequence
from typing import Any

Cells = Sequence[dict[str, Any]]
CARRIED = {"crt-gru": "memory and positions, GRU", "crt-ncgru": "memory and positions, NC-GRU",
           "crt-ncgru-writer": "the same, the writer's gradient", "crt-gru-reset": "memory alone, GRU"}
PERPLEXITIES = {"valid": "valid_perplexity", "test": "test_perplexity"}
WITH_THE_CUT = PERPLEXITIES | {"valid, memory cut": "valid_perplexity_memory_cut"}


def compared(former: Cells, present: Cells, spread: Callable[[list[float]], str],
             figures: dict[str, str] = PERPLEXITIES) -> list[list[Any]]:
    """What is carried, the segment length, the number of seeds, and the figures before and after; over the seeds that
    both have"""
    before, after = by_model(former), by_model(present)
    rows = []
    for label, name in CARRIED.items():
        for key in sorted(key for key in before.keys() & after.keys() if key[0] == label):
            both = seeds(before[key]) & seeds(after[key])
            rows.append([name, key[1], len(both), *(
                spread([cell["summary"][figure] for cell in cells if cell["summary"]["seed"] in both])
                for cells in (before[key], after[key]) for figure in figures.values())])
    return rows


def by_model(cells: Cells) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """(label, segment length) → its cells"""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for cell in cells:
        found.setdefault((cell["label"], cell["summary"]["segment_length"]), []).append(cell)
    return found


def seeds(cells: Cells) -> set[int]:
    return {cell["summary"]["seed"] for cell in cells}
