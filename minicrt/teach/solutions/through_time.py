"""Chapter 04: a GRU through time"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru_step(x_t, h, w, u, b, b_hn):                # (B, I), (B, D), weights -> (B, D)
    """The state after one step.

    w (I, 3D), u (D, 3D) and b (3D,) hold the blocks of r, z, n in this order;
    b_hn (D,) belongs to c = h @ u_n + b_hn
    """
    w_r, w_z, w_n = np.split(w, 3, axis=-1)
    u_r, u_z, u_n = np.split(u, 3, axis=-1)
    b_r, b_z, b_n = np.split(b, 3, axis=-1)
    r = sigmoid(x_t @ w_r + h @ u_r + b_r)
    z = sigmoid(x_t @ w_z + h @ u_z + b_z)
    n = np.tanh(x_t @ w_n + b_n + r * (h @ u_n + b_hn))
    return (1 - z) * n + z * h


def gru_step_backward(g, h, u, r, z, n, c):         # all (B, D) but u (D, 3D) -> (B, D)
    """The gradient of h, the state before the step.

    g is the gradient of the state after it; r, z, n, c belong to the step:
    c = h @ u_n + b_hn
    """
    u_r, u_z, u_n = np.split(u, 3, axis=-1)
    d_a_n = g * (1 - z) * (1 - n * n)
    d_c = d_a_n * r
    d_a_z = g * (h - n) * (z * (1 - z))
    d_a_r = d_a_n * c * (r * (1 - r))
    d_h = g * z + d_a_z @ u_z.T + d_c @ u_n.T + d_a_r @ u_r.T
    return d_h


def gru_backward(d_h, x, h, w, u, r, z, n, c):
    """All gradients of a GRU over T steps.

    d_h (B, T, D) is what the loss says of h_1 .. h_T; x (B, T, I);
    h (B, T + 1, D) from h_0 on; r, z, n, c (B, T, D); w (I, 3D); u (D, 3D)
    returns d_x, d_h0, d_w, d_u, d_b, d_b_hn, each of the shape of what it is of
    """
    u_r, u_z, u_n = np.split(u, 3, axis=-1)
    B, T, D = n.shape
    d_x_side, d_h_side = np.zeros((B, T, 3 * D)), np.zeros((B, T, 3 * D))
    g = np.zeros((B, D))
    for t in reversed(range(T)):
        g = g + d_h[:, t]
        d_a_n = g * (1 - z[:, t]) * (1 - n[:, t] * n[:, t])
        d_a_z = g * (h[:, t] - n[:, t]) * (z[:, t] * (1 - z[:, t]))
        d_a_r = d_a_n * c[:, t] * (r[:, t] * (1 - r[:, t]))
        d_c = d_a_n * r[:, t]
        d_x_side[:, t] = np.concatenate([d_a_r, d_a_z, d_a_n], axis=-1)
        d_h_side[:, t] = np.concatenate([d_a_r, d_a_z, d_c], axis=-1)
        g = g * z[:, t] + d_a_z @ u_z.T + d_c @ u_n.T + d_a_r @ u_r.T
    d_x = d_x_side @ w.T
    d_h0 = g
    d_w = np.einsum("bti,btk->ik", x, d_x_side)
    d_u = np.einsum("btd,btk->dk", h[:, :-1], d_h_side)
    d_b = d_x_side.sum((0, 1))
    d_b_hn = d_h_side[..., 2 * D:].sum((0, 1))
    return d_x, d_h0, d_w, d_u, d_b, d_b_hn
