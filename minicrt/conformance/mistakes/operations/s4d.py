"""Mistakes in the diagonal state space S4D"""

from typing import NamedTuple

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.sequence import before, in_time, start
from minicrt.ops.complex_pairs import Pair, exponential, parts


class System(NamedTuple):
    step: Pair                                               # Δ, real
    d_step: np.ndarray                                       # its slope by log_dt
    a: Pair
    d_re: np.ndarray                                         # the slope of Re A by log_a
    a_bar: tuple[Pair, Pair, Pair]                           # Ā, and its slopes by Δ and by A
    b_bar: tuple[Pair, Pair, Pair]


def system_of(c, defects):
    dt = c.log_dt[:, None]
    step, d_step = (dt, np.ones_like(dt)) if "log_dt not exponentiated" in defects else (np.exp(dt),) * 2
    size, d_size = (c.log_a, np.ones_like(c.log_a)) if "log_a not exponentiated" in defects else \
        (np.exp(c.log_a),) * 2
    sign = 1 if "A not negated" in defects else -1
    a = Pair(sign * size, -c.a_im if "A conjugated" in defects else c.a_im)
    delta, zero = Pair(step + 0 * a.re, 0 * a.re), a * 0
    one = Pair(1 + zero.re, zero.im)
    e = exponential(a * delta)
    a_bar, b_bar = (e, a * e, delta * e), ((e + one * -1) / a, e, (delta * e + (e + one * -1) / a * -1) / a)
    if "bilinear" in defects:
        q = one / (one + a * delta * -0.5)
        a_bar = ((one + a * delta * 0.5) * q, a * q * q, delta * q * q)
        b_bar = (delta * q, q * q, delta * delta * q * q * 0.5)
    if "B by Euler's rule" in defects:
        b_bar = (delta, one, zero)
    if "B not discretised" in defects:
        b_bar = (one, zero, zero)
    return System(delta, d_step[:, 0], a, sign * d_size, a_bar, b_bar)


def read_of(c, defects):
    """C as it multiplies the state, and what the real part is multiplied by"""
    read = parts(c.c)
    if "imaginary part of C dropped" in defects:
        read = Pair(read.re, 0 * read.im)
    if "C conjugated" in defects:
        read = read.conjugate()
    return read, 1 if "Re, not 2 Re" in defects else 2


def skip_of(c, defects):
    return 0 * c.d if "skip missing" in defects else c.d


def forward(c, defects):
    x, (read, two), system = in_time(c.x, defects), read_of(c, defects), system_of(c, defects)
    a_bar, b_bar = system.a_bar[0], system.b_bar[0]
    for name, value in {"a_bar_re": a_bar.re, "a_bar_im": a_bar.im, "b_bar_re": b_bar.re, "b_bar_im": b_bar.im}.items():
        c.keep(name, value)
    c.states, y = [parts(start(c.h0, defects))], []
    for t in range(x.shape[1]):
        c.states.append(a_bar * before(c.states, t, defects) + b_bar * x[:, t, :, None])
        y.append(two * (read * c.states[t if "state before the step" in defects else t + 1]).re.sum(-1))
    c.last = c.states[-1].joined()
    c.keep("h", in_time(np.stack([h.joined() for h in c.states[1:]], axis=1), defects))
    return in_time(np.stack(y, axis=1) + skip_of(c, defects) * x, defects)


