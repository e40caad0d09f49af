"""Multi-head scaled dot-product attention, causal over [memory ; segment]"""

from typing import NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.ops.shapes import Array, check_shapes


def causal_mask(queries: int, keys: int) -> Array:           # -> (Tq, Tk) bool, True = visible
    """Query i sees the keys j ≤ i + (Tk − Tq): itself, all before it, and every key in front of the queries."""
    return np.tri(queries, keys, keys - queries, dtype=bool)


def softmax(scores: Array) -> Array:                         # (..., J) -> (..., J)
    """p_j = e^{s_j} / Σ e^{s}, over the last axis, shifted by the largest real part"""
    p = np.exp(scores - scores.real.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return p


class AttentionCache(NamedTuple):
    p: Array                                                 # the probabilities, (B, H, Tq, Tk)
    q: Array                                                 # (B, H, Tq, K)
    k: Array                                                 # (B, H, Tk, K)
    v: Array                                                 # (B, H, Tk, K)
    scale: float                                             # 1/√K


def attention(q: Array, k: Array, v: Array, heads: int, mask: Array | None = None
              ) -> tuple[Array, AttentionCache]:             # (B, Tq, D), (B, Tk, D), (B, Tk, D) -> (B, Tq, D)
    """y = softmax(q kᵀ/√K + mask) v in each of H heads of width K = D/H, the heads side by side.

    `mask` (Tq, Tk), True where a query may look, replaces the causal mask. The cache holds the probabilities p.
    Raises InputError where shapes do not fit, H does not divide D, or a query sees no key.
    Source: Vaswani et al. 2017 (arXiv 1706.03762).
    """
    sizes = check_shapes("attention", q=(q, "B S D"), k=(k, "B J D"), v=(v, "B J D"))
    if heads < 1 or sizes["D"] % heads:
        raise InputError(f"attention: the width {sizes['D']} is not divisible by {heads} heads")
    if mask is None:
        mask = causal_mask(sizes["S"], sizes["J"])
    if mask.shape != (sizes["S"], sizes["J"]) or not mask.any(-1).all():
        raise InputError(f"attention: the mask has shape {mask.shape}, expected ({sizes['S']}, {sizes['J']}) with a "
                         "visible key in every row (True = visible; causal needs Tk >= Tq)")
    q, k, v = split(q, heads), split(k, heads), split(v, heads)          # (B, H, T, K)
    scale = 1 / float(np.sqrt(q.shape[-1]))
    scores = (q @ transposed(k)) * scale                                 # (B, H, Tq, Tk)
    p = softmax(np.where(mask, scores, -np.inf))
    return merged(p @ v), AttentionCache(p, q, k, v, scale)


def attention_backward(d_y: Array, cache: AttentionCache
                       ) -> tuple[Array, Array, Array]:      # (B, Tq, D) -> (B, Tq, D), (B, Tk, D), (B, Tk, D)
    """G_v = pᵀG, G_p = G vᵀ, G_s = p ⊙ (G_p − rowsum(G_p ⊙ p)), G_q = G_s k/√K, G_k = G_sᵀ q/√K"""
    p, q, k, v, scale = cache
    d_y = split(d_y, q.shape[1])                             # y = p @ v
    d_v = transposed(p) @ d_y
    d_p = d_y @ transposed(v)
    d_scores = p * (d_p - (d_p * p).sum(-1, keepdims=True))  # p = softmax(scores); 0 wherever p is masked to 0
    d_scores *= scale                                        # scores = q @ k.T * scale
    d_q = d_scores @ k
    d_k = transposed(d_scores) @ q
    return merged(d_q), merged(d_k), merged(d_v)


def self_attention(qkv: Array, heads: int, mask: Array | None = None
                   ) -> tuple[Array, AttentionCache]:        # (B, S, 3D) -> (B, S, D)
    """attention(q, k, v) with the three side by side in one array, as one matrix product gives them."""
    check_heads("self_attention", qkv, heads)
    q, k, v = np.split(qkv, 3, axis=-1)
    return attention(q, k, v, heads, mask)


def self_attention_backward(d_y: Array, cache: AttentionCache) -> Array:  # (B, S, D) -> (B, S, 3D)
    return np.concatenate(attention_backward(d_y, cache), axis=-1)


def check_heads(operation: str, qkv: Array, heads: int) -> None:
    """Raise InputError unless `qkv` is (B, S, 3D) and H divides D."""
    if qkv.ndim != 3 or qkv.shape[-1] % 3:
        raise InputError(f"{operation}: qkv has shape {qkv.shape}, expected (B, S, 3D)")
    if heads < 1 or qkv.shape[-1] // 3 % heads:
        raise InputError(f"{operation}: the width {qkv.shape[-1] // 3} is not divisible by {heads} heads")


def split(x: Array, heads: int) -> Array:                    # (B, T, D) -> (B, H, T, K)
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def merged(x: Array) -> Array:                               # (B, H, T, K) -> (B, T, D)
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


def transposed(x: Array) -> Array:                           # (..., I, J) -> (..., J, I)
    return x.swapaxes(-1, -2)
