"""LSTM, minGRU and LRU, one equation a line, forward and backward by hand

A backward pass sets d_<name> for what the forward pass calls <name>.
"""

from minicrt.conformance.mutation.functions import (
    blocks,
    concatenated,
    cos,
    exp,
    rows,
    rows_sum,
    sigmoid,
    sin,
    stacked,
    tanh,
    total,
    zeros_like,
)


def lstm(x, s0, w, u, b):
    w_i, w_f, w_g, w_o = blocks(w, 4)
    u_i, u_f, u_g, u_o = blocks(u, 4)
    b_i, b_f, b_g, b_o = blocks(b, 4)
    h, c = blocks(s0, 2)
    states = []
    for t in range(x.shape[1]):
        x_t = x[:, t]
        a_i = x_t @ w_i + h @ u_i + b_i
        a_f = x_t @ w_f + h @ u_f + b_f
        a_g = x_t @ w_g + h @ u_g + b_g
        a_o = x_t @ w_o + h @ u_o + b_o
        i = sigmoid(a_i)
        f = sigmoid(a_f)
        g = tanh(a_g)
        o = sigmoid(a_o)
        c = f * c + i * g
        tanh_c = tanh(c)
        h = o * tanh_c
        states.append(concatenated([h, c]))
    return stacked(states)


def lstm_backward(d_s, x, s0, w, u, i, f, g, o, tanh_c, s):
    u_i, u_f, u_g, u_o = blocks(u, 4)
    h_before, c_before = blocks(concatenated([s0[:, None], s[:, :-1]], 1), 2)
    d_h_out, d_c_out = blocks(d_s, 2)
    d_h_next, d_c_next = blocks(zeros_like(s0), 2)
    d_steps = []
    for t in reversed(range(x.shape[1])):
        d_h = d_h_next + d_h_out[:, t]
        d_c = d_c_next + d_c_out[:, t] + d_h * o[:, t] * (1 - tanh_c[:, t] * tanh_c[:, t])
        d_i = d_c * g[:, t]
        d_f = d_c * c_before[:, t]
        d_g = d_c * i[:, t]
        d_o = d_h * tanh_c[:, t]
        d_a_i = d_i * i[:, t] * (1 - i[:, t])
        d_a_f = d_f * f[:, t] * (1 - f[:, t])
        d_a_g = d_g * (1 - g[:, t] * g[:, t])
        d_a_o = d_o * o[:, t] * (1 - o[:, t])
        d_h_next = d_a_i @ u_i.T + d_a_f @ u_f.T + d_a_g @ u_g.T + d_a_o @ u_o.T
        d_c_next = d_c * f[:, t]
        d_steps.append(concatenated([d_a_i, d_a_f, d_a_g, d_a_o]))
    d_a = stacked(d_steps[::-1])
    d_x = d_a @ w.T
    d_s0 = concatenated([d_h_next, d_c_next])
    d_w = rows(x).T @ rows(d_a)
    d_u = rows(h_before).T @ rows(d_a)
    d_b = rows_sum(d_a)
    return d_x, d_s0, d_w, d_u, d_b


def mingru(x, h0, w, b):
    w_z, w_c = blocks(w, 2)
    b_z, b_c = blocks(b, 2)
    a_z = x @ w_z + b_z
    z = sigmoid(a_z)
    c = x @ w_c + b_c
    h, states = h0, []
    for t in range(x.shape[1]):
        h = (1 - z[:, t]) * h + z[:, t] * c[:, t]
        states.append(h)
    return stacked(states)


def mingru_backward(d_h, x, h0, w, z, c, h):
    before = concatenated([h0[:, None], h[:, :-1]], 1)
    d_next = zeros_like(h0)
    d_states = []
    for t in reversed(range(x.shape[1])):
        d_state = d_next + d_h[:, t]
        d_next = d_state * (1 - z[:, t])
        d_states.append(d_state)
    d_all = stacked(d_states[::-1])
    d_z = d_all * (c - before)
    d_a_z = d_z * z * (1 - z)
    d_c = d_all * z
    d_x_side = concatenated([d_a_z, d_c])
    d_x = d_x_side @ w.T
    d_h0 = d_next
    d_w = rows(x).T @ rows(d_x_side)
    d_b = rows_sum(d_x_side)
    return d_x, d_h0, d_w, d_b


def lru(x, h0, w, nu, theta, log_gamma):
    size = exp(-exp(nu))
    angle = exp(theta)
    lambda_re = size * cos(angle)
    lambda_im = size * sin(angle)
    gamma = exp(log_gamma)
    w_re, w_im = blocks(w, 2)
    h, states = h0, []
    for t in range(x.shape[1]):
        x_t = x[:, t]
        re, im = blocks(h, 2)
        new_re = lambda_re * re - lambda_im * im + gamma * (x_t @ w_re)
        new_im = lambda_im * re + lambda_re * im + gamma * (x_t @ w_im)
        h = concatenated([new_re, new_im])
        states.append(h)
    return stacked(states)


def lru_backward(d_h, x, h0, w, nu, theta, lambda_re, lambda_im, gamma, h):
    before_re, before_im = blocks(concatenated([h0[:, None], h[:, :-1]], 1), 2)
    d_next = zeros_like(h0)
    d_states = []
    for t in reversed(range(x.shape[1])):
        d_state = d_next + d_h[:, t]
        d_re, d_im = blocks(d_state, 2)
        d_next = concatenated([lambda_re * d_re + lambda_im * d_im, lambda_re * d_im - lambda_im * d_re])
        d_states.append(d_state)
    d_all = stacked(d_states[::-1])
    g_re, g_im = blocks(d_all, 2)
    d_lambda_re = total(g_re * before_re + g_im * before_im, (0, 1))
    d_lambda_im = total(g_im * before_re - g_re * before_im, (0, 1))
    x_re, x_im = blocks(x @ w, 2)
    d_gamma = total(g_re * x_re + g_im * x_im, (0, 1))
    d_nu = -exp(nu) * (d_lambda_re * lambda_re + d_lambda_im * lambda_im)
    d_theta = exp(theta) * (d_lambda_im * lambda_re - d_lambda_re * lambda_im)
    d_log_gamma = gamma * d_gamma
    d_x_side = d_all * concatenated([gamma, gamma])
    d_x = d_x_side @ w.T
    d_h0 = d_next
    d_w = rows(x).T @ rows(d_x_side)
    return d_nu, d_theta, d_log_gamma, d_x, d_h0, d_w
