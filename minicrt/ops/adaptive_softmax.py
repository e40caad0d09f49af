"""A softmax in two steps for a large vocabulary: a frequent word at once, a rare one through its cluster"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.clusters import Cluster, clusters
from minicrt.ops.embedding import check_tokens
from minicrt.ops.linear import linear, linear_backward, rows
from minicrt.ops.linear_cross_entropy import CHUNK, IGNORE, linear_cross_entropy, linear_cross_entropy_backward
from minicrt.ops.shapes import Array, check_shapes


class Parts(NamedTuple):
    """The operations of which this one is made: those of this module's package, or their kernels"""

    linear: Callable[..., Any]
    linear_backward: Callable[..., Any]
    linear_cross_entropy: Callable[..., Any]
    linear_cross_entropy_backward: Callable[..., Any]
    cluster_loss: Callable[..., Any]                         # as linear_cross_entropy, of a cluster's rows
    cluster_loss_backward: Callable[..., Any]                # (d_loss, cache, into) -> G_z, G_bias; G_table into `into`
    zeros: Callable[..., Array]                              # (shape, dtype) -> an array


class TailCache(NamedTuple):
    rows: Array                                              # whose targets are words of the cluster (n_i,)
    share: float                                             # n_i/N
    projected: Any                                           # of linear: z P_i
    loss: Any                                                # of cluster_loss


class AdaptiveCache(NamedTuple):
    head: Any                                                # of linear_cross_entropy
    clusters: list[tuple[Cluster, TailCache | None]]         # None where no word of a cluster occurs
    shortlist: int                                           # S
    shapes: tuple[tuple[int, ...], ...]                      # of bias, projection and tails


def add_into(d_loss: Any, cache: Any, into: Array) -> tuple[Array, Array]:
    d_z, d_table, d_bias = linear_cross_entropy_backward(d_loss, cache)
    into += d_table
    return d_z, d_bias


SPECIFIED = Parts(linear, linear_backward, linear_cross_entropy, linear_cross_entropy_backward, linear_cross_entropy,
                  add_into, np.zeros)


def adaptive_softmax(z: Array, head: Array, bias: Array, projection: Array, tails: Array, targets: Array,
                     cutoffs: Sequence[int], div_value: float = 1.0, chunk: int = CHUNK, with_gradient: bool = True
                     ) -> tuple[Any, AdaptiveCache | None]:
    """loss = mean over scored rows of −log p[target].  With q = softmax(z Hᵀ + b) over S words and K clusters:

        p[w] = q[w]                       w < S, the shortlist
        p[w] = q[S + i] t_i[w − c_i]      c_i <= w < c_{i+1}, cluster i = 0 … K − 1,  t_i = softmax((z P_i) E_iᵀ + b_i)

    Words are numbered by frequency, the most frequent 0. `cutoffs` are c_0 = S, …, c_{K−1}; c_K is the vocabulary V.

    z           (..., D)
    head        H (S + K, D): a row for each word of the shortlist, then one for each cluster
    bias        (V + K,): of the head's S + K rows, then of the words from S on
    projection  (D, Σ d_i): P_0 … P_{K−1} side by side, d_i = max(1, ⌊D / div_value^(i+1)⌋)
    tails       (Σ n_i d_i,): E_0 … E_{K−1}, (n_i, d_i) each, row by row, n_i = c_{i+1} − c_i
    targets     (...) integers; a target of −1 is not scored, and no scored target at all gives loss 0

    A cluster costs what the rows cost whose targets are in it. Rows are taken `chunk` at a time. Order of the clusters
    and shapes are PyTorch's, which has no bias in the tails. The gradient is formed in this pass, up to d_loss, unless
    with_gradient is False. Raises InputError for shapes that do not fit, cutoffs that do not rise within the
    vocabulary, targets out of range. Source: Grave et al. 2017 (arXiv 1609.04309); docs/spec.md, 1.25.
    """
    return forward_by(SPECIFIED, z, head, bias, projection, tails, targets, cutoffs, div_value, chunk, with_gradient)


def adaptive_softmax_backward(d_loss: Any, cache: AdaptiveCache | None, into: Array | None = None
                              ) -> tuple[Array, Array, Array, Array, Array]:
    """G_z, G_head, G_bias, G_projection, G_tails. Each softmax has (p − y)/N · G_loss as the gradient of its scores, y
    one-hot; in the head, y of a rare word is that of its cluster. Through P_i to z: G_z += G_{zP} P_iᵀ.

    With `into` (Σ n_i d_i,), G_tails is added to that, and that is returned: it is nearly all of the gradient.
    """
    return backward_by(SPECIFIED, d_loss, cache, into)


