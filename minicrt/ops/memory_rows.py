"""What becomes of a memory's rows when a segment is written into them: the most changed alone, or all in a queue"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.activations import logistic
from minicrt.ops.shapes import Array, check_shapes


class SparseWriteCache(NamedTuple):
    written: Array                                           # (B, M, 1) bool


def sparse_write(new: Array, old: Array, most: int) -> tuple[Array, SparseWriteCache]:   # (B, M, D) -> (B, M, D)
    """y_i = new_i for the `most` rows i with the largest |new_i − old_i|², else old_i

    Of rows that change as much the first is taken. The choice itself takes no gradient.
    Raises InputError where the shapes do not fit, or `most` is not 1 to M.
    """
    sizes = check_shapes("sparse_write", new=(new, "B M D"), old=(old, "B M D"))
    if not 1 <= most <= sizes["M"]:
        raise InputError(f"sparse_write: most is {most}, expected 1 to {sizes['M']}, the number of rows")
    change = ((new - old).real ** 2).sum(-1)                 # (B, M)
    order = np.argsort(-change, axis=1, kind="stable")
    written = np.zeros(change.shape, bool)
    np.put_along_axis(written, order[:, :most], True, 1)
    return np.where(written[..., None], new, old), SparseWriteCache(written[..., None])


def sparse_write_backward(d_y: Array, cache: SparseWriteCache) -> tuple[Array, Array]:   # -> d_new, d_old
    """G_new = G_y of the rows that were written, G_old = G_y of the others, 0 elsewhere"""
    return np.where(cache.written, d_y, 0), np.where(cache.written, 0, d_y)


class PooledQueueCache(NamedTuple):
    keep: Array                                              # z, (M, D)
    before: Array                                            # m^{i−1}, with u for m^0, (B, M, D)
    m: Array                                                 # (B, M, D)


def pooled_queue(u: Array, m: Array, b: Array
                 ) -> tuple[Array, PooledQueueCache]:        # (B, D), (B, M, D), (M, D) -> (B, M, D)
    """y^i = z^i ⊙ m^i + (1 − z^i) ⊙ m^{i−1},  m^0 = u,  z = σ(b)

    u enters a queue of M rows, and every row moves on by one. With z^i = 0 a row is just handed on; a row with z^i near
    1 pools 1/(1 − z^i) of those that came to it: b (M, D). Raises InputError where the shapes do not fit.
    A cascade of leaky integrators, as the gamma memory of de Vries and Principe 1992, once a segment.
    """
    check_shapes("pooled_queue", u=(u, "B D"), m=(m, "B M D"), b=(b, "M D"))
    keep, before = logistic(b), np.concatenate([u[:, None], m[:, :-1]], axis=1)
    return keep * m + (1 - keep) * before, PooledQueueCache(keep, before, m)


def pooled_queue_backward(d_y: Array, cache: PooledQueueCache) -> tuple[Array, Array, Array]:    # -> d_u, d_m, d_b
    """G_{m^i} = z^i ⊙ G_{y^i} + (1 − z^{i+1}) ⊙ G_{y^{i+1}},  G_u = (1 − z^1) ⊙ G_{y^1},
    G_b = Σ G_y ⊙ (m^i − m^{i−1}) ⊙ z (1 − z)"""
    keep, before, m = cache
    handed_on = (1 - keep) * d_y                             # y = z m + (1 - z) before
    d_m = keep * d_y
    d_m[:, :-1] += handed_on[:, 1:]
    return handed_on[:, 0], d_m, (d_y * (m - before)).sum(0) * keep * (1 - keep)
