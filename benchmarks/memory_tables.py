"""The table of what the memory's reading W_r is worth in language (docs/results.md)"""

from collections.abc import Callable, Sequence
from typing import Any

Cells = Sequence[dict[str, Any]]
READ = {"crt-gru": "memory and positions, GRU", "crt-ncgru": "memory and positions, NC-GRU",
        "crt-gru-reset": "memory alone, GRU"}


def reading(former: Cells, cells: Cells, spread: Callable[[list[float]], str]) -> list[list[Any]]:
    """What is carried, the number of seeds, and valid and test perplexity at T = 35 before and after W_r; over the
    seeds that both have"""
    rows = []
    for label, name in READ.items():
        before, after = (summaries(some, label) for some in (former, cells))
        both = sorted(before.keys() & after.keys())
        if both:
            rows.append([name, len(both), *(spread([of[seed][f"{part}_perplexity"] for seed in both])
                                            for of in (before, after) for part in ("valid", "test"))])
    return rows


def summaries(cells: Cells, label: str, length: int = 35) -> dict[int, dict[str, Any]]:
    """Of a model's cells, by seed"""
    return {cell["summary"]["seed"]: cell["summary"] for cell in cells
            if cell["label"] == label and cell["summary"]["segment_length"] == length}
