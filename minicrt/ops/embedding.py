"""y = the rows of a table that the tokens name, times a constant"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.shapes import Array, check_shapes


class EmbeddingCache(NamedTuple):
    tokens: Array                                            # (...)
    vocabulary: int                                          # V
    scale: float


def embedding(tokens: Array, table: Array, scale: float = 1.0
              ) -> tuple[Array, EmbeddingCache]:             # (...) ints, (V, D) -> (..., D)
    """y_i = scale · E[token_i], a row gather. Returns y and the cache.

    Raises InputError for tokens that are not integers or lie outside 0 … V − 1. Source: docs/spec.md, 1.2.
    """
    check_shapes("embedding", table=(table, "V D"))
    check_tokens("embedding", tokens, len(table))
    y = table[tokens]                                        # a copy
    if scale != 1:
        y *= scale
    return y, EmbeddingCache(tokens, len(table), scale)


def embedding_backward(d_y: Array, cache: EmbeddingCache, into: Array | None = None
                       ) -> Array:                           # (..., D) -> (V, D)
    """G_E = scale · Oᵀ G_y with O the one-hot matrix of the tokens: a scatter-add, so a repeated token adds up.

    With `into` (V, D), G_E is added to that, and that is returned: a table has far more rows than a segment names.
    The sparse product does the scatter in compiled code; `np.add.at` takes several times as long.
    """
    from scipy import sparse  # here, for it takes 15 MB, which the kernels do without

    tokens, vocabulary, scale = cache
    flat = np.ravel(tokens)
    d_rows = d_y.reshape(len(flat), -1)
    one_hot = sparse.csr_array((np.full(len(flat), scale, d_y.real.dtype), flat, np.arange(len(flat) + 1)),
                               shape=(len(flat), vocabulary))
    d_table = one_hot.T @ d_rows                             # y = one_hot @ table
    if into is None:
        return d_table
    into += d_table
    return into


def check_tokens(operation: str, tokens: Array, vocabulary: int, lowest: int = 0) -> None:
    """Raise InputError unless `tokens` are integers from `lowest` to `vocabulary` − 1."""
    if not np.issubdtype(np.asarray(tokens).dtype, np.integer):
        raise InputError(f"{operation}: tokens have dtype {np.asarray(tokens).dtype}, expected integers")
    if np.size(tokens) and (np.min(tokens) < lowest or np.max(tokens) >= vocabulary):
        bad = np.min(tokens) if np.min(tokens) < lowest else np.max(tokens)
        raise InputError(f"{operation}: token {bad} is out of range, expected {lowest} to {vocabulary - 1}")
