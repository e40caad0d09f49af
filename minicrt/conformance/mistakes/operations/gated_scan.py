"""The scan of both forms of the GRU and of the NC-GRU, forward and backward; `gru` names its mistakes"""

import numpy as np

from minicrt.conformance.mistakes.operations.candidates import candidate, candidate_slopes, kind_of
from minicrt.conformance.mistakes.operations.gates import gate, gate_slope
from minicrt.conformance.mistakes.operations.layouts import as_read, as_stored, orders, product
from minicrt.conformance.mistakes.operations.sequence import (
    before,
    give_back,
    handed_out,
    in_time,
    received,
    start,
    start_gradient,
)
from minicrt.ops.activations import logistic

ACTIVATED = "logistic slope of the activated value"
INPUT_RESET, CLIPPED = "reset on the input's side too", "state clipped"
ORDERS, ORDER_MISTAKES = orders("rzn", {"zrn": "as in ONNX and Keras"})


def form(c, defects, after):
    """Whether the reset acts after the product, and the candidate's recurrent bias inside and outside of the reset"""
    bias = 0 if getattr(c, "b_hn", None) is None or "b_hn missing" in defects else c.b_hn
    if "reset before the product" in defects or "reset after the product" in defects:
        after = not after
    return after, *((0, bias) if not after or "b_hn outside the reset" in defects else (bias, 0))


def forward(c, defects, after):
    """The scan of all three recurrences; `after` is the reset's place."""
    w, u, b = as_read(c.w, c.u, c.b, defects, ORDERS)
    D = len(u)
    u_rz, u_n, b_rz, b_n = u[:, :2 * D], u[:, 2 * D:], times_read(defects) * b[:2 * D], b[2 * D:]
    if "candidate's recurrent weight transposed" in defects:
        u_n = u_n.T
    kind = kind_of(getattr(c, "activation", "tanh"), defects)
    after_product, b_in, b_out = form(c, defects, after)
    x_side = in_time(c.x, defects) @ w
    h, c.steps = [start(c.h0, defects)], []
    for t in range(c.x.shape[1]):
        old = before(h, t, defects)
        rz = gate(x_side[:, t, :2 * D] + old @ u_rz + b_rz, defects)
        r, z = rz[:, :D], rz[:, D:]
        if "reset gate missing" in defects:
            r = np.ones_like(r)
        inner = old @ u_n + b_in if after_product else (r * old) @ u_n
        side = x_side[:, t, 2 * D:]
        if INPUT_RESET in defects:
            side = r * (side + in_argument(c, b_n)) - in_argument(c, b_n)
        v = side + (r * inner if after_product else inner) + b_out
        n = candidate(kind, v, b_n)
        keep = 1 - z if "z keeps the new" in defects else z
        h.append(clipped((1 - keep) * n + keep * old, defects))
        c.steps.append((old, h[-1], r, z, inner if after_product else inner + b_out, v, n))
    _, _, r, z, inner, v, n = (in_time(np.stack(values, axis=1), defects) for values in zip(*c.steps))
    for name, values in {"r": r, "z": z, "c" if after else "v": inner if after else v, "n": n}.items():
        c.keep(name, values)
    return handed_out(h, defects)


def in_argument(c, b_n):
    """The bias as far as it is added inside of the candidate's argument"""
    return b_n if getattr(c, "activation", "tanh") == "tanh" else 0 * b_n


def clipped(h, defects):
    return np.where(np.abs(h.real) < 1, h, np.sign(h.real)) if CLIPPED in defects else h


def times_read(defects):
    """How often the biases of r and z are added"""
    return 2 if "biases of r and z twice" in defects else 1


def slopes(c, kind, v, n, b_n, defects):
    """∂n/∂v and ∂n/∂b_n as the backward pass takes them"""
    if "slope of tanh" in defects:
        kind = "tanh"
    slope, bias_slope = candidate_slopes(kind, v, b_n)
    if kind == "tanh":
        slope = bias_slope = 1 - n if "tanh slope not squared" in defects else slope
        if "tanh slope of the activated value" in defects:
            slope = bias_slope = 1 - np.tanh(n) ** 2
    elif "threshold ignored" in defects:
        slope, bias_slope = np.ones_like(v), np.sign(v)
    return (slope * np.sign(v) if "sign left on v" in defects else slope,
            slope if "bias without sign" in defects else bias_slope)


