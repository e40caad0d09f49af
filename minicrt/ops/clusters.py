"""Which words are a cluster of an adaptive softmax, and where its arrays stand in those of all clusters"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.shapes import Array


class Cluster(NamedTuple):
    first: int                                               # c_i, its first word
    last: int                                                # c_{i+1}, one behind its last word
    width: int                                               # d_i
    columns: slice                                           # of P_i in `projection` (D, Σ d_i)
    entries: slice                                           # of E_i in `tails` (Σ n_i d_i,)

    def table(self, tails: Array) -> Array:                  # (Σ n_i d_i,) -> (n_i, d_i)
        """E_i, a view"""
        return tails[self.entries].reshape(self.last - self.first, self.width)


def clusters(vocabulary: int, width: int, cutoffs: Sequence[int], div_value: float = 1.0) -> list[Cluster]:
    """Cluster i has the words c_i … c_{i+1} − 1, with d_i = max(1, ⌊D / div_value^(i+1)⌋) numbers each.

    Raises InputError unless 0 < c_0 < c_1 < … < V, there is a cutoff at all, and div_value is at least 1.
    """
    bounds = [0, *cutoffs, vocabulary]
    whole = all(isinstance(cutoff, (int, np.integer)) and not isinstance(cutoff, bool) for cutoff in cutoffs)
    if not (len(bounds) > 2 and whole and all(a < b for a, b in zip(bounds, bounds[1:-1]))):
        raise InputError(f"cutoffs are {', '.join(map(str, cutoffs)) or 'none'}, expected whole numbers that rise from "
                         "above 0")
    if cutoffs[-1] >= vocabulary:
        raise InputError(f"cutoffs are {', '.join(map(str, cutoffs))}, expected whole numbers below the vocabulary's "
                         f"{vocabulary}")
    if not (math.isfinite(div_value) and div_value >= 1):
        raise InputError(f"div_value is {div_value}, expected 1 or more: what the width is divided by from cluster to "
                         "cluster")
    found, column, entry, own = [], 0, 0, width
    for i, (first, last) in enumerate(zip(bounds[1:], bounds[2:])):
        own = max(1, int(width // div_value ** (i + 1))) if own > 1 else 1       # no power is too large for a float
        found.append(Cluster(first, last, own, slice(column, column + own), slice(entry, entry + (last - first) * own)))
        column, entry = column + own, entry + (last - first) * own
    return found


def default_cutoffs(vocabulary: int) -> tuple[int, ...]:
    """3/40, 3/20 and 3/4 of the vocabulary, which for WikiText-103's 267,735 words are close to the 20,000, 40,000 and
    200,000 of Transformer-XL; those of a small vocabulary that are the same count once."""
    found = {max(1, round(vocabulary * share)) for share in (3 / 40, 3 / 20, 3 / 4)}
    return tuple(sorted(cutoff for cutoff in found if cutoff < vocabulary))
