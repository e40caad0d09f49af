"""Mistakes in the minGRU"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.functions import logistic
from minicrt.conformance.mistakes.operations.gates import GATE_MISTAKES, gate, gate_slope
from minicrt.conformance.mistakes.operations.layouts import READING_MISTAKES, as_read, as_stored, orders, product
from minicrt.conformance.mistakes.operations.sequence import (
    SEQUENCE_BACKWARD_MISTAKES,
    SEQUENCE_MISTAKES,
    before,
    give_back,
    handed_out,
    in_time,
    received,
    start,
    start_gradient,
)

ORDERS, ORDER_MISTAKES = orders("zc", {})


def positive(v):
    """g(v) = v + 0.5 where v ≥ 0, else σ(v)"""
    return np.where(v.real >= 0, v + 0.5, logistic(v))


def positive_slope(v):
    return np.where(v >= 0, 1, logistic(v) * (1 - logistic(v)))


def forward(c, defects):
    w, _, b = as_read(c.w, None, c.b, defects, ORDERS)
    a_z, v = np.split(in_time(c.x, defects) @ w + b, 2, axis=-1)
    z, candidate = gate(a_z, defects), v
    if "candidate tanh" in defects:
        candidate = np.tanh(v)
    if "candidate positive" in defects:
        candidate = positive(v)
    new = 1 - z if "z keeps the old" in defects else z
    c.states = [start(c.h0, defects)]
    for t in range(c.x.shape[1]):
        c.states.append((1 - new[:, t]) * before(c.states, t, defects) + new[:, t] * candidate[:, t])
    c.keep("z", in_time(z, defects))
    c.keep("c", in_time(candidate, defects))
    c.v = v
    return handed_out(c.states, defects)


def backward(d_h, c, defects, d_last=None):
    w, _, _ = as_read(c.w, None, c.b, defects, ORDERS)
    z, candidate = in_time(c.z, defects), in_time(c.c, defects)
    new = 1 - z if "z keeps the old" in defects else z
    slope = np.ones_like(c.v)
    if "candidate tanh" in defects:
        slope = 1 - candidate * candidate
    if "candidate positive" in defects:
        slope = positive_slope(c.v)
    d_states = received(d_h, d_last, defects)
    d_new = np.zeros(z.shape)
    for t in reversed(range(z.shape[1])):
        g, old = d_states[:, t + 1], before(c.states, t, defects)
        d_new[:, t] = g * (old - candidate[:, t] if "gate's sign" in defects else candidate[:, t] - old)
        give_back(d_states, t, g * (new[:, t] if "keeps z" in defects else 1 - new[:, t]), defects)
    g = d_states[:, 1:]
    d_z = -d_new if "z keeps the old" in defects else d_new
    d_a_z = d_z * (1 if "slope of σ missing" in defects else gate_slope(z, defects))
    d_c = g * (1 - new if "gate and complement exchanged" in defects else new)
    for name, values in {"d_state": g, "d_a_z": d_a_z, "d_c": d_c}.items():
        c.keep(name, in_time(values, defects))
    d_a = np.concatenate([d_a_z, d_c * slope], axis=-1)
    d_w, _, d_b = as_stored(product(in_time(c.x, defects), d_a), None, d_a.sum((0, 1)), defects, ORDERS)
    return in_time(d_a @ w.T, defects), start_gradient(d_states, defects), d_w, d_b


MINGRU = (Faulty("mingru", "h", ("x", "h0", "w", "b"), forward, backward, ORDER_MISTAKES | {
    "z keeps the old": "The gate z is taken the other way round: h' = z ⊙ h + (1 − z) ⊙ c, as in the GRU; here z lets "
                       "the new in.",
    "candidate tanh": "c = tanh(x W_c + b_c): the candidate has a tanh, as in the GRU; here it has no activation.",
    "candidate positive": "c = g(x W_c + b_c) with g(v) = v + 0.5 or σ(v), the positive map of the form in log space.",
} | GATE_MISTAKES | READING_MISTAKES | SEQUENCE_MISTAKES, {
    "gate's sign": "h − c in place of c − h: here the gate lets the new in.",
    "slope of σ missing": "The gate's z (1 − z) is forgotten.",
    "gate and complement exchanged": "G_c = g (1 − z), as in the GRU's convention.",
    "keeps z": "g goes back by z in place of 1 − z.",
} | SEQUENCE_BACKWARD_MISTAKES),)
