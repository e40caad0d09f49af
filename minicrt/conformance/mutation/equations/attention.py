"""Attention, by content and by distance, and the scaled Cayley transform, one equation a line, both ways by hand"""

import numpy as np

from minicrt.conformance.mutation.functions import (
    HIDDEN,
    above,
    blocks,
    concatenated,
    exp,
    heads_of,
    largest,
    merged,
    rows_sum,
    shifted,
    sqrt,
    total,
    transposed,
    unshifted,
    upper,
    where,
)
from minicrt.conformance.mutation.functions import (
    inverse as inverse_of,
)


def softmax(s):
    e = exp(s - largest(s, -1))
    return e / total(e, -1, True)


def causal(queries, keys):
    return np.tri(queries, keys, keys - queries, dtype=bool)


def attention(q, k, v, heads, mask):
    return attended(q, k, v, heads, causal(q.shape[1], k.shape[1]) if mask is None else mask)


def attended(q, k, v, heads, mask):
    width = q.shape[-1] // heads
    q_h = heads_of(q, heads)
    k_h = heads_of(k, heads)
    v_h = heads_of(v, heads)
    scores = q_h @ transposed(k_h) / sqrt(width)
    masked = where(mask, scores, HIDDEN)
    p = softmax(masked)
    return merged(p @ v_h)


def attention_backward(d_y, q, k, v, heads, p):
    d_q, d_k, d_v = attended_backward(d_y, q, k, v, heads, p)
    return d_q, d_k, d_v


def attended_backward(d_y, q, k, v, heads, p):
    width = q.shape[-1] // heads
    q_h = heads_of(q, heads)
    k_h = heads_of(k, heads)
    v_h = heads_of(v, heads)
    d_heads = heads_of(d_y, heads)
    d_v_h = transposed(p) @ d_heads
    d_p = d_heads @ transposed(v_h)
    d_scores = p * (d_p - total(d_p * p, -1, True))
    d_q_h = d_scores @ k_h / sqrt(width)
    d_k_h = transposed(d_scores) @ q_h / sqrt(width)
    return merged(d_q_h), merged(d_k_h), merged(d_v_h)


def self_attention(qkv, heads, mask):
    q, k, v = blocks(qkv, 3)
    return attention(q, k, v, heads, mask)


def self_attention_backward(d_y, q, k, v, heads, p):
    d_q, d_k, d_v = attended_backward(d_y, q, k, v, heads, p)
    d_qkv = concatenated([d_q, d_k, d_v])
    return d_qkv


def relative_attention(q, k, v, r, u, w, heads, mask):
    if mask is None:
        mask = causal(q.shape[1], k.shape[1])
    width = q.shape[-1] // heads
    q_u = heads_of(q + u, heads)
    q_w = heads_of(q + w, heads)
    k_h = heads_of(k, heads)
    v_h = heads_of(v, heads)
    r_h = heads_of(r[None], heads)
    content = q_u @ transposed(k_h)
    by_row = q_w @ transposed(r_h)
    position = shifted(by_row)
    scores = (content + position) / sqrt(width)
    masked = where(mask, scores, HIDDEN)
    p = softmax(masked)
    return merged(p @ v_h)


def relative_attention_backward(d_y, q, k, v, r, u, w, heads, p):
    width = q.shape[-1] // heads
    q_u = heads_of(q + u, heads)
    q_w = heads_of(q + w, heads)
    k_h = heads_of(k, heads)
    v_h = heads_of(v, heads)
    r_h = heads_of(r[None], heads)
    d_heads = heads_of(d_y, heads)
    d_v_h = transposed(p) @ d_heads
    d_p = d_heads @ transposed(v_h)
    d_scores = p * (d_p - total(d_p * p, -1, True))
    d_content = d_scores / sqrt(width)
    d_by_row = unshifted(d_scores / sqrt(width))
    d_q_u = merged(d_content @ k_h)
    d_q_w = merged(d_by_row @ r_h)
    d_q = d_q_u + d_q_w
    d_k = merged(transposed(d_content) @ q_u)
    d_v = merged(d_v_h)
    d_r = merged(total(transposed(d_by_row) @ q_w, 0, True))[0]
    d_u = rows_sum(d_q_u)
    d_w = rows_sum(d_q_w)
    return d_q, d_k, d_v, d_r, d_u, d_w


def scaled_cayley(a, negatives, n):
    one = np.eye(n)
    A = upper(a, n) - upper(a, n).T
    inverse = inverse_of(one + A)
    signs = np.where(np.arange(n) < n - negatives, 1.0, -1.0)
    return inverse @ (one - A) * signs


def scaled_cayley_backward(d_U, negatives, n, inverse, U):
    signs = np.where(np.arange(n) < n - negatives, 1.0, -1.0)
    Q = inverse.T @ d_U @ (np.diag(signs) + U.T)
    d_A = Q.T - Q
    d_a = above(d_A)
    return d_a
