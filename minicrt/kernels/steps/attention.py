"""Attention of one new row over the rows that are kept"""

import numpy as np

from minicrt.kernels.compiling import part
from minicrt.kernels.steps.products import LOOSE_SUMS
from minicrt.kernels.vector_math import exp


@part(fastmath=LOOSE_SUMS)
def attend(q, keys, values, first, last, heads, scores, y):  # (B, D), (B, S, D), (B, S, D), …, (S,), (B, D)
    """y = Σ_j softmax_j(q·k_j/√K) v_j over the rows first … last − 1, in each head"""
    K = q.shape[1] // heads
    zero, one = q.dtype.type(0), q.dtype.type(1)
    scale = one / np.sqrt(q.dtype.type(K))
    for b in range(q.shape[0]):
        for head in range(heads):
            start = head * K
            q_h, y_h = q[b, start:start + K], y[b, start:start + K]
            for j in range(first, last):
                k, total = keys[b, j, start:start + K], zero
                for c in range(K):
                    total += q_h[c] * k[c]
                scores[j] = scale * total
            weigh(scores, first, last)
            mix(scores, values[b], first, last, start, y_h)


@part(fastmath=LOOSE_SUMS)
def attend_by_distance(q, keys, values, table, u, w, first, last, heads, scores, y):
    """As `attend`, with (q + u)·k_j + (q + w)·r_d for q·k_j; the distance d of row j is in row S − (last − j) of r."""
    K, room = q.shape[1] // heads, table.shape[0]
    zero, one = q.dtype.type(0), q.dtype.type(1)
    scale = one / np.sqrt(q.dtype.type(K))
    for b in range(q.shape[0]):
        for head in range(heads):
            start = head * K
            q_h, y_h, u_h, w_h = q[b, start:], y[b, start:start + K], u[start:], w[start:]
            for j in range(first, last):
                k, r, total = keys[b, j, start:], table[room - last + j, start:], zero
                for c in range(K):
                    total += (q_h[c] + u_h[c]) * k[c] + (q_h[c] + w_h[c]) * r[c]
                scores[j] = scale * total
            weigh(scores, first, last)
            mix(scores, values[b], first, last, start, y_h)


@part(fastmath=LOOSE_SUMS)
def mix(p, values, first, last, start, y):                   # (S,), (S, D), …, (K,)
    """y = Σ_j p_j v_j, of the head whose columns begin at `start`"""
    K, zero = y.shape[0], y.dtype.type(0)
    for c in range(K):
        y[c] = zero
    for j in range(first, last):
        v = values[j, start:start + K]
        for c in range(K):
            y[c] += p[j] * v[c]


@part(fastmath=LOOSE_SUMS)
def weigh(scores, first, last):
    """softmax of scores[first:last], in place"""
    largest, total = scores[first], scores.dtype.type(0)
    for j in range(first, last):
        largest = scores[j] if scores[j] > largest else largest
    for j in range(first, last):
        scores[j] = exp(scores[j] - largest)
        total += scores[j]
    share = scores.dtype.type(1) / total
    for j in range(first, last):
        scores[j] *= share
