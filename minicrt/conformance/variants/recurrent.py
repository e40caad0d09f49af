"""Mistakes in both forms of the GRU, in the NC-GRU and in the scaled Cayley transform"""

import numpy as np
from scipy.special import expit

from minicrt.conformance.variants.family import Family


def gates(c, h, t):
    """r_t, z_t from the state h in front of step t, and x_t's part of the candidate without its bias"""
    D = h.shape[1]
    a = c.x[:, t] @ c.w
    return (expit(a[:, :D] + h @ c.u[:, :D] + c.b[:D]), expit(a[:, D:2 * D] + h @ c.u[:, D:2 * D] + c.b[D:2 * D]),
            a[:, 2 * D:])


def candidate_slopes(c, v, defect):
    """f'(v) and df/db_n of the candidate's activation, v its argument without the bias"""
    b_n = c.b[-len(c.u):]
    if getattr(c, "activation", "tanh") == "tanh" or defect == "slope of tanh":
        n = np.tanh(v + b_n)
        slope = 1 - (n if defect == "tanh slope not squared" else n * n)
        return slope, slope
    sign, active = np.sign(v), (np.abs(v) + b_n > 0).astype(v.dtype)
    if defect == "threshold ignored":
        active = np.ones_like(v)
    return active * (sign if defect == "sign left on v" else 1), active * (1 if defect == "bias without sign" else sign)


def scan_backward(d_h, c, defect, after):
    """The backward scan of all three recurrences; `after` is the reset's place."""
    B, T, D = d_h.shape
    u_r, u_z, u_n = np.split(c.u, 3, axis=1)
    before = np.concatenate([c.h0[:, None], c.y[:, :-1]], axis=1)
    g = np.zeros((B, D))
    d_x, d_w, d_u, d_b, d_b_hn = (np.zeros(shape) for shape in (c.x.shape, c.w.shape, c.u.shape, c.b.shape, D))
    for t in reversed(range(T)):
        if defect != "last step only" or t == T - 1:
            g = g + d_h[:, t]
        if defect == "detached between steps" and t < T - 1:
            g = d_h[:, t]
        h = before[:, t]
        r, z, x_n = gates(c, h, t)
        inner = h @ u_n + c.b_hn if after else (r * h) @ u_n
        v = x_n + (r * inner if after else inner)
        slope, bias_slope = candidate_slopes(c, v, defect)
        b_n = c.b[2 * D:]
        n = np.tanh(v + b_n)
        if getattr(c, "activation", "tanh") == "modrelu":
            n = np.maximum(np.abs(v) + b_n, 0) * np.sign(v)
        d_n = g * (z if defect == "gate and complement exchanged" else 1 - z)
        d_z = g * (n - h if defect == "update gate's sign" else h - n)
        d_v = d_n * slope
        if after:
            d_inner = d_v if defect == "reset missing in the product" else d_v * r
            d_r = d_v * (h if defect == "reset gradient of the other form" else inner)
            d_rh_times_r = d_inner @ u_n.T
        else:
            d_inner = d_v
            d_rh = d_v @ u_n.T
            d_r = d_v * (h @ u_n) if defect == "reset gradient of the other form" else d_rh * h
            d_rh_times_r = d_rh if defect == "reset missing in the product" else d_rh * r
        d_r = 0 * d_r if defect == "reset gradient missing" else d_r
        d_a_r = d_r * (r if defect == "logistic slope short" else r * (1 - r))
        d_a_z = d_z * z * (1 - z)
        if defect == "gates exchanged":
            d_a_r, d_a_z = d_a_z, d_a_r
        x_side = np.concatenate([d_a_r, d_a_z, d_v], axis=1)
        if defect == "blocks in the order z, r, n":
            x_side = np.concatenate([d_a_z, d_a_r, d_v], axis=1)
        d_x[:, t] = x_side @ c.w.T
        d_w += c.x[:, t].T @ x_side
        h_seen = c.y[:, t] if defect == "state after the step" else h
        read = h_seen if after or defect == "product's input without reset" else r * h_seen
        d_u += np.concatenate([h_seen.T @ d_a_r, h_seen.T @ d_a_z, read.T @ d_inner], axis=1)
        d_b += np.concatenate([d_a_r, d_a_z, d_n * bias_slope], axis=1).sum(0)
        d_b_hn += (d_v if defect == "recurrent bias without reset" else d_inner).sum(0)
        direct = g * z * (defect != "direct path missing")
        through_candidate = d_rh_times_r * (defect != "candidate path missing")
        through_gates = (d_a_r @ u_r.T + d_a_z @ u_z.T) * (defect != "gate paths missing")
        g = direct + through_candidate + through_gates
    d_h0 = np.zeros_like(g) if defect == "start cut off" else g
    return d_x, d_h0, d_w, d_u, d_b, d_b_hn if after else None