def backward(d_y, c, defects, d_last=None):
    x, (read, two), system = in_time(c.x, defects), read_of(c, defects), system_of(c, defects)
    d_y, T = in_time(d_y, defects), x.shape[1]
    a_bar, b_bar = system.a_bar[0], system.b_bar[0]
    through, seen = (1 if "2 missing on the way back" in defects else two), "state before the step" in defects
    d_states = [parts(0 * c.h0) for _ in range(T + 1)]
    d_c = parts(0 * c.c)
    for t in range(T):
        place, d_y_t = t if seen else t + 1, d_y[:, t, :, None]
        if "last step only" not in defects or place == T:
            d_states[place] += read.conjugate() * (through * d_y_t)
        d_c += (c.states[place].conjugate() * (two * d_y_t)).sum(0)
    if d_last is not None:
        d_states[T] += parts(d_last)
    back = a_bar if "not conjugated" in defects else a_bar.conjugate()
    for t in reversed(range(T)):
        if "detached between steps" not in defects or t == 0:
            d_states[0 if "state not carried" in defects else t] += back * d_states[t + 1]
    c.keep("d_state", in_time(np.stack([g.joined() for g in d_states[1:]], axis=1), defects))
    d_a_bar, d_b_bar, d_x = parts(0 * c.c), parts(0 * c.c), []
    for t in range(T):
        g = d_states[t + 1]
        d_a_bar += (g * before(c.states, t, defects).conjugate()).sum(0)
        d_b_bar += (g * x[:, t, :, None]).sum(0)
        d_x.append((b_bar.conjugate() * g).re.sum(-1) + skip_of(c, defects) * d_y[:, t])
    if "B̄ taken for a constant" in defects:
        d_b_bar = d_b_bar * 0
    _, a_by_step, a_by_a = system.a_bar
    _, b_by_step, b_by_a = system.b_bar
    d_step = (d_a_bar * a_by_step.conjugate() + d_b_bar * b_by_step.conjugate()).re.sum(-1)
    d_a = d_a_bar * a_by_a.conjugate() + d_b_bar * b_by_a.conjugate()
    if "gradient of C conjugated" in defects:
        d_c = d_c.conjugate()
    if "imaginary part of C dropped" in defects:
        d_c = Pair(d_c.re, 0 * d_c.im)
    if "C conjugated" in defects:
        d_c = d_c.conjugate()
    d_h0 = d_states[0].joined() * (not defects & {"start ignored", "start cut off"})
    d_log_dt = d_step * (1 if "gradient of Δ, not of log Δ" in defects else system.d_step)
    d_im = -d_a.im if "A conjugated" in defects else d_a.im
    d_d = (d_y * x).sum((0, 1)) * ("skip missing" not in defects)
    return in_time(np.stack(d_x, axis=1), defects), d_h0, d_log_dt, d_a.re * system.d_re, d_im, d_c.joined(), d_d


S4D = (Faulty("s4d", "y", ("x", "h0", "log_dt", "log_a", "a_im", "c", "d"), forward, backward, {
    "A not negated": "Re A = exp(log_a): the minus is missing, and the state grows.",
    "log_a not exponentiated": "Re A = −log_a in place of −exp(log_a).",
    "log_dt not exponentiated": "Δ is the parameter log Δ itself: its exponential is missing.",
    "A conjugated": "A is conjugated: −exp(log_a) − i a_im.",
    "bilinear": "The system is discretised by the bilinear rule, as in S4, in place of zero-order hold.",
    "B by Euler's rule": "B̄ = Δ, as in Mamba, in place of (exp(Δ A) − 1)/A.",
    "B not discretised": "B̄ = 1: the input is not multiplied by (exp(Δ A) − 1)/A.",
    "Re, not 2 Re": "The output is Re(C h) in place of 2 Re(C h): each state stands for a conjugate pair.",
    "imaginary part of C dropped": "C is taken for real: its imaginary part is dropped.",
    "C conjugated": "C is conjugated: Re(C* h) in place of Re(C h).",
    "skip missing": "The skip d ⊙ x is left out.",
    "time reversed": "The steps are taken from the last to the first.",
    "start ignored": "The scan starts from zeros whatever h0 is given: the start is ignored.",
    "state before the step": "The output reads the state before the step: h_{t−1} in place of h_t.",
    "state not carried": "Every step starts from h0: the state is not carried from step to step.",
}, {
    "not conjugated": "g goes back by Ā in place of its conjugate.",
    "2 missing on the way back": "The state gets G_y C* in place of 2 G_y C*.",
    "gradient of C conjugated": "The imaginary half of G_C has the opposite sign.",
    "B̄ taken for a constant": "Δ and A get no gradient through B̄ = (exp(Δ A) − 1)/A.",
    "gradient of Δ, not of log Δ": "The inner derivative of Δ = exp(log_dt) is missing.",
    "last step only": "Only G of the last step reaches the state; the other steps' own gradients are dropped.",
    "detached between steps": "The state is detached after every step: nothing flows back in time.",
    "start cut off": "G_{h0} is zero: the state that came in was detached.",
}),)
