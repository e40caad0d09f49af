"""A running average of the parameters, which is evaluated in their place."""

import numpy as np

Array = np.ndarray
CHUNK = 1 << 16


def effective_decay(decay: float, count: int) -> float:
    """min(decay, (1 + count) / (10 + count)): the average forgets the first, untrained parameters quickly."""
    return min(decay, (1 + count) / (10 + count))


def update_average(average: Array, flat: Array, decay: float, count: int) -> None:
    """average ← d average + (1 − d) flat, in place; d = effective_decay(decay, count), count = 1 after the first step.

    Written as average += (1 − d)(flat − average), in pieces that stay in the processor's cache.
    """
    rest = 1 - effective_decay(decay, count)
    for start in range(0, flat.size, CHUNK):
        part = average[start:start + CHUNK]
        part += rest * (flat[start:start + CHUNK] - part)
