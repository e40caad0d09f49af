"""Mistakes in the delta rule"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.functions import logistic
from minicrt.conformance.mistakes.operations.sequence import before, in_time, start
from minicrt.ops.delta_rule import EPS


def direction(x, defects, bare):                             # (B, T, K) -> (B, T, K), (B, T, 1)
    """x̂ and 1/|x|"""
    if bare in defects:
        return x, np.ones_like(x[..., :1])
    size = (x * x).sum(-1, keepdims=True)
    if "divided by the square" in defects:
        return x / (size + EPS), 1 / (size + EPS)
    r = 1 / np.sqrt(size + EPS)
    return x * r, r


def direction_backward(d_hat, x, hat, r, defects, bare):
    if bare in defects:
        return d_hat
    if "length taken for a constant" in defects:
        return r * d_hat
    if "divided by the square" in defects:
        return r * (d_hat - 2 * r * x * (x * d_hat).sum(-1, keepdims=True))
    return r * (d_hat - hat * (hat * d_hat).sum(-1, keepdims=True))


def inputs(c, defects):
    q, k, v, b = (in_time(values, defects) for values in (c.q, c.k, c.v, c.b))
    return (k, q, v, b) if "queries and keys exchanged" in defects else (q, k, v, b)


def strength(b, defects):                                    # (B, T) -> β and its slope, (B, T, 1)
    if "write without β" in defects:
        return np.ones_like(b)[..., None], np.zeros_like(b)[..., None]
    beta = logistic(b)[..., None]
    if "β up to 2" in defects:
        return 2 * beta, 2 * beta * (1 - beta)
    return beta, beta * (1 - beta)


def forward(c, defects):
    q, k, v, b = inputs(c, defects)
    q_hat = c.keep("q_hat", in_time(direction(q, defects, "queries of any length")[0], defects))
    k_hat = c.keep("k_hat", in_time(direction(k, defects, "keys of any length")[0], defects))
    q_hat, k_hat = in_time(q_hat, defects), in_time(k_hat, defects)
    beta, _ = strength(b, defects)
    c.states, c.errors = [start(c.s0, defects)], []
    for t in range(v.shape[1]):
        old = before(c.states, t, defects)
        said = (k_hat[:, t, :, None] * old).sum(1)
        error = v[:, t] + 0 * said if "old value not taken off" in defects else v[:, t] - said
        c.errors.append(error)
        kept = (1 - beta[:, t, None]) * old if "all keys fade" in defects else old
        c.states.append(kept + k_hat[:, t, :, None] * (beta[:, t] * error)[:, None])
    c.keep("error", in_time(np.stack(c.errors, axis=1), defects))
    c.last = c.states[-1]
    c.keep("s", in_time(np.stack(c.states[1:], axis=1), defects))
    seen = np.stack(c.states[:-1] if "state before the step" in defects else c.states[1:], axis=1)
    return in_time((q_hat[..., None] * seen).sum(2), defects)


def backward(d_y, c, defects, d_last=None):
    q, k, v, b = inputs(c, defects)
    (q_hat, r_q), (k_hat, r_k) = (direction(q, defects, "queries of any length"),
                                  direction(k, defects, "keys of any length"))
    (beta, slope), d_y, T = strength(b, defects), in_time(d_y, defects), v.shape[1]
    seen = np.stack(c.states[:-1] if "state before the step" in defects else c.states[1:], axis=1)
    d_q_hat = (seen * d_y[:, :, None]).sum(-1)
    d_states = np.zeros((len(v), T + 1, *c.s0.shape[1:]))
    own = q_hat[..., None] * d_y[:, :, None]
    (d_states[:, :-1] if "state before the step" in defects else d_states[:, 1:])[...] = own
    if d_last is not None:
        d_states[:, -1] += d_last
    if "last step only" in defects:
        d_states[:, :-1] = 0
    d_k_hat, d_v, d_beta = np.zeros(k_hat.shape), np.zeros(v.shape), np.zeros(beta.shape)
    for t in reversed(range(T)):
        g, k_t, e_t = d_states[:, t + 1], k_hat[:, t, :, None], c.errors[t][:, None]
        old = before(c.states, t, defects)
        by_key = (k_t * g).sum(1)                            # (B, V)
        d_e = beta[:, t] * by_key
        d_beta[:, t] = (by_key * c.errors[t]).sum(-1, keepdims=True)
        if "all keys fade" in defects:
            d_beta[:, t] -= (old * g).sum((1, 2))[:, None]
        d_k_hat[:, t] = beta[:, t] * (g * e_t).sum(-1)
        d_v[:, t] = d_e
        d_old = (1 - beta[:, t, None]) * g if "all keys fade" in defects else 1.0 * g
        if "old value not taken off" not in defects:
            if "error's key without gradient" not in defects:
                d_k_hat[:, t] -= (old * d_e[:, None]).sum(-1)
            if "error detached from the state" not in defects:
                d_old = d_old - k_t * d_e[:, None]
        if "detached between steps" not in defects or t == 0:
            d_states[:, 0 if "state not carried" in defects else t] += d_old
    c.keep("d_s", in_time(d_states[:, 1:], defects))
    d_q_hat, d_k_hat = c.keep("d_q_hat", in_time(d_q_hat, defects)), c.keep("d_k_hat", in_time(d_k_hat, defects))
    d_q_hat, d_k_hat = in_time(d_q_hat, defects), in_time(d_k_hat, defects)
    d_q = direction_backward(d_q_hat, q, q_hat, r_q, defects, "queries of any length")
    d_k = direction_backward(d_k_hat, k, k_hat, r_k, defects, "keys of any length")
    if "queries and keys exchanged" in defects:
        d_q, d_k = d_k, d_q
    d_b = (d_beta * (1 if "slope of β missing" in defects else slope))[..., 0]
    d_s0 = 0 * d_states[:, 0] if defects & {"start ignored", "start cut off"} else d_states[:, 0]
    return (*(in_time(values, defects) for values in (d_q, d_k, d_v, d_b)), d_s0)


DELTA_RULE = (Faulty("delta_rule", "y", ("q", "k", "v", "b", "s0"), forward, backward, {
    "old value not taken off": "The value is added to what the key already says, S + β k̂ᵀ v, as in linear attention; "
                               "the delta rule adds what is missing, v − k̂ S.",
    "keys of any length": "Keys are not brought to length 1.",
    "queries of any length": "Queries are not brought to length 1.",
    "divided by the square": "Keys and queries are divided by the square of their length.",
    "write without β": "The write's strength β is left out: each value is written in full.",
    "β up to 2": "β = 2 σ(b), as where negative eigenvalues are wanted, in place of σ(b).",
    "all keys fade": "The whole matrix fades by 1 − β at a write; here the written key's value alone is replaced.",
    "queries and keys exchanged": "Queries and keys stand in each other's place.",
    "time reversed": "The steps are taken from the last to the first.",
    "start ignored": "The matrix starts at zeros whatever s0 is given: the start is ignored.",
    "state before the step": "The output reads the matrix before the step: S_{t−1} in place of S_t.",
    "state not carried": "Every step starts from s0: the matrix is not carried from step to step.",
}, {
    "length taken for a constant": "The length of keys and queries is taken for a constant: its gradient is missing.",
    "slope of β missing": "G_b is G_β: the slope β (1 − β) is forgotten.",
    "error's key without gradient": "G_k̂ lacks what comes through the error, v − k̂ S.",
    "error detached from the state": "The gradient of the matrix lacks what comes through the error: G ← G in place of "
                                     "G − k̂ᵀ G_e.",
    "last step only": "Only G of the last step reaches the matrix; the other steps' own gradients are dropped.",
    "detached between steps": "The matrix is detached after every step: nothing flows back in time.",
    "start cut off": "G_{s0} is zero: the matrix that came in was detached.",
}),)
