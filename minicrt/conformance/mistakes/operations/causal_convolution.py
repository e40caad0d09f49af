"""Mistakes in the causal convolution"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty


def start(c, defects):
    return 0 * c.s0 if "start ignored" in defects else c.s0


def first(c, defects):
    """Which of the rows below y_1 starts at: row 1 is the first of s0, and row K the first token"""
    K = len(c.weight)
    return {"looks ahead": K, "centred": 1 + K // 2, "a step late": 0}.get(
        next((name for name in ("looks ahead", "centred", "a step late") if name in defects), ""), 1)


def weights(c, defects):
    return c.weight[::-1] if "weights reversed" in defects else c.weight


def rows_of(c, defects):                                     # -> (B, 1 + K − 1 + T + K − 1, D)
    nothing = np.zeros_like(c.x[:, :1])
    return np.concatenate([nothing, start(c, defects), c.x, *[nothing] * (len(c.weight) - 1)], axis=1)


def forward(c, defects):
    T, at, rows = c.x.shape[1], first(c, defects), rows_of(c, defects)
    terms = [w * rows[:, at + k:at + k + T] for k, w in enumerate(weights(c, defects))]
    c.last = np.concatenate([c.s0, c.x], axis=1)[:, T:]
    return (0 if "bias missing" in defects else c.bias) + sum(terms)


def backward(d_y, c, defects, d_last=None):
    T, K, at, rows = c.x.shape[1], len(c.weight), first(c, defects), rows_of(c, defects)
    d_rows, w = np.zeros(rows.shape), weights(c, defects)
    back = w[::-1] if "weights turned on the way back" in defects else w
    d_w = []
    for k in range(K):
        d_rows[:, at + k:at + k + T] += back[k] * d_y
        seen = rows[:, at + K - 1:at + K - 1 + T] if "weights from the present token" in defects else \
            rows[:, at + k:at + k + T]
        d_w.append((seen * d_y).sum((0, 1)))
    d_inputs = d_rows[:, 1:K + T].copy()                     # of [s0 ; x]
    if defects & {"start ignored", "start cut off"}:
        d_inputs[:, :K - 1] = 0
    if d_last is not None:
        d_inputs[:, T:] += d_last
    d_weight = np.stack(d_w[::-1] if "weights reversed" in defects else d_w)
    d_bias = d_y.sum((0, 1)) * ("bias missing" not in defects)
    d_x = d_inputs[:, K - 1:]
    if "present token alone" in defects:
        d_x = back[K - 1] * d_y
    return d_x, d_inputs[:, :K - 1], d_weight, d_bias


CAUSAL_CONVOLUTION = (Faulty("causal_convolution", "y", ("x", "s0", "weight", "bias"), forward, backward, {
    "looks ahead": "The convolution looks ahead: y_t is made of x_t … x_{t+K−1} in place of x_{t−K+1} … x_t.",
    "centred": "The convolution is centred at t, as with padding on both sides: half of what it sees lies ahead.",
    "a step late": "The window ends at x_{t−1}: the present token is not seen.",
    "weights reversed": "The weights stand in the order of the mathematical convolution: the first row is taken for "
                        "the present token's; it is the oldest's.",
    "start ignored": "The convolution starts from zeros whatever s0 is given: the last inputs are not carried.",
    "bias missing": "The bias is left out.",
}, {
    "weights turned on the way back": "G_x is a convolution with the weights in the same order; it is the "
                                      "correlation, with the weights turned round.",
    "weights from the present token": "Every row of the weights gets the gradient of the present token's.",
    "present token alone": "G_x has the present token's weight alone: what later tokens see of x_t is dropped.",
    "start cut off": "G_{s0} is zero: what came in was detached.",
}),)
