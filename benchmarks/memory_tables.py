"""What the memory's reading W_r is worth in language: cells of Penn Treebank before it and with it (docs/results.md)"""

from collections.abc import Callable, Sequence
from typing import Any

Cells = Sequence[dict[str, Any]]
READ = {"crt-gru": "memory and positions, GRU", "crt-ncgru": "memory and positions, NC-GRU",
        "crt-ncgru-writer": "the same, the writer's gradient", "crt-gru-reset": "memory alone, GRU"}


def reading(former: Cells, present: Cells, spread: Callable[[list[float]], str]) -> list[list[Any]]:
    """What is carried, the segment length, the number of seeds, and valid and test perplexity before and after W_r;
    over the seeds that both have"""
    before, after = by_model(former), by_model(present)
    rows = []
    for label, name in READ.items():
        for key in sorted(key for key in before.keys() & after.keys() if key[0] == label):
            both = seeds(before[key]) & seeds(after[key])
            rows.append([name, key[1], len(both), *(
                spread([cell["summary"][f"{part}_perplexity"] for cell in cells if cell["summary"]["seed"] in both])
                for cells in (before[key], after[key]) for part in ("valid", "test"))])
    return rows


def by_model(cells: Cells) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """(label, segment length) → its cells"""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for cell in cells:
        found.setdefault((cell["label"], cell["summary"]["segment_length"]), []).append(cell)
    return found


def seeds(cells: Cells) -> set[int]:
    return {cell["summary"]["seed"] for cell in cells}