def gru_after(d_h, c, defect):
    return scan_backward(d_h, c, defect, True)


def gru_before(d_h, c, defect):
    return scan_backward(d_h, c, defect, False)


def ncgru(d_h, c, defect):
    return scan_backward(d_h, c, defect, False)[:5]


def scaled_cayley(d_U, c, defect):
    n, U = c.n, c.y
    A = np.zeros((n, n))
    A[np.triu_indices(n, 1)] = c.a
    A = A - A.T
    S = np.diag([1.0] * (n - c.negatives) + [-1.0] * c.negatives)
    if defect == "signs missing":
        S = np.eye(n)
    if defect == "signs at the wrong end":
        S = S[::-1, ::-1]
    inverse = np.linalg.inv(np.eye(n) + (-A if defect == "inverse of I - A" else A))
    left = inverse if defect == "inverse not transposed" else inverse.T
    right = S + (U if defect == "U not transposed" else U.T)
    Q = (right @ d_U @ left) if defect == "sides exchanged" else left @ d_U @ right
    d_A = {"not antisymmetric": -Q, "halved": (Q.T - Q) / 2, "sign reversed": Q - Q.T}.get(defect, Q.T - Q)
    entries = np.tril_indices(n, -1) if defect == "lower entries" else np.triu_indices(n, 1)
    return d_A[entries]


SCAN_MISTAKES = {
    "gates exchanged": "G of the arguments of r and z in each other's place.",
    "blocks in the order z, r, n": "The input's side stacks its gradients z, r, n, the weights are stored r, z, n.",
    "gate and complement exchanged": "G_n = g z in place of g (1 − z).",
    "update gate's sign": "G_z = g (n − h) in place of g (h − n).",
    "logistic slope short": "r in place of r (1 − r) as the slope of the reset gate.",
    "reset gradient missing": "The reset gate gets no gradient.",
    "reset missing in the product": "The gradient that goes through the candidate's product is not multiplied by r.",
    "reset gradient of the other form": "G_r as in the GRU's other form, with the reset at the other side of U_n.",
    "direct path missing": "g z is left out of the state's gradient.",
    "candidate path missing": "The state's gradient through the candidate is left out.",
    "gate paths missing": "The state's gradient through both gates is left out.",
    "state after the step": "G_U uses h_t in place of h_{t−1}.",
    "last step only": "Only G of the last state counts; the other states' own gradients are dropped.",
    "detached between steps": "The state is detached after every step: nothing flows back in time.",
    "start cut off": "G_{h0} is zero: the state that came in was detached.",
}
BEFORE_MISTAKES = {"product's input without reset": "G_{U_n} = hᵀ G_v in place of (r ⊙ h)ᵀ G_v."}
TANH_MISTAKES = {"tanh slope not squared": "1 − n in place of 1 − n²."}
MODRELU_MISTAKES = {
    "slope of tanh": "The candidate's slope is that of tanh, its activation is modReLU.",
    "threshold ignored": "The candidate passes a gradient below its threshold too.",
    "sign left on v": "G_v has a factor sign(v), though the two signs cancel.",
    "bias without sign": "G_{b_n} = Σ G_v in place of Σ G_v sign(v).",
}
AFTER_MISTAKES = {"recurrent bias without reset": "G_{b_hn} = Σ G_{a_n} in place of Σ r ⊙ G_{a_n}."}

RECURRENT = (
    Family("gru", gru_after, SCAN_MISTAKES | TANH_MISTAKES | AFTER_MISTAKES, {"reset_after": True}),
    Family("gru", gru_before, SCAN_MISTAKES | TANH_MISTAKES | BEFORE_MISTAKES, {"reset_after": False}),
    Family("ncgru", ncgru, SCAN_MISTAKES | MODRELU_MISTAKES | BEFORE_MISTAKES, {"activation": "modrelu"}),
    Family("ncgru", ncgru, TANH_MISTAKES, {"activation": "tanh"}),
    Family("scaled_cayley", scaled_cayley, {
        "not antisymmetric": "G_A = −Q, the gradient of free entries, without its transpose: a_ij moves a_ji as well.",
        "halved": "(Qᵀ − Q)/2, a projection in place of the derivative.",
        "sign reversed": "Q − Qᵀ.",
        "signs missing": "I + Uᵀ in place of S + Uᵀ.",
        "signs at the wrong end": "S with its −1 entries first.",
        "U not transposed": "S + U in place of S + Uᵀ.",
        "inverse not transposed": "(I + A)⁻¹ in place of its transpose.",
        "inverse of I - A": "(I − A)⁻ᵀ in place of (I + A)⁻ᵀ.",
        "sides exchanged": "(S + Uᵀ) G (I + A)⁻ᵀ: the factors on the wrong sides.",
        "lower entries": "Reads the entries below the diagonal, whose sign is the opposite.",
    }),
)
