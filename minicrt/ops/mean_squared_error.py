"""The mean of squared errors, over the targets that are known"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.shapes import Array


class SquaredErrorCache(NamedTuple):
    difference: Array                                        # (...), 0 where not scored
    scored: int                                              # N, at least 1


def mean_squared_error(y: Array, targets: Array, scored: Array) -> tuple[Any, SquaredErrorCache]:
    """loss = (1/N) Σ_scored (y − target)²,  N the number of scored targets

    y, targets, scored (...), the last of booleans. What stands in `targets` where nothing is scored, NaN too, has no
    effect; no scored target at all gives loss 0. Raises InputError for shapes that differ and for a `scored` that is
    not boolean. Source: docs/spec.md, 1.17.
    """
    for name, array in {"targets": targets, "scored": scored}.items():
        if np.shape(array) != np.shape(y):
            raise InputError(f"mean_squared_error: {name} has shape {np.shape(array)}, expected that of y, "
                             f"{np.shape(y)}")
    if scored.dtype != bool:
        raise InputError(f"mean_squared_error: scored has dtype {scored.dtype}, expected bool")
    difference = np.where(scored, y - targets, 0)
    count = max(int(np.count_nonzero(scored)), 1)
    return (difference * difference).sum() / count, SquaredErrorCache(difference, count)


def mean_squared_error_backward(d_loss: Any, cache: SquaredErrorCache) -> tuple[Array, Array]:
    """G_y = 2 G_loss (y − target)/N where scored, else 0;  G_target = −G_y"""
    d_y = 2 * d_loss / cache.scored * cache.difference
    return d_y, -d_y
