"""Self-attention, causal or of all rows: BLAS for the products of each head, and between them one pass over the scores.

Products written out in loops were tried, so as to pass over what the causal mask hides: BLAS does twice the work in
less time.
"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import Kept, backward_twin, contiguous, twin
from minicrt.kernels.vector_math import exp
from minicrt.ops.attention import check_heads, transposed
from minicrt.parallel import workers

LOOSE_SUMS = {"contract", "reassoc"}


@twin(ops.self_attention)
def self_attention(qkv, heads, mask=None):
    if mask is not None and not everything(qkv, mask):
        return ops.self_attention(qkv, heads, mask)
    check_heads("self_attention", qkv, heads)
    B, S, D = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    q, k, v = parted = pool.empty((3, B, heads, S, D // heads), qkv.dtype)
    p, y = pool.empty((B, heads, S, S), qkv.dtype), pool.empty((B, S, D), qkv.dtype)
    parts = workers.ranges(B)
    workers.run(_part, parts, contiguous(qkv), parted)
    np.matmul(q, transposed(k), out=p)
    ahead = 0 if mask is None else S                         # how many rows ahead of itself a query sees
    workers.run(_softmax, parts, p, scale_of(q), ahead)
    out = np.matmul(p, v, out=pool.empty(q.shape, qkv.dtype))
    workers.run(_join, parts, out[None], y)
    return y, Kept((parted, p, ahead))


@backward_twin(ops.self_attention_backward)
def self_attention_backward(d_y, cache):
    """G_v = pᵀG,  G_p = G vᵀ,  G_s = p ⊙ (G_p − rowsum(G_p ⊙ p))/√K,  G_q = G_s k,  G_k = G_sᵀ q"""
    parted, p, ahead = cache
    q, k, v = parted
    B, S = d_y.shape[:2]
    parts = workers.ranges(B)
    g, d_parted = pool.empty((1, *q.shape), q.dtype), pool.empty(parted.shape, q.dtype)
    workers.run(_part, parts, contiguous(d_y, q.dtype), g)
    np.matmul(transposed(p), g[0], out=d_parted[2])
    d_s = np.matmul(g[0], transposed(v), out=pool.empty(p.shape, q.dtype))                # G_p
    workers.run(_softmax_backward, parts, p, d_s, scale_of(q), ahead)
    np.matmul(d_s, k, out=d_parted[0])
    np.matmul(transposed(d_s), q, out=d_parted[1])
    d_qkv = pool.empty((B, S, 3 * d_y.shape[2]), q.dtype)
    workers.run(_join, parts, d_parted, d_qkv)
    return d_qkv


def everything(qkv, mask):
    """A mask that hides nothing; of another shape it is for the specification to refuse"""
    return mask.shape == (qkv.shape[1], qkv.shape[1]) and bool(mask.all())


def scale_of(q):
    return q.dtype.type(1 / np.sqrt(q.shape[-1]))


@jit
def _part(_, start, stop, packed, parted):                   # (B, S, N D) -> (N, B, H, S, K)
    N, H, S, K = parted.shape[0], parted.shape[2], parted.shape[3], parted.shape[4]
    for row in range(start, stop):
        for i in range(S):
            for n in range(N):
                for head in range(H):
                    source, target = packed[row, i, (n * H + head) * K:], parted[n, row, head, i]
                    for c in range(K):
                        target[c] = source[c]


@jit
def _join(_, start, stop, parted, packed):                   # (N, B, H, S, K) -> (B, S, N D)
    N, H, S, K = parted.shape[0], parted.shape[2], parted.shape[3], parted.shape[4]
    for row in range(start, stop):
        for i in range(S):
            for n in range(N):
                for head in range(H):
                    source, target = parted[n, row, head, i], packed[row, i, (n * H + head) * K:]
                    for c in range(K):
                        target[c] = source[c]


@jit(fastmath=LOOSE_SUMS)
def _softmax(_, start, stop, p, scale, ahead):
    """scores q kᵀ -> softmax(scores/√K) over the keys j <= i + ahead, and 0 beyond"""
    zero, one = p.dtype.type(0), p.dtype.type(1)
    for row in range(start, stop):
        for head in range(p.shape[1]):
            for i in range(p.shape[2]):
                s = p[row, head, i]
                seen = min(i + 1 + ahead, len(s))
                largest, total = s[0], zero
                for j in range(seen):
                    largest = s[j] if s[j] > largest else largest
                for j in range(seen):
                    e = exp(scale * (s[j] - largest))
                    s[j] = e
                    total += e
                share = one / total
                for j in range(seen):
                    s[j] *= share
                for j in range(seen, len(s)):
                    s[j] = zero


@jit(fastmath=LOOSE_SUMS)
def _softmax_backward(_, start, stop, p, d_s, scale, ahead):
    zero = p.dtype.type(0)
    for row in range(start, stop):
        for head in range(p.shape[1]):
            for i in range(p.shape[2]):
                d_i, p_i, through_sum = d_s[row, head, i], p[row, head, i], zero
                seen = min(i + 1 + ahead, len(d_i))
                for j in range(seen):
                    through_sum += p_i[j] * d_i[j]
                for j in range(seen):
                    d_i[j] = scale * p_i[j] * (d_i[j] - through_sum)
                for j in range(seen, len(d_i)):
                    d_i[j] = zero
