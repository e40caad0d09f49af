"""Chapter 06: where a token stands"""

import numpy as np

from minicrt import ops


def sinusoids(length, width):                   # -> (length, width); width is even
    """Row t is [sin(t f_0), ..., cos(t f_0), ...] with f_k = 10000^(-2k/width)."""
    k = np.arange(width // 2)
    f = 10000.0 ** (-2 * k / width)
    t = np.arange(length)
    angles = t[:, None] * f
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def relative_scores(q, k, r, u, w):             # (T, K), u and w (K,) -> (T, T)
    """s[i, j] = ((q_i + u) k_j + (q_i + w) r_(i-j)) / sqrt(K) for j <= i, 0 for j > i.

    r holds the distances T - 1, ..., 0 in this order
    """
    T, K = q.shape
    what = (q + u) @ k.T
    by_distance = (q + w) @ r.T
    where = np.zeros((T, T))
    for i in range(T):
        where[i, :i + 1] = by_distance[i, T - 1 - i:]
    return np.tril(what + where) / np.sqrt(K)


def relative_scores_backward(d_s, q, k, r, u, w):
    """The gradients of relative_scores; d_s is (T, T).

    returns d_q, d_k, d_r, each (T, K), and d_u, d_w, each (K,)
    """
    T, K = q.shape
    d_what = np.tril(d_s) / np.sqrt(K)
    d_by_distance = np.zeros((T, T))
    for i in range(T):
        d_by_distance[i, T - 1 - i:] = d_what[i, :i + 1]
    d_qu = d_what @ k
    d_qw = d_by_distance @ r
    d_q = d_qu + d_qw
    d_k = d_what.T @ (q + u)
    d_r = d_by_distance.T @ (q + w)
    d_u = d_qu.sum(0)
    d_w = d_qw.sum(0)
    return d_q, d_k, d_r, d_u, d_w


def recurrent_positions_backward(d_x, d_last, cache):
    """Of x = e + p, with p, cache = ops.gru(e, p_0, ...).

    d_x (B, T, D); d_last (B, D) is what comes back for p_T from the next segment
    returns d_e (B, T, D) and d_p_0 (B, D)
    """
    gradients = ops.gru_backward(d_x, cache, d_last)
    d_e = d_x + gradients[0]
    return d_e, gradients[1]
