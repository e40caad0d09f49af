"""Mistakes in the selective scan"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.functions import logistic
from minicrt.conformance.mistakes.operations.sequence import before, in_time, start
from minicrt.ops.selective_scan import softplus


def step_of(dt, defects):
    """Δ and its slope"""
    if "softplus missing" in defects:
        return dt, np.ones_like(dt)
    if "exponential in place of softplus" in defects:
        return np.exp(dt), np.exp(dt)
    if "relu in place of softplus" in defects:
        return np.where(dt.real > 0, dt, 0), 1.0 * (dt.real > 0)
    return softplus(dt), logistic(dt)


def rate_of(a_log, defects):
    """A and its slope"""
    size, slope = (a_log, np.ones_like(a_log)) if "a_log not exponentiated" in defects else (np.exp(a_log),) * 2
    return (size, slope) if "A not negated" in defects else (-size, -slope)


def decay_of(delta, a, defects):                             # (B, T, D, 1), (D, N) -> three of (B, T, D, N)
    """exp(Δ A), and its slopes by Δ and by A"""
    if "A without Δ" in defects:
        e = np.exp(a) + 0 * delta
        return e, 0 * e, e
    if "A by Euler's rule" in defects:
        return 1 + delta * a, a + 0 * delta, delta + 0 * a
    e = np.exp(delta * a)
    return e, a * e, delta * e


def factor_of(delta, a, defects):
    """What x B is multiplied by, and its slopes by Δ and by A"""
    if "B without Δ" in defects:
        one = np.ones_like(delta * a)
        return one, 0 * one, 0 * one
    if "B by zero-order hold" in defects:
        e = np.exp(delta * a)
        return (e - 1) / a, e, (delta * e - (e - 1) / a) / a
    return delta + 0 * a, 1 + 0 * delta * a, 0 * delta * a


def taken(c, defects):
    x, dt, b, read = (in_time(values, defects) for values in (c.x, c.dt, c.b, c.c))
    return (x, dt, read, b) if "B and C exchanged" in defects else (x, dt, b, read)


def skip_of(c, defects):
    return 0 * c.d if "skip missing" in defects else c.d


def forward(c, defects):
    x, dt, b, read = taken(c, defects)
    delta, a = step_of(dt, defects)[0], c.keep("A", rate_of(c.a_log, defects)[0])
    c.keep("delta", in_time(delta, defects))
    decay, factor = (f(delta[..., None], a, defects)[0] for f in (decay_of, factor_of))
    driven = factor * x[..., None] * b[:, :, None, :]
    c.states = [start(c.h0, defects)]
    for t in range(x.shape[1]):
        c.states.append(decay[:, t] * before(c.states, t, defects) + driven[:, t])
    c.last = c.states[-1]
    c.keep("h", in_time(np.stack(c.states[1:], axis=1), defects))
    seen = np.stack(c.states[:-1] if "state before the step" in defects else c.states[1:], axis=1)
    return in_time((seen * read[:, :, None, :]).sum(-1) + skip_of(c, defects) * x, defects)


def backward(d_y, c, defects, d_last=None):
    x, dt, b, read = taken(c, defects)
    d_y, T = in_time(d_y, defects), x.shape[1]
    (delta, delta_slope), (a, a_slope) = step_of(dt, defects), rate_of(c.a_log, defects)
    decay, decay_by_delta, decay_by_a = decay_of(delta[..., None], a, defects)
    factor, factor_by_delta, factor_by_a = factor_of(delta[..., None], a, defects)
    own = d_y[..., None] * read[:, :, None, :]
    d_states = np.zeros((len(x), T + 1, *a.shape))
    (d_states[:, :-1] if "state before the step" in defects else d_states[:, 1:])[...] = own
    if d_last is not None:
        d_states[:, -1] += d_last
    if "last step only" in defects:
        d_states[:, :-1] = 0
    for t in reversed(range(T)):
        if "detached between steps" not in defects or t == 0:
            d_states[:, 0 if "state not carried" in defects else t] += d_states[:, t + 1] * decay[:, t]
    g = d_states[:, 1:]
    c.keep("d_state", in_time(g, defects))
    old = np.stack([before(c.states, t, defects) for t in range(T)], axis=1)
    seen = np.stack(c.states[:-1] if "state before the step" in defects else c.states[1:], axis=1)
    d_decay, d_factor = g * old, g * x[..., None] * b[:, :, None, :]
    through_decay, through_factor = (d_decay * decay_by_delta).sum(-1), (d_factor * factor_by_delta).sum(-1)
    if "Δ through the decay alone" in defects:
        through_factor = 0
    if "Δ through the input alone" in defects:
        through_decay = 0
    d_delta = through_decay + through_factor + np.zeros_like(delta)
    c.keep("d_delta", in_time(d_delta, defects))
    d_a = d_decay * (decay if "G_A without Δ" in defects else decay_by_a) + d_factor * factor_by_a
    d_a_log = (1 if "gradient of A, not of a_log" in defects else a_slope) * d_a.sum((0, 1))
    d_x = (g * factor * b[:, :, None, :]).sum(-1)
    if "skip without gradient" not in defects:
        d_x = d_x + skip_of(c, defects) * d_y
    d_b, d_c = (g * factor * x[..., None]).sum(2), (d_y[..., None] * seen).sum(2)
    if "B and C exchanged" in defects:
        d_b, d_c = d_c, d_b
    d_dt = d_delta * (1 if "slope of the softplus missing" in defects else delta_slope)
    d_h0 = 0 * d_states[:, 0] if defects & {"start ignored", "start cut off"} else d_states[:, 0]
    d_d = (d_y * x).sum((0, 1)) * ("skip missing" not in defects)
    d_x, d_dt, d_b, d_c = (in_time(values, defects) for values in (d_x, d_dt, d_b, d_c))
    return d_x, d_h0, d_dt, d_a_log, d_b, d_c, d_d


SELECTIVE_SCAN = (Faulty("selective_scan", "y", ("x", "h0", "dt", "a_log", "b", "c", "d"), forward, backward, {
    "softplus missing": "Δ is dt itself: its softplus is left out, and steps may be negative.",
    "exponential in place of softplus": "Δ = exp(dt), as in S4D, in place of softplus(dt).",
    "relu in place of softplus": "Δ = max(dt, 0) in place of softplus(dt).",
    "A not negated": "A = exp(a_log): the minus is missing, and the state grows.",
    "a_log not exponentiated": "A = −a_log in place of −exp(a_log).",
    "A without Δ": "The state decays by exp(A) in place of exp(Δ A), whatever the token.",
    "A by Euler's rule": "The decay is 1 + Δ A in place of exp(Δ A).",
    "B without Δ": "The input is B x in place of Δ B x: Δ is missing on B.",
    "B by zero-order hold": "B is discretised by zero-order hold, (exp(Δ A) − 1)/A, as in S4D, in place of Δ.",
    "B and C exchanged": "B and C stand in each other's place.",
    "skip missing": "The skip d ⊙ x is left out.",
    "time reversed": "The steps are taken from the last to the first.",
    "start ignored": "The scan starts from zeros whatever h0 is given: the start is ignored.",
    "state before the step": "The output reads the state before the step: h_{t−1} in place of h_t.",
    "state not carried": "Every step starts from h0: the state is not carried from step to step.",
}, {
    "slope of the softplus missing": "G_dt is G_Δ: the softplus's slope σ(dt) is forgotten.",
    "Δ through the decay alone": "G_Δ lacks what comes through Δ B x.",
    "Δ through the input alone": "G_Δ lacks what comes through exp(Δ A).",
    "G_A without Δ": "The derivative of exp(Δ A) by A lacks Δ.",
    "gradient of A, not of a_log": "The inner derivative of A = −exp(a_log), which is A, is missing.",
    "skip without gradient": "G_x lacks d ⊙ G_y, what comes through the skip.",
    "last step only": "Only G of the last step reaches the state; the other steps' own gradients are dropped.",
    "detached between steps": "The state is detached after every step: nothing flows back in time.",
    "start cut off": "G_{h0} is zero: the state that came in was detached.",
}),)
