"""Mistakes in the LSTM"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.gates import GATE_MISTAKES, gate, gate_slope
from minicrt.conformance.mistakes.operations.layouts import (
    RECURRENT_READING_MISTAKES,
    as_read,
    as_stored,
    orders,
    product,
)
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

ORDERS, ORDER_MISTAKES = orders("ifgo", {"iofg": "as in ONNX", "igfo": "as in TensorFlow's BasicLSTMCell",
                                         "ifog": "the gates with σ first"})


def halves(s, defects):                                      # (..., 2D) -> (..., 2D)
    """The state as [h, c], or back from it"""
    return np.roll(s, s.shape[-1] // 2, axis=-1) if "state as [c, h]" in defects else s


def forward(c, defects):
    w, u, b = as_read(c.w, c.u, c.b, defects, ORDERS)
    D = len(u)
    x_side = in_time(c.x, defects) @ w + times_read(defects) * b
    forget = 1 if "forget bias 1" in defects else 0
    states, c.steps = [start(halves(c.s0, defects), defects)], []
    for t in range(c.x.shape[1]):
        s = before(states, t, defects)
        a_i, a_f, a_g, a_o = np.split(x_side[:, t] + s[:, :D] @ u, 4, axis=1)
        i, f, o = gate(a_i, defects), gate(a_f + forget, defects), gate(a_o, defects)
        g = gate(a_g, defects) if "σ in place of tanh for g" in defects else np.tanh(a_g)
        if "f is 1 − i" in defects:
            f = 1 - i
        new = f * s[:, D:] + i * g
        tanh_c = new if "tanh of the cell missing" in defects else np.tanh(new)
        states.append(np.concatenate([o * tanh_c, new], axis=1))
        c.steps.append((s, states[-1], i, f, g, o, tanh_c))
    stacked = [in_time(np.stack(values, axis=1), defects) for values in zip(*c.steps)]
    for name, values in zip(("i", "f", "g", "o", "tanh_c"), stacked[2:]):
        c.keep(name, values)
    return halves(handed_out(states, defects), defects)


def times_read(defects):
    """How often the bias is added"""
    return 2 if "bias twice" in defects else 1


def backward(d_s, c, defects, d_last=None):
    w, u, b = as_read(c.w, c.u, c.b, defects, ORDERS)
    D = len(u)
    d_states = received(halves(d_s, defects), None if d_last is None else halves(d_last, defects), defects)
    gradients = []
    for t in reversed(range(len(c.steps))):
        s, new, i, f, g, o, tanh_c = c.steps[t]
        d_h, d_c = d_states[:, t + 1, :D], d_states[:, t + 1, D:]
        flat = "slope of tanh(c) missing" in defects or "tanh of the cell missing" in defects
        d_c = d_c + d_h * o * (1 if flat else 1 - tanh_c * tanh_c)
        seen = new[:, D:] if "forget gate sees the new cell" in defects else s[:, D:]
        d_i, d_f, d_g, d_o = d_c * g, d_c * seen, d_c * i, d_h * tanh_c
        if "f is 1 − i" in defects:
            d_i, d_f = d_i - d_f, 0 * d_f
        slope_g = 1 - g * g
        if "σ in place of tanh for g" in defects:
            slope_g = gate_slope(g, defects)
        if "slope of g that of σ" in defects:
            slope_g = g * (1 - g)
        blocks = [d_i * gate_slope(i, defects), d_f * gate_slope(f, defects), d_g * slope_g,
                  d_o * gate_slope(o, defects)]
        if "gates in the order i, f, o, g" in defects:
            blocks[2:] = blocks[3], blocks[2]
        through_h = np.concatenate(blocks, axis=1) @ u.T * ("no gradient through h" not in defects)
        through_c = d_c if "cell carried without f" in defects else d_c * f
        if "cell not carried back" in defects and t > 0:
            through_c = 0 * through_c
        give_back(d_states, t, np.concatenate([through_h, through_c], axis=1), defects)
        gradients.append((d_h, d_c, *blocks))
    in_order = [np.stack(values[::-1], axis=1) for values in zip(*gradients)]
    for name, values in zip(("d_h", "d_c", "d_a_i", "d_a_f", "d_a_g", "d_a_o"), in_order):
        c.keep(name, in_time(values, defects))
    d_a = np.concatenate(in_order[2:], axis=2)
    after = "state after the step" in defects
    h = np.stack([(new if after else old)[:, :D] for old, new, *_ in c.steps], axis=1)
    d_b = times_read(defects) * d_a.sum((0, 1))
    d_w, d_u, d_b = as_stored(product(in_time(c.x, defects), d_a), product(h, d_a), d_b, defects, ORDERS)
    return in_time(d_a @ w.T, defects), halves(start_gradient(d_states, defects), defects), d_w, d_u, d_b


LSTM = (Faulty("lstm", "s", ("x", "s0", "w", "u", "b"), forward, backward, ORDER_MISTAKES | {
    "forget bias 1": "1 is added to the forget gate's argument, as in TensorFlow's BasicLSTMCell.",
    "σ in place of tanh for g": "The cell's input g is σ in place of tanh.",
    "tanh of the cell missing": "h = o ⊙ c in place of o ⊙ tanh(c).",
    "bias twice": "The bias is added twice, as when b is loaded into both of PyTorch's b_ih and b_hh.",
    "f is 1 − i": "Input and forget gate are coupled: f = 1 − i.",
    "state as [c, h]": "The state is stored as [c, h] in place of [h, c].",
} | GATE_MISTAKES | RECURRENT_READING_MISTAKES | SEQUENCE_MISTAKES, {
    "gates in the order i, f, o, g": "The blocks o and g stand in each other's place, as in TensorFlow's order.",
    "forget gate sees the new cell": "G_{a_f} uses c_t in place of c_{t−1}.",
    "slope of tanh(c) missing": "h = o tanh(c) goes back to c without 1 − tanh².",
    "slope of g that of σ": "g (1 − g) in place of 1 − g².",
    "cell carried without f": "G_c goes to the step before without the forget gate.",
    "cell not carried back": "G_c is not carried from step to step: each step's starts from what comes from its own h "
                             "and from outside.",
    "no gradient through h": "The recurrent product is taken for a constant.",
    "state after the step": "G_U uses h_t in place of h_{t−1}.",
} | SEQUENCE_BACKWARD_MISTAKES),)
