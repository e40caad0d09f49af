"""The cross-entropy of classes, with a weight for each class and smoothed labels"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.embedding import check_tokens
from minicrt.ops.linear import rows
from minicrt.ops.linear_cross_entropy import IGNORE
from minicrt.ops.shapes import Array, check_shapes


class WeightedLossCache(NamedTuple):
    log_p: Array                                             # (rows, K)
    q: Array                                                 # the smoothed targets (rows, K), 0 where not scored
    weights: Array                                           # w (K,)
    total: Any                                               # S, or 1 where nothing has weight
    counts: Array                                            # how often each class is a target (K,)
    loss: Any
    shape: tuple[int, ...]                                   # of the scores


def weighted_cross_entropy(logits: Array, targets: Array, weights: Array, smoothing: float = 0.0
                           ) -> tuple[Any, WeightedLossCache]:           # (..., K), (...), (K,) -> ()
    """loss = (1/S) Σ_i Σ_k q_ik w_k (−log p_ik),  p = softmax(logits),  S = Σ_i w_{target_i}

    q_i = (1 − ε) onehot(target_i) + ε/K, ε the `smoothing`. logits (..., K), targets (...) integers, −1 where a row is
    not scored; weights w (K,), 1 each for none. Where all scored rows together have no weight, the loss is 0.
    Raises InputError for shapes that do not fit, targets out of range, a negative weight, ε outside 0 <= ε < 1.
    Sources: docs/spec.md, 1.19; the smoothing: Szegedy et al. 2016 (arXiv 1512.00567), section 7.
    """
    K = check_shapes("weighted_cross_entropy", logits=(logits, "... K"), weights=(weights, "K"))["K"]
    check_tokens("weighted_cross_entropy: targets", targets, K, lowest=IGNORE)
    if np.shape(targets) != logits.shape[:-1]:
        raise InputError(f"weighted_cross_entropy: targets have shape {np.shape(targets)}, expected "
                         f"{logits.shape[:-1]}")
    if not (weights.real >= 0).all():
        raise InputError(f"weighted_cross_entropy: a weight is {weights.real.min()}, expected 0 or more for each class")
    if not 0 <= smoothing < 1:
        raise InputError(f"weighted_cross_entropy: smoothing is {smoothing}, expected 0 <= smoothing < 1")
    targets = np.ravel(targets)
    one_hot = (targets[:, None] == np.arange(K)).astype(logits.real.dtype)               # all 0 where not scored
    q = (1 - smoothing) * one_hot + smoothing / K * (targets != IGNORE)[:, None].astype(one_hot.dtype)
    counts = one_hot.sum(0)
    total = (counts * weights).sum()
    total = total if total.real > 0 else total.dtype.type(1)
    shifted = rows(logits) - rows(logits).real.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    loss = -(q * weights * log_p).sum() / total
    return loss, WeightedLossCache(log_p, q, weights, total, counts, loss, logits.shape)


def weighted_cross_entropy_backward(d_loss: Any, cache: WeightedLossCache
                                    ) -> tuple[Array, Array]:            # scalar -> (..., K), (K,)
    """G_logits = G_loss (p_ik Σ_j q_ij w_j − q_ik w_k)/S;  G_w = G_loss (Σ_i q_ik (−log p_ik) − n_k loss)/S, n_k the
    number of targets of class k"""
    log_p, q, weights, total, counts, loss, shape = cache
    weighted = q * weights                                   # loss = -sum(q w log_p) / S, S = sum(n w)
    d_logits = np.exp(log_p) * weighted.sum(-1, keepdims=True) - weighted
    d_weights = -(q * log_p).sum(0) - counts * loss
    return (d_loss / total * d_logits).reshape(shape), d_loss / total * d_weights
