"""y = x W + b"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.ops.shapes import Array, check_shapes


class LinearCache(NamedTuple):
    x: Array                                                 # (..., I)
    weight: Array                                            # (I, O)
    has_bias: bool


def linear(x: Array, weight: Array, bias: Array | None = None
           ) -> tuple[Array, LinearCache]:                   # (..., I), (I, O), (O,) -> (..., O)
    """y = x W + b, with W stored (in, out). Returns y and the cache.

    Over all leading axes at once: one matrix product of (rows, I) with (I, O). `bias` may be None.
    Raises InputError where the shapes do not fit. Source: docs/spec.md, 1.1.
    """
    check_shapes("linear", x=(x, "... I"), weight=(weight, "I O"), bias=(bias, "O"))
    y = (rows(x) @ weight).reshape(*x.shape[:-1], weight.shape[1])
    if bias is not None:
        y = y + bias
    return y, LinearCache(x, weight, bias is not None)


def linear_backward(d_y: Array, cache: LinearCache
                    ) -> tuple[Array, Array, Any]:  # (..., O) -> (..., I), (I, O), (O,) or None
    """G_x = G_y Wᵀ, G_W = xᵀ G_y, G_b = Σ G_y (sums over every leading axis)."""
    x, weight, has_bias = cache
    d_y_rows = rows(d_y)
    d_x = (d_y_rows @ weight.T).reshape(x.shape)             # y = x @ weight + bias
    d_weight = rows(x).T @ d_y_rows
    d_bias = d_y_rows.sum(0) if has_bias else None
    return d_x, d_weight, d_bias


def rows(x: Array) -> Array:                                 # (..., D) -> (rows, D)
    """All leading axes as one, so that a product over them is one call of BLAS and not one per batch row."""
    return np.reshape(x, (-1, x.shape[-1]))
