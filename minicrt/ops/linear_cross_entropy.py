"""Linear layer, softmax and cross-entropy in one, so that the (rows, V) logits never stand in memory at once"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.embedding import check_tokens
from minicrt.ops.linear import rows
from minicrt.ops.shapes import Array, check_shapes

IGNORE = -1                                                  # a target that is not scored
CHUNK = 512                                                  # rows of logits at a time


class LossCache(NamedTuple):
    """The gradient for d_loss = 1"""

    d_z: Array                                               # (..., D)
    d_table: Array                                           # (V, D)
    d_bias: Array                                            # (V,)


def linear_cross_entropy(z: Array, table: Array, bias: Array, targets: Array, chunk: int = CHUNK,
                         with_gradient: bool = True) -> tuple[Any, LossCache | None]:
    """loss = mean over scored rows of −log p[target],  p = softmax(z Eᵀ + b)

    z (..., D), table E (V, D), bias (V,), targets (...) integers; a target of −1 is not scored, and no scored target
    at all gives loss 0. Rows are taken `chunk` at a time. Since the loss is one number, its gradient is known up to the
    factor d_loss as soon as p is; it is formed then, while p is at hand, unless with_gradient is False.
    Raises InputError for shapes that do not fit or targets out of range. Source: docs/spec.md, 1.15.
    """
    targets, scored = checked_targets(z, table, bias, targets)
    count = max(len(scored), 1)
    z_rows = rows(z)
    loss = z.dtype.type(0)
    d_z, d_table, d_bias = np.zeros_like(z_rows), np.zeros_like(table, z.dtype), np.zeros_like(bias, z.dtype)
    for start in range(0, len(scored), chunk):
        some = scored[start:start + chunk]
        z_some, target = z_rows[some], targets[some]         # (chunk, D), (chunk,)
        row = np.arange(len(some))
        logits = z_some @ table.T                            # (chunk, V)
        logits += bias
        logits -= logits.real.max(-1, keepdims=True)
        at_target = logits[row, target]
        p = np.exp(logits, out=logits)
        total = p.sum(-1, keepdims=True)
        loss += (np.log(total[:, 0]) - at_target).sum() / count
        if with_gradient:
            p /= total * count                               # d_logits = (p - one_hot(target)) / count
            p[row, target] -= 1 / count
            d_z[some] = p @ table                            # logits = z @ table.T + bias
            d_table += p.T @ z_some
            d_bias += p.sum(0)
    return loss, LossCache(d_z.reshape(z.shape), d_table, d_bias) if with_gradient else None


def checked_targets(z: Array, table: Array, bias: Array, targets: Array) -> tuple[Array, Array]:
    """The targets as one row, and where one is scored."""
    check_shapes("linear_cross_entropy", z=(z, "... D"), table=(table, "V D"), bias=(bias, "V"))
    check_tokens("linear_cross_entropy: targets", targets, len(table), lowest=IGNORE)
    if np.shape(targets) != z.shape[:-1]:
        raise InputError(f"linear_cross_entropy: targets have shape {np.shape(targets)}, expected {z.shape[:-1]}")
    targets = np.ravel(targets)
    return targets, np.flatnonzero(targets != IGNORE)


def linear_cross_entropy_backward(d_loss: Any, cache: LossCache | None
                                  ) -> tuple[Array, Array, Array]:  # scalar -> (..., D), (V, D), (V,)
    """G_z = (p − y) E / N,  G_E = (p − y)ᵀ z / N,  G_b = Σ (p − y)/N,  each times G_loss; y one-hot, N rows scored"""
    if cache is None:
        raise InputError("linear_cross_entropy_backward: the forward pass ran with with_gradient=False")
    d_z, d_table, d_bias = cache
    return d_loss * d_z, d_loss * d_table, d_loss * d_bias
