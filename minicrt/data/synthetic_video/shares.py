"""How frequent each class is, and a set that has each as often as that"""

import numpy as np

from minicrt.errors import DataError

Array = np.ndarray


def skewed(kinds: int, skew: float) -> Array:
    """p_k = (k + 1)^−skew / Σ_j (j + 1)^−skew, k = 0 … kinds − 1 (Zipf): all alike where skew is 0"""
    weights = np.arange(1, kinds + 1) ** -float(skew)
    return weights / weights.sum()


def apportioned(shares: Array, videos: int) -> Array:
    """How many of `videos` each class gets: ⌊p_k n⌋, and one more for those with the largest remainders; then one at
    least, which the largest gives up.

    Raises DataError where there are fewer videos than classes.
    """
    if videos < len(shares):
        raise DataError(f"{videos} videos are fewer than the {len(shares)} classes, expected one of each at least")
    counts = np.floor(shares * videos).astype(np.int64)
    rest = np.argsort(counts - shares * videos, kind="stable")
    counts[rest[:videos - counts.sum()]] += 1
    for k in np.flatnonzero(counts == 0):
        counts[counts.argmax()] -= 1
        counts[k] = 1
    return counts
