"""The GRU in both of its forms and the NC-GRU, one equation a line, forward and backward by hand

A backward pass sets d_<name> for what the forward pass calls <name>.
"""

from minicrt.conformance.mutation.functions import (
    absolute,
    blocks,
    concatenated,
    positive,
    relu,
    rows,
    rows_sum,
    sigmoid,
    sign,
    stacked,
    tanh,
    zeros_like,
)


def gru_after(x, h0, w, u, b, b_hn):
    w_r, w_z, w_n = blocks(w, 3)
    u_r, u_z, u_n = blocks(u, 3)
    b_r, b_z, b_n = blocks(b, 3)
    h, states = h0, []
    for t in range(x.shape[1]):
        x_t = x[:, t]
        a_r = x_t @ w_r + h @ u_r + b_r
        a_z = x_t @ w_z + h @ u_z + b_z
        r = sigmoid(a_r)
        z = sigmoid(a_z)
        c = h @ u_n + b_hn
        a_n = x_t @ w_n + b_n + r * c
        n = tanh(a_n)
        h = (1 - z) * n + z * h
        states.append(h)
    return stacked(states)


def gru_after_backward(d_h, x, h0, w, u, r, z, c, n, h):
    u_r, u_z, u_n = blocks(u, 3)
    before = concatenated([h0[:, None], h[:, :-1]], 1)
    d_r_side = []
    d_z_side = []
    d_n_side = []
    d_c_side = []
    d_next = zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        d_state = d_next + d_h[:, t]
        d_n = d_state * (1 - z[:, t])
        d_z = d_state * (before[:, t] - n[:, t])
        d_a_n = d_n * (1 - n[:, t] * n[:, t])
        d_r = d_a_n * c[:, t]
        d_c = d_a_n * r[:, t]
        d_a_r = d_r * r[:, t] * (1 - r[:, t])
        d_a_z = d_z * z[:, t] * (1 - z[:, t])
        d_next = d_state * z[:, t] + d_a_r @ u_r.T + d_a_z @ u_z.T + d_c @ u_n.T
        d_r_side.append(d_a_r)
        d_z_side.append(d_a_z)
        d_n_side.append(d_a_n)
        d_c_side.append(d_c)
    d_x_side = concatenated([stacked(d_r_side[::-1]), stacked(d_z_side[::-1]), stacked(d_n_side[::-1])])
    d_h_side = concatenated([stacked(d_r_side[::-1]), stacked(d_z_side[::-1]), stacked(d_c_side[::-1])])
    d_x = d_x_side @ w.T
    d_h0 = d_next
    d_w = rows(x).T @ rows(d_x_side)
    d_u = rows(before).T @ rows(d_h_side)
    d_b = rows_sum(d_x_side)
    d_b_hn = rows_sum(stacked(d_c_side[::-1]))
    return d_x, d_h0, d_w, d_u, d_b, d_b_hn


def tanh_candidate(v, b_n):
    return tanh(v + b_n)


def modrelu_candidate(v, b_n):
    return relu(absolute(v) + b_n) * sign(v)


def reset_before(x, h0, w, u, b, candidate):
    w_r, w_z, w_n = blocks(w, 3)
    u_r, u_z, u_n = blocks(u, 3)
    b_r, b_z, b_n = blocks(b, 3)
    h, states = h0, []
    for t in range(x.shape[1]):
        x_t = x[:, t]
        a_r = x_t @ w_r + h @ u_r + b_r
        a_z = x_t @ w_z + h @ u_z + b_z
        r = sigmoid(a_r)
        z = sigmoid(a_z)
        v = x_t @ w_n + (r * h) @ u_n
        n = candidate(v, b_n)
        h = (1 - z) * n + z * h
        states.append(h)
    return stacked(states)


def gru_before(x, h0, w, u, b):
    return reset_before(x, h0, w, u, b, tanh_candidate)


def ncgru_modrelu(x, h0, w, u, b):
    return reset_before(x, h0, w, u, b, modrelu_candidate)


def ncgru_tanh(x, h0, w, u, b):
    return reset_before(x, h0, w, u, b, tanh_candidate)


def tanh_slopes(d_n, v, n):
    d_v = d_n * (1 - n * n)
    return d_v, d_v


def modrelu_slopes(d_n, v, n):
    d_v = d_n * positive(absolute(n))
    return d_v, d_v * sign(v)


def reset_before_backward(d_h, x, h0, w, u, r, z, v, n, h, slopes):
    u_r, u_z, u_n = blocks(u, 3)
    before = concatenated([h0[:, None], h[:, :-1]], 1)
    d_r_side = []
    d_z_side = []
    d_n_side = []
    d_bias_side = []
    d_next = zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        d_state = d_next + d_h[:, t]
        d_n = d_state * (1 - z[:, t])
        d_z = d_state * (before[:, t] - n[:, t])
        d_v, d_bias = slopes(d_n, v[:, t], n[:, t])
        d_rh = d_v @ u_n.T
        d_r = d_rh * before[:, t]
        d_a_r = d_r * r[:, t] * (1 - r[:, t])
        d_a_z = d_z * z[:, t] * (1 - z[:, t])
        d_next = d_state * z[:, t] + d_a_r @ u_r.T + d_a_z @ u_z.T + d_rh * r[:, t]
        d_r_side.append(d_a_r)
        d_z_side.append(d_a_z)
        d_n_side.append(d_v)
        d_bias_side.append(d_bias)
    d_gates = concatenated([stacked(d_r_side[::-1]), stacked(d_z_side[::-1])])
    d_x_side = concatenated([d_gates, stacked(d_n_side[::-1])])
    d_x = d_x_side @ w.T
    d_h0 = d_next
    d_w = rows(x).T @ rows(d_x_side)
    d_u = concatenated([rows(before).T @ rows(d_gates), rows(r * before).T @ rows(stacked(d_n_side[::-1]))])
    d_b = rows_sum(concatenated([d_gates, stacked(d_bias_side[::-1])]))
    return d_x, d_h0, d_w, d_u, d_b


def gru_before_backward(d_h, x, h0, w, u, r, z, v, n, h):
    return reset_before_backward(d_h, x, h0, w, u, r, z, v, n, h, tanh_slopes)


def ncgru_modrelu_backward(d_h, x, h0, w, u, r, z, v, n, h):
    return reset_before_backward(d_h, x, h0, w, u, r, z, v, n, h, modrelu_slopes)


def ncgru_tanh_backward(d_h, x, h0, w, u, r, z, v, n, h):
    return reset_before_backward(d_h, x, h0, w, u, r, z, v, n, h, tanh_slopes)