def backward(d_h, c, defects, d_last=None, *, after):
    w, u, b = as_read(c.w, c.u, c.b, defects, ORDERS)
    D = len(u)
    u_r, u_z, u_n, b_n = u[:, :D], u[:, D:2 * D], u[:, 2 * D:], b[2 * D:]
    if "candidate's recurrent weight transposed" in defects:
        u_n = u_n.T
    kind = kind_of(getattr(c, "activation", "tanh"), defects)
    after_product = form(c, defects, after)[0]
    d_states = received(d_h, d_last, defects)
    gradients, x_side = [], in_time(c.x, defects) @ w[:, 2 * D:]
    for t in reversed(range(len(c.steps))):
        h, new, r, z, inner, v, n = c.steps[t]
        g = d_states[:, t + 1] * (np.abs(new) < 1 if CLIPPED in defects else 1)
        keep = 1 - z if "z keeps the new" in defects else z
        slope, bias_slope = slopes(c, kind, v, n, b_n, defects)
        d_n = g * (keep if "gate and complement exchanged" in defects else 1 - keep)
        d_keep = g * (n - h if "update gate's sign" in defects else h - n)
        d_z = -d_keep if "z keeps the new" in defects else d_keep
        d_v = d_n * slope
        if after_product:
            d_inner = d_v if "reset missing in the product" in defects else d_v * r
            d_r = d_v * (h if "reset gradient of the other form" in defects else inner)
            d_rh = d_through = d_inner @ u_n.T
        else:
            d_inner, d_rh = d_v, d_v @ u_n.T
            d_r = d_v * (h @ u_n) if "reset gradient of the other form" in defects else d_rh * h
            d_through = d_rh if "reset missing in the product" in defects else d_rh * r
        d_side, d_b_n = d_v, d_n * bias_slope
        if INPUT_RESET in defects:
            d_side, d_r = d_v * r, d_r + d_v * (x_side[:, t] + in_argument(c, b_n))
            d_b_n = d_b_n * (r if in_argument(c, b_n).any() else 1)
        d_r = 0 * d_r if "reset gradient missing" in defects or "reset gate missing" in defects else d_r
        seen_r, seen_z = (logistic(r), logistic(z)) if ACTIVATED in defects else (r, z)
        d_a_r = d_r * (r if "logistic slope short" in defects else gate_slope(seen_r, defects))
        d_a_z = d_z * gate_slope(seen_z, defects)
        if "gates exchanged" in defects:
            d_a_r, d_a_z = d_a_z, d_a_r
        direct = g * keep * ("direct path missing" not in defects)
        through_candidate = d_through * ("candidate path missing" not in defects)
        through_gates = (d_a_r @ u_r.T + d_a_z @ u_z.T) * ("gate paths missing" not in defects)
        give_back(d_states, t, direct + through_candidate + through_gates, defects)
        gradients.append((g, d_a_r, d_a_z, d_v, d_inner, d_side, d_b_n))
    names = ("d_state", "d_a_r", "d_a_z", "d_a_n", "d_c") if after else ("d_state", "d_a_r", "d_a_z", "d_v")
    in_order = [np.stack(values[::-1], axis=1) for values in zip(*gradients)]
    for name, values in zip(names, in_order):
        c.keep(name, in_time(values, defects))
    return parameter_gradients(c, defects, in_order, w, after_product, start_gradient(d_states, defects))


def parameter_gradients(c, defects, in_order, w, after_product, d_h0):
    """The products for x and the parameters, taken once for all steps"""
    _, d_a_r, d_a_z, d_v, d_inner, d_side, d_b_n = in_order
    old, new, r = (np.stack(values, axis=1) for values in list(zip(*c.steps))[:3])
    blocks = [d_a_z, d_a_r, d_side] if "blocks in the order z, r, n" in defects else [d_a_r, d_a_z, d_side]
    x_side = np.concatenate(blocks, axis=2)
    seen = new if "state after the step" in defects else old
    read = seen if after_product or "product's input without reset" in defects else r * seen
    d_u_n = product(read, d_inner)
    if "candidate's recurrent weight transposed" in defects:
        d_u_n = d_u_n.T
    d_u = np.concatenate([product(seen, d_a_r), product(seen, d_a_z), d_u_n], axis=1)
    times = times_read(defects)
    d_b = np.concatenate([times * d_a_r, times * d_a_z, d_b_n], axis=2).sum((0, 1))
    d_w, d_u, d_b = as_stored(product(in_time(c.x, defects), x_side), d_u, d_b, defects, ORDERS)
    d_x = in_time(x_side @ w.T, defects)
    if getattr(c, "b_hn", None) is None:
        return d_x, d_h0, d_w, d_u, d_b, None
    outside = not after_product or "b_hn outside the reset" in defects or "recurrent bias without reset" in defects
    d_b_hn = (d_v if outside else d_inner).sum((0, 1)) * ("b_hn missing" not in defects)
    return d_x, d_h0, d_w, d_u, d_b, d_b_hn
