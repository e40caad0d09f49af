"""The delta rule: one loop over time for each stream, a row of the matrix at a time"""

import numpy as np

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.compiling import jit
from minicrt.kernels.twins import KeptScan, backward_twin, contiguous, from_beyond, twin
from minicrt.ops.activations import logistic
from minicrt.ops.delta_rule import unit, unit_backward
from minicrt.ops.shapes import check_shapes
from minicrt.parallel import workers

SUMS = {"contract", "reassoc"}                               # sums may be taken in any order, lane by lane


@twin(ops.delta_rule)
def delta_rule(q, k, v, b, s0):
    sizes = check_shapes("delta_rule", q=(q, "B T K"), k=(k, "B T K"), v=(v, "B T V"), b=(b, "B T"), s0=(s0, "B K V"))
    (q_hat, r_q), (k_hat, r_k), beta = unit(contiguous(q)), unit(contiguous(k)), logistic(contiguous(b))
    s = pool.empty((len(q), sizes["T"] + 1, *s0.shape[1:]), v.dtype)
    y, error = pool.empty(v.shape, v.dtype), pool.empty(v.shape, v.dtype)
    s[:, 0] = s0
    workers.run(_forward, workers.ranges(len(q)), q_hat, k_hat, contiguous(v), beta, s, error, y)
    return y, KeptScan((q_hat, k_hat, r_q, r_k, beta, error, s, s[:, -1]))


@backward_twin(ops.delta_rule_backward)
def delta_rule_backward(d_y, cache, d_last=None):
    q_hat, k_hat, r_q, r_k, beta, error, s, last = cache
    g = from_beyond(d_last, last.shape, s.dtype)
    d_q_hat, d_k_hat, d_beta = (pool.empty(values.shape, s.dtype) for values in (q_hat, k_hat, beta))
    d_v = pool.empty(error.shape, s.dtype)
    workers.run(_backward, workers.ranges(len(q_hat)), contiguous(d_y, s.dtype), q_hat, k_hat, beta, error, s, g,
                d_q_hat, d_k_hat, d_v, d_beta)
    return (unit_backward(d_q_hat, q_hat, r_q), unit_backward(d_k_hat, k_hat, r_k), d_v, d_beta * beta * (1 - beta), g)


@jit(fastmath=SUMS)
def _forward(_, start, stop, q, k, v, beta, s, error, y):
    """e = v − k S,  S' = S + β kᵀ e,  y = q S'"""
    T, K, V = k.shape[1], k.shape[2], v.shape[2]
    step = np.empty(V, v.dtype)
    for i in range(start, stop):
        for t in range(T):
            e, y_t, v_t = error[i, t], y[i, t], v[i, t]
            for j in range(V):
                e[j] = v_t[j]
                y_t[j] = v.dtype.type(0)
            for n in range(K):
                old, key = s[i, t, n], k[i, t, n]
                for j in range(V):
                    e[j] -= key * old[j]
            for j in range(V):
                step[j] = beta[i, t] * e[j]
            for n in range(K):
                old, new, key, query = s[i, t, n], s[i, t + 1, n], k[i, t, n], q[i, t, n]
                for j in range(V):
                    value = old[j] + key * step[j]
                    new[j] = value
                    y_t[j] += query * value


@jit(fastmath=SUMS)
def _backward(_, start, stop, d_y, q, k, beta, error, s, g, d_q, d_k, d_v, d_beta):
    """g is turned from what came from behind the segment into the gradient of S_0."""
    T, K, V = k.shape[1], k.shape[2], error.shape[2]
    zero, by_key = s.dtype.type(0), np.empty(error.shape[2], s.dtype)
    for i in range(start, stop):
        for t in range(T - 1, -1, -1):
            own, e, d_e, strength, of_beta = d_y[i, t], error[i, t], d_v[i, t], beta[i, t], zero
            for j in range(V):
                by_key[j] = zero
            for n in range(K):
                g_n, new, key, query, of_query, of_write = g[i, n], s[i, t + 1, n], k[i, t, n], q[i, t, n], zero, zero
                for j in range(V):
                    of_query += new[j] * own[j]              # y = q S'
                    value = g_n[j] + query * own[j]
                    g_n[j] = value
                    by_key[j] += key * value                 # S' = S + β kᵀ e
                    of_write += value * e[j]
                d_q[i, t, n] = of_query
                d_k[i, t, n] = strength * of_write
            for j in range(V):
                of_beta += by_key[j] * e[j]
                d_e[j] = strength * by_key[j]
            d_beta[i, t] = of_beta
            for n in range(K):
                g_n, old, key, of_key = g[i, n], s[i, t, n], k[i, t, n], zero
                for j in range(V):
                    of_key += old[j] * d_e[j]                # e = v − k S
                    g_n[j] -= key * d_e[j]
                d_k[i, t, n] -= of_key
