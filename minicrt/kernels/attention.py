"""Self-attention, causal or of all rows: BLAS for the products of each head, and between them one pass over the scores.

Some rows of the batch at a time, so few that their scores stay in the cache; and some queries at a time, with the keys
that they see: in a long segment nearly half of the keys lie in a query's future. q, k and v are read, and their
gradients written, where they lie between one another.
"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import Kept, backward_twin, contiguous, twin
from minicrt.kernels.vector_math import exp
from minicrt.ops.attention import check_heads, transposed
from minicrt.parallel import workers

CACHED = 1 << 18                                             # scores that are worked on at a time
BLOCK = 96                                                   # queries, at least: smaller products are slower
LOOSE_SUMS = {"contract", "reassoc"}


@twin(ops.self_attention)
def self_attention(qkv, heads, mask=None):
    if mask is not None and not everything(qkv, mask):
        return ops.self_attention(qkv, heads, mask)
    check_heads("self_attention", qkv, heads)
    qkv = contiguous(qkv)
    B, S, D = qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3
    ahead = 0 if mask is None else S                         # how many rows ahead of itself a query sees
    y, p = pool.empty((B, S, D), qkv.dtype), pool.empty((B, heads, S, S), qkv.dtype)

    def work(_, start, stop):
        for some in pieces(start, stop, heads, S):
            (q, k, v), (out,), p_some = split(qkv[some], 3, heads), split(y[some], 1, heads), p[some]
            for rows, seen in blocks(S, ahead):
                np.matmul(q[:, :, rows], transposed(k[:, :, seen]), out=p_some[:, :, rows, seen])
            _softmax(p_some, scale_of(q), ahead)
            for rows, seen in blocks(S, ahead):
                np.matmul(p_some[:, :, rows, seen], v[:, :, seen], out=out[:, :, rows])

    workers.run_with_products(work, workers.ranges(B))
    return y, Kept((qkv, p, ahead))


@backward_twin(ops.self_attention_backward)
def self_attention_backward(d_y, cache):
    """G_v = pᵀG,  G_p = G vᵀ,  G_s = p ⊙ (G_p − rowsum(G_p ⊙ p))/√K,  G_q = G_s k,  G_k = G_sᵀ q"""
    qkv, p, ahead = cache
    d_y, (B, heads, S, _) = contiguous(d_y, qkv.dtype), p.shape
    d_qkv = pool.empty(qkv.shape, qkv.dtype)

    def work(_, start, stop):
        for some in pieces(start, stop, heads, S):
            (q, k, v), (g,), p_some = split(qkv[some], 3, heads), split(d_y[some], 1, heads), p[some]
            d_q, d_k, d_v = split(d_qkv[some], 3, heads)
            d_s = pool.empty(p_some.shape, p.dtype)                                       # G_p, then G_s
            for rows, seen in blocks(S, ahead):
                np.matmul(g[:, :, rows], transposed(v[:, :, seen]), out=d_s[:, :, rows, seen])
            _softmax_backward(p_some, d_s, scale_of(q), ahead)
            for rows, seen in blocks(S, ahead):
                np.matmul(d_s[:, :, rows, seen], k[:, :, seen], out=d_q[:, :, rows])
            for keys, seeing in blocks_of_keys(S, ahead):
                np.matmul(transposed(d_s[:, :, seeing, keys]), q[:, :, seeing], out=d_k[:, :, keys])
                np.matmul(transposed(p_some[:, :, seeing, keys]), g[:, :, seeing], out=d_v[:, :, keys])

    workers.run_with_products(work, workers.ranges(B))
    return d_qkv


def pieces(start, stop, heads, S):
    """The rows start … stop of the batch, so many at a time that their scores stay in the cache, as evenly as can be"""
    number = min(-(-(stop - start) * heads * S * S // CACHED), stop - start)
    return even(start, stop, number)


def even(start, stop, number):
    cuts = [start + (stop - start) * i // max(number, 1) for i in range(max(number, 1) + 1)]
    return [slice(first, last) for first, last in zip(cuts, cuts[1:])]


def blocks(S, ahead):
    """Queries of S, some at a time, each time with the keys that one of them sees"""
    return [(rows, slice(0, rows.stop)) for rows in even(0, S, 1 if ahead else S // BLOCK)]


def blocks_of_keys(S, ahead):
    """The same from the other side: keys, each time with the queries that see one of them"""
    return [(rows, slice(rows.start, S)) for rows, _ in blocks(S, ahead)]


def split(x, number, heads):                                 # (B, S, number D) -> (number, B, H, S, K), the same memory
    return x.reshape(*x.shape[:2], number, heads, -1).transpose(2, 0, 3, 1, 4)


def everything(qkv, mask):
    """A mask that hides nothing; of another shape it is for the specification to refuse"""
    return mask.shape == (qkv.shape[1], qkv.shape[1]) and bool(mask.all())


def scale_of(q):
    return q.dtype.type(1 / np.sqrt(q.shape[-1]))


@jit(fastmath=LOOSE_SUMS)
def _softmax(p, scale, ahead):
    """scores q kᵀ -> softmax(scores/√K) over the keys j <= i + ahead, and 0 beyond"""
    zero, one = p.dtype.type(0), p.dtype.type(1)
    for row in range(p.shape[0]):
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
def _softmax_backward(p, d_s, scale, ahead):
    zero = p.dtype.type(0)
    for row in range(p.shape[0]):
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
