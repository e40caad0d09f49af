"""Attention that scores how far a key lies back, not where it stands (Transformer-XL)"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.attention import causal_mask, merged, softmax, split, transposed
from minicrt.ops.shapes import Array, check_shapes


class RelativeAttentionCache(NamedTuple):
    p: Array                                                 # the probabilities, (B, H, S, J)
    q_u: Array                                               # q + u, (B, H, S, K)
    q_w: Array                                               # q + w, (B, H, S, K)
    k: Array                                                 # (B, H, J, K)
    v: Array                                                 # (B, H, J, K)
    r: Array                                                 # (1, H, J, K)
    scale: float                                             # 1/√K


def relative_attention(q: Array, k: Array, v: Array, r: Array, u: Array, w: Array, heads: int,
                       mask: Array | None = None             # (B, S, D), (B, J, D), (B, J, D), (J, D) -> (B, S, D)
                       ) -> tuple[Array, RelativeAttentionCache]:
    """y = softmax(s + mask) v,  s_ij = ((q_i + u)·k_j + (q_i + w)·r_{d(i,j)}) / √K, in each of H heads of width K.

    The queries are the last S of the J rows, so key j lies d(i, j) = i + J − S − j rows before query i. `r` holds the
    projected table of distances J−1, …, 0 in this order, that is, distance d in row J − 1 − d. `u` and `w` (D,) are
    the biases of content and position (u and v in the paper). `mask` (S, J), True where a query may look, replaces the
    causal mask and may not show what lies ahead, for which there is no row of r.
    Raises InputError where shapes do not fit, H does not divide D, or a query sees no key.
    Source: Dai et al. 2019 (arXiv 1901.02860).
    """
    sizes = check_shapes("relative_attention", q=(q, "B S D"), k=(k, "B J D"), v=(v, "B J D"), r=(r, "J D"),
                         u=(u, "D"), w=(w, "D"))
    S, J, D = (sizes[letter] for letter in "SJD")
    if heads < 1 or D % heads:
        raise InputError(f"relative_attention: the width {D} is not divisible by {heads} heads")
    causal = causal_mask(S, J)
    mask = causal if mask is None else mask
    if mask.shape != (S, J) or not mask.any(-1).all() or (mask & ~causal).any():
        raise InputError(f"relative_attention: the mask has shape {mask.shape}, expected ({S}, {J}) with a visible key "
                         "in every row and none ahead of its query (True = visible; causal needs J >= S)")
    scale = 1 / float(np.sqrt(D // heads))
    q_u, q_w = split(q + u, heads), split(q + w, heads)                  # (B, H, S, K)
    k, v, r = split(k, heads), split(v, heads), split(r[None], heads)    # (B, H, J, K), r: (1, H, J, K)
    scores = (q_u @ transposed(k) + shifted(q_w @ transposed(r))) * scale                # (B, H, S, J)
    p = softmax(np.where(mask, scores, -np.inf))
    return merged(p @ v), RelativeAttentionCache(p, q_u, q_w, k, v, r, scale)


def relative_attention_backward(d_y: Array, cache: RelativeAttentionCache
                                ) -> tuple[Array, ...]:      # -> d_q, d_k, d_v, d_r, d_u, d_w
    """As attention's, with G_s also along r: the shift moves each row of scores, its backward moves it back."""
    p, q_u, q_w, k, v, r, scale = cache
    d_y = split(d_y, k.shape[1])                             # y = p @ v
    d_v = transposed(p) @ d_y
    d_p = d_y @ transposed(v)
    d_scores = p * (d_p - (d_p * p).sum(-1, keepdims=True)) * scale      # p = softmax(scores * scale)
    d_by_row = unshifted(d_scores)                           # scores = q_u @ k.T + shifted(q_w @ r.T)
    d_q_u, d_q_w = merged(d_scores @ k), merged(d_by_row @ r)
    d_k = transposed(d_scores) @ q_u
    d_r = (transposed(d_by_row) @ q_w).sum(0, keepdims=True)             # one table for the whole batch
    return d_q_u + d_q_w, merged(d_k), merged(d_v), merged(d_r)[0], d_q_u.sum((0, 1)), d_q_w.sum((0, 1))


def shifted(by_row: Array) -> Array:                         # (B, H, S, J) by row of r -> by key
    """out[i, j] = in[i, j + S − 1 − i]; what lies ahead of the query has no row and is 0."""
    out, S = np.zeros_like(by_row), by_row.shape[2]
    for i in range(S):
        out[:, :, i, :by_row.shape[3] - (S - 1 - i)] = by_row[:, :, i, S - 1 - i:]
    return out


def unshifted(by_key: Array) -> Array:                       # (B, H, S, J) by key -> by row of r
    out, S = np.zeros_like(by_key), by_key.shape[2]
    for i in range(S):                                       # out[i, j] = in[i, j + S - 1 - i]
        out[:, :, i, S - 1 - i:] = by_key[:, :, i, :by_key.shape[3] - (S - 1 - i)]
    return out
