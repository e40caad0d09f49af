"""The mean cross-entropy of yes-or-no questions, from their logits, over the targets that are known"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.activations import logistic
from minicrt.ops.shapes import Array


class BinaryLossCache(NamedTuple):
    logits: Array                                            # (...)
    targets: Array                                           # (...), 0 where not scored
    scored: Array                                            # (...) bool
    number: int                                              # N, at least 1


def binary_cross_entropy(logits: Array, targets: Array, scored: Array) -> tuple[Any, BinaryLossCache]:
    """loss = (1/N) Σ_scored −[t log σ(a) + (1 − t) log(1 − σ(a))],  a the logit, N the number of scored targets

    Computed as max(a, 0) − a t + log(1 + e^−|a|), which overflows nowhere. logits, targets, scored (...), targets in
    0 … 1, scored of booleans. What stands in `targets` where nothing is scored, NaN too, has no effect; no scored
    target at all gives loss 0. Raises InputError for shapes that differ, a `scored` that is not boolean, and scored
    targets outside 0 … 1. Source: docs/spec.md, 1.20.
    """
    for name, array in {"targets": targets, "scored": scored}.items():
        if np.shape(array) != np.shape(logits):
            raise InputError(f"binary_cross_entropy: {name} has shape {np.shape(array)}, expected that of the logits, "
                             f"{np.shape(logits)}")
    if scored.dtype != bool:
        raise InputError(f"binary_cross_entropy: scored has dtype {scored.dtype}, expected bool")
    targets = np.where(scored, targets, 0)
    if not ((targets.real >= 0) & (targets.real <= 1)).all():
        raise InputError("binary_cross_entropy: a target that is scored is not within 0 and 1")
    positive = logits.real > 0
    losses = np.where(positive, logits, 0) - logits * targets + np.log1p(np.exp(np.where(positive, -logits, logits)))
    count = max(int(np.count_nonzero(scored)), 1)
    return np.where(scored, losses, 0).sum() / count, BinaryLossCache(logits, targets, scored, count)


def binary_cross_entropy_backward(d_loss: Any, cache: BinaryLossCache) -> tuple[Array, Array]:
    """G_a = G_loss (σ(a) − t)/N,  G_t = −G_loss a/N,  both 0 where not scored"""
    logits, targets, scored, number = cache
    d_logits = np.where(scored, logistic(logits) - targets, 0)
    return d_loss / number * d_logits, -d_loss / number * np.where(scored, logits, 0)