def forward_by(parts: Parts, z: Array, head: Array, bias: Array, projection: Array, tails: Array, targets: Array,
               cutoffs: Sequence[int], div_value: float, chunk: int, with_gradient: bool
               ) -> tuple[Any, AdaptiveCache | None]:
    found = checked_clusters("adaptive_softmax", z, head, bias, projection, tails, cutoffs, div_value)
    S, K = cutoffs[0], len(found)
    check_tokens("adaptive_softmax: targets", targets, len(bias) - K, lowest=IGNORE)
    if np.shape(targets) != z.shape[:-1]:
        raise InputError(f"adaptive_softmax: targets have shape {np.shape(targets)}, expected {z.shape[:-1]}")
    targets, z_rows = np.ravel(targets), rows(z)
    members = [np.flatnonzero((targets >= c.first) & (targets < c.last)) for c in found]
    at_head = np.array(targets)
    for i, member in enumerate(members):
        at_head[member] = S + i
    count = max(int(np.count_nonzero(targets != IGNORE)), 1)
    loss, head_cache = parts.linear_cross_entropy(z, head, bias[:S + K], at_head.reshape(z.shape[:-1]), chunk,
                                                  with_gradient)
    caches: list[tuple[Cluster, TailCache | None]] = []
    for c, member in zip(found, members):
        if len(member):
            projected, linear_cache = parts.linear(z_rows[member], projection[:, c.columns])
            tail_loss, loss_cache = parts.cluster_loss(projected, c.table(tails), bias[c.first + K:c.last + K],
                                                       targets[member] - c.first, chunk, with_gradient)
            share = len(member) / count                      # of a mean over the cluster's rows in that over all
            loss += share * tail_loss
            caches.append((c, TailCache(member, share, linear_cache, loss_cache)))
        else:
            caches.append((c, None))
    shapes = bias.shape, projection.shape, tails.shape
    return loss, AdaptiveCache(head_cache, caches, S, shapes) if with_gradient else None


def backward_by(parts: Parts, d_loss: Any, cache: AdaptiveCache | None, into: Array | None
                ) -> tuple[Array, Array, Array, Array, Array]:
    if cache is None:
        raise InputError("adaptive_softmax_backward: the forward pass ran with with_gradient=False")
    d_z, d_head, d_head_bias = parts.linear_cross_entropy_backward(d_loss, cache.head)
    d_z = np.array(d_z)                                      # it is added to below, and may be the cache's own
    of_bias, of_projection, of_tails = cache.shapes
    d_bias, d_projection = parts.zeros(of_bias, d_z.dtype), parts.zeros(of_projection, d_z.dtype)
    d_tails = parts.zeros(of_tails, d_z.dtype) if into is None else into
    d_bias[:len(d_head_bias)] = d_head_bias
    K = len(d_head_bias) - cache.shortlist
    for c, tail in cache.clusters:
        if tail is None:
            continue
        factor = d_z.dtype.type(d_loss * tail.share)         # the cluster's mean counts as much as it has rows
        d_projected, d_bias[c.first + K:c.last + K] = parts.cluster_loss_backward(factor, tail.loss, c.table(d_tails))
        d_z_some, d_projection[:, c.columns], _ = parts.linear_backward(d_projected, tail.projected)
        rows(d_z)[tail.rows] += d_z_some                     # projected = z @ P_i; each row has one cluster
    return d_z, d_head, d_bias, d_projection, d_tails


def adaptive_log_probabilities(z: Array, head: Array, bias: Array, projection: Array, tails: Array,
                               cutoffs: Sequence[int], div_value: float = 1.0) -> Array:                   # -> (..., V)
    """log p of every word, for generation and for what asks after all words; for targets alone the loss costs less.

    Arguments, equations and errors are those of `adaptive_softmax`. Source: docs/spec.md, 1.25.
    """
    found = checked_clusters("adaptive_log_probabilities", z, head, bias, projection, tails, cutoffs, div_value)
    S, K = cutoffs[0], len(found)
    z_rows = rows(z)
    log_q = log_softmax(z_rows @ head.T + bias[:S + K])      # (rows, S + K)
    log_p = np.empty((len(z_rows), len(bias) - K), log_q.dtype)
    log_p[:, :S] = log_q[:, :S]
    for i, c in enumerate(found):
        scores = (z_rows @ projection[:, c.columns]) @ c.table(tails).T + bias[c.first + K:c.last + K]
        log_p[:, c.first:c.last] = log_q[:, S + i, None] + log_softmax(scores)
    return log_p.reshape(*z.shape[:-1], -1)


def log_softmax(scores: Array) -> Array:
    scores = scores - scores.real.max(-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))


def checked_clusters(operation: str, z: Array, head: Array, bias: Array, projection: Array, tails: Array,
                     cutoffs: Sequence[int], div_value: float) -> list[Cluster]:
    """The clusters, once the arrays have the shapes that follow from the cutoffs."""
    D = check_shapes(operation, z=(z, "... D"), head=(head, "S D"), bias=(bias, "V"))["D"]
    K = len(cutoffs)
    try:
        found = clusters(len(bias) - K, D, cutoffs, div_value)
    except InputError as error:
        raise InputError(f"{operation}: {error}") from None
    last = found[-1]
    for name, array, shape in (("head", head, (cutoffs[0] + K, D)), ("projection", projection, (D, last.columns.stop)),
                               ("tails", tails, (last.entries.stop,))):
        if np.shape(array) != shape:
            raise InputError(f"{operation}: {name} has shape {np.shape(array)}, expected {shape} with {len(bias) - K} "
                             f"words, cutoffs {', '.join(map(str, cutoffs))} and div_value {div_value:g}")
    return found
