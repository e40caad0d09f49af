"""Mistakes in the recurrences of the comparators: LSTM, minGRU, LRU; and in the gated linear unit"""

import numpy as np
from scipy.special import expit

from minicrt.conformance.variants.family import Family


def before(c, start):
    """The state in front of each step"""
    return np.concatenate([start[:, None], c.y[:, :-1]], axis=1)


def lstm(d_s, c, defect):
    B, T, D = c.x.shape[0], c.x.shape[1], c.u.shape[0]
    old, new = before(c, c.s0), c.y
    d_x, d_w, d_u, d_b = (np.zeros(a.shape) for a in (c.x, c.w, c.u, c.b))
    d_h, d_c = np.zeros((B, D)), np.zeros((B, D))
    for t in reversed(range(T)):
        a = c.x[:, t] @ c.w + old[:, t, :D] @ c.u + c.b
        i, f, o = (expit(a[:, k * D:(k + 1) * D]) for k in (0, 1, 3))
        g, tanh_c = np.tanh(a[:, 2 * D:3 * D]), np.tanh(new[:, t, D:])
        d_h = d_h + d_s[:, t, :D]
        d_c = d_c + d_s[:, t, D:] + d_h * o * (1 if defect == "slope of tanh(c) missing" else 1 - tanh_c**2)
        previous = new[:, t, D:] if defect == "forget gate sees the new cell" else old[:, t, D:]
        gates = [d_c * g * i * (1 - i), d_c * previous * f * (1 - f), d_c * i * (1 - g * g), d_h * tanh_c * o * (1 - o)]
        if defect == "gates in the order i, f, o, g":
            gates = [gates[0], gates[1], gates[3], gates[2]]
        if defect == "slope of g that of σ":
            gates[2] = d_c * i * g * (1 - g)
        d_a = np.concatenate(gates, axis=1)
        d_c = d_c if defect == "cell carried without f" else d_c * f
        d_h = 0 * d_h if defect == "no gradient through h" else d_a @ c.u.T
        d_x[:, t] = d_a @ c.w.T
        d_w += c.x[:, t].T @ d_a
        d_u += old[:, t, :D].T @ d_a
        d_b += d_a.sum(0)
    return d_x, np.concatenate([d_h, d_c], axis=1), d_w, d_u, d_b


def mingru(d_h, c, defect):
    D = c.h0.shape[1]
    old, a = before(c, c.h0), c.x @ c.w + c.b
    z, candidate = expit(a[..., :D]), a[..., D:]
    g, d_a = np.zeros_like(c.h0), np.zeros(a.shape)
    for t in reversed(range(c.x.shape[1])):
        g = g + d_h[:, t]
        difference = old[:, t] - candidate[:, t] if defect == "gate's sign" else candidate[:, t] - old[:, t]
        slope = 1 if defect == "slope of σ missing" else z[:, t] * (1 - z[:, t])
        d_a[:, t, :D] = g * difference * slope
        d_a[:, t, D:] = g * (1 - z[:, t] if defect == "gate and complement exchanged" else z[:, t])
        g = g * (z[:, t] if defect == "keeps z" else 1 - z[:, t])
    return d_a @ c.w.T, g, np.einsum("bti,bto->io", c.x, d_a), d_a.sum((0, 1))


def lru(d_h, c, defect):
    N = c.nu.size
    size, angle, gamma = np.exp(-np.exp(c.nu)), np.exp(c.theta), np.exp(c.log_gamma)
    rate = size * np.exp(1j * angle)
    as_complex = lambda x: x[..., :N] + 1j * x[..., N:]      # noqa: E731
    old, driven, d_h = as_complex(before(c, c.h0)), as_complex(c.x @ c.w), as_complex(d_h)
    back = rate if defect == "not conjugated" else np.conj(rate)
    g, d_rate, d_gamma, d_driven = 0 * old[:, 0], np.zeros(N, complex), np.zeros(N), np.zeros(driven.shape, complex)
    for t in reversed(range(c.x.shape[1])):
        g = g + d_h[:, t]
        d_rate += (g * np.conj(old[:, t])).sum(0)
        d_gamma += (g * np.conj(driven[:, t])).real.sum(0)
        d_driven[:, t] = g if defect == "input without γ" else gamma * g
        g = g * back
    d_nu = (np.conj(d_rate) * -np.exp(c.nu) * rate).real
    d_theta = (np.conj(d_rate) * 1j * angle * rate).real
    if defect == "chain of e^ν missing":
        d_nu = (np.conj(d_rate) * -rate).real
    if defect == "θ's sign":
        d_theta = -d_theta
    if defect == "gradient of γ, not of log γ":
        gamma = np.ones(N)
    parts = lambda z: np.concatenate([z.real, z.imag], axis=-1)          # noqa: E731
    d_x_side = parts(d_driven)
    return d_x_side @ c.w.T, parts(g), np.einsum("bti,bto->io", c.x, d_x_side), d_nu, d_theta, d_gamma * gamma


def glu(d_y, c, defect):
    a, b = np.split(c.x, 2, axis=-1)
    gate = expit(b)
    d_a, d_b = d_y * gate, d_y * a * (gate if defect == "slope of σ missing" else gate * (1 - gate))
    return np.concatenate([d_b, d_a] if defect == "halves exchanged" else [d_a, d_b], axis=-1)


COMPARATORS = (
    Family("lstm", lstm, {
        "gates in the order i, f, o, g": "The blocks o and g stand in each other's place, as in TensorFlow's order.",
        "forget gate sees the new cell": "G_{a_f} uses c_t in place of c_{t−1}.",
        "slope of tanh(c) missing": "h = o tanh(c) goes back to c without 1 − tanh².",
        "slope of g that of σ": "g (1 − g) in place of 1 − g².",
        "cell carried without f": "G_c goes to the step before without the forget gate.",
        "no gradient through h": "The recurrent product is taken for a constant.",
    }),
    Family("mingru", mingru, {
        "gate's sign": "h − c in place of c − h: here the gate lets the new in.",
        "slope of σ missing": "The gate's z (1 − z) is forgotten.",
        "gate and complement exchanged": "G_c = g (1 − z), as in the GRU's convention.",
        "keeps z": "g goes back by z in place of 1 − z.",
    }),
    Family("lru", lru, {
        "not conjugated": "g goes back by λ in place of its conjugate.",
        "input without γ": "The gradient of the input lacks γ.",
        "chain of e^ν missing": "G_ν lacks the inner derivative of exp(−exp(ν)).",
        "θ's sign": "G_θ has the opposite sign, that of the conjugate's angle.",
        "gradient of γ, not of log γ": "The inner derivative of γ = exp(log γ) is missing.",
    }),
    Family("glu", glu, {
        "halves exchanged": "The gradients of a and b stand in each other's place.",
        "slope of σ missing": "G_b lacks 1 − σ(b).",
    }),
)
