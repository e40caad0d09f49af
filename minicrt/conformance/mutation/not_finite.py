"""What is made of a port's NaN and infinities before any mutant is tried"""

import numpy as np

from minicrt.conformance.checking.search import Search


def hidden_scores(search: Search) -> dict[str, float]:
    """What a port with NaN sets them to: then a row that sees nothing is NaN"""
    first = search.handed[search.start].theirs
    return {"HIDDEN": -np.inf} if first is not None and first.dtype.kind == "f" and np.isnan(first).any() else {}


def tells_something(search: Search) -> bool:
    """Whether a wrong tensor has a number at all: many a change gives NaN everywhere. A loss of NaN is tried all the
    same, as of no scored target."""
    return search.handed[search.start].tensor.value.ndim == 0 or any(
        row.wrong and row.theirs is not None and row.theirs.dtype.kind == "f" and np.isfinite(row.theirs).any()
        for row in search.handed)
