"""RMS norm, causal convolution, selective scan and S4D, one equation a line, forward and backward by hand

A backward pass sets d_<name> for what the forward pass calls <name>.
"""

from minicrt.conformance.mutation.functions import (
    blocks,
    concatenated,
    cos,
    exp,
    mean,
    rows_sum,
    sigmoid,
    sin,
    softplus,
    sqrt,
    stacked,
    total,
    zeros_like,
)


def rms_norm(x, gain, eps):
    r = 1 / sqrt(mean(x * x, -1, True) + eps)
    x_hat = x * r
    return gain * x_hat


def rms_norm_backward(d_y, gain, r, x_hat):
    d_x_hat = d_y * gain
    d_x = r * (d_x_hat - x_hat * mean(d_x_hat * x_hat, -1, True))
    d_gain = rows_sum(d_y * x_hat)
    return d_x, d_gain


def causal_convolution(x, s0, weight, bias):
    seen = concatenated([s0, x], 1)
    length = x.shape[1]
    terms = []
    for k in range(weight.shape[0]):
        terms.append(weight[k] * seen[:, k:k + length])
    return bias + total(stacked(terms, 0), 0)


def causal_convolution_backward(d_y, x, s0, weight):
    seen = concatenated([s0, x], 1)
    length = x.shape[1]
    around = concatenated([zeros_like(s0), d_y, zeros_like(s0)], 1)
    last = weight.shape[0] - 1
    d_terms, d_taps = [], []
    for k in range(weight.shape[0]):
        d_terms.append(weight[k] * around[:, last - k:last - k + seen.shape[1]])
        d_taps.append(total(seen[:, k:k + length] * d_y, (0, 1)))
    d_seen = total(stacked(d_terms, 0), 0)
    d_x = d_seen[:, last:]
    d_s0 = d_seen[:, :last]
    d_weight = stacked(d_taps, 0)
    d_bias = rows_sum(d_y)
    return d_x, d_s0, d_weight, d_bias


def selective_states(driven, h0, delta, A, b):
    h, states = h0, []
    for t in range(driven.shape[1]):
        decay = exp(delta[:, t][..., None] * A)
        h = decay * h + driven[:, t][..., None] * b[:, t][:, None]
        states.append(h)
    return stacked(states)


def selective_scan(x, h0, dt, a_log, b, c, d):
    A = -exp(a_log)
    delta = softplus(dt)
    driven = delta * x
    h = selective_states(driven, h0, delta, A, b)
    return total(h * c[:, :, None], -1) + d * x


def selective_scan_backward(d_y, x, h0, dt, b, c, d, A, delta, h):
    before = concatenated([h0[:, None], h[:, :-1]], 1)
    decay = exp(delta[..., None] * A)
    d_next = zeros_like(h0)
    d_states = []
    for t in reversed(range(x.shape[1])):
        d_state = d_next + d_y[:, t][..., None] * c[:, t][:, None]
        d_next = d_state * decay[:, t]
        d_states.append(d_state)
    d_all = stacked(d_states[::-1])
    d_exponent = d_all * before * decay
    d_driven = total(d_all * b[:, :, None], -1)
    d_delta = total(d_exponent * A, -1) + x * d_driven
    d_x = delta * d_driven + d * d_y
    d_h0 = d_next
    d_dt = d_delta * sigmoid(dt)
    d_a_log = A * total(delta[..., None] * d_exponent, (0, 1))
    d_b = total(d_all * (delta * x)[..., None], 2)
    d_c = total(d_y[..., None] * h, 2)
    d_d = rows_sum(d_y * x)
    return d_x, d_h0, d_dt, d_a_log, d_b, d_c, d_d


def zero_order_hold(log_dt, log_a, a_im):
    step = exp(log_dt)[:, None]
    a_re = -exp(log_a)
    a_bar_re = exp(step * a_re) * cos(step * a_im)
    a_bar_im = exp(step * a_re) * sin(step * a_im)
    size = a_re * a_re + a_im * a_im
    b_bar_re = ((a_bar_re - 1) * a_re + a_bar_im * a_im) / size
    b_bar_im = (a_bar_im * a_re - (a_bar_re - 1) * a_im) / size
    return a_bar_re, a_bar_im, b_bar_re, b_bar_im


def s4d_scan(x, h0, a_bar_re, a_bar_im, b_bar_re, b_bar_im):
    h, states = h0, []
    for t in range(x.shape[1]):
        x_t = x[:, t][..., None]
        re, im = blocks(h, 2)
        new_re = a_bar_re * re - a_bar_im * im + b_bar_re * x_t
        new_im = a_bar_im * re + a_bar_re * im + b_bar_im * x_t
        h = concatenated([new_re, new_im])
        states.append(h)
    return stacked(states)


def s4d_read(x, h, c, d):
    c_re, c_im = blocks(c, 2)
    h_re, h_im = blocks(h, 2)
    return 2 * total(c_re * h_re - c_im * h_im, -1) + d * x


def s4d(x, h0, log_dt, log_a, a_im, c, d):
    a_bar_re, a_bar_im, b_bar_re, b_bar_im = zero_order_hold(log_dt, log_a, a_im)
    c_re, c_im = blocks(c, 2)
    h, outputs = h0, []
    for t in range(x.shape[1]):
        x_t = x[:, t]
        re, im = blocks(h, 2)
        new_re = a_bar_re * re - a_bar_im * im + b_bar_re * x_t[..., None]
        new_im = a_bar_im * re + a_bar_re * im + b_bar_im * x_t[..., None]
        h = concatenated([new_re, new_im])
        h_re, h_im = blocks(h, 2)
        y = 2 * total(c_re * h_re - c_im * h_im, -1) + d * x_t
        outputs.append(y)
    return stacked(outputs)


def s4d_backward(d_y, x, h0, c, d, a_im, a_re, step, size, a_bar_re, a_bar_im, b_bar_re, b_bar_im, h):
    c_re, c_im = blocks(c, 2)
    h_re, h_im = blocks(h, 2)
    before_re, before_im = blocks(concatenated([h0[:, None], h[:, :-1]], 1), 2)
    d_next = zeros_like(h0)
    d_states = []
    for t in reversed(range(x.shape[1])):
        d_y_t = d_y[:, t][..., None]
        d_state = d_next + concatenated([2 * d_y_t * c_re, -2 * d_y_t * c_im])
        d_re, d_im = blocks(d_state, 2)
        d_next = concatenated([a_bar_re * d_re + a_bar_im * d_im, a_bar_re * d_im - a_bar_im * d_re])
        d_states.append(d_state)
    g_re, g_im = blocks(stacked(d_states[::-1]), 2)
    d_a_bar_re = total(g_re * before_re + g_im * before_im, (0, 1))
    d_a_bar_im = total(g_im * before_re - g_re * before_im, (0, 1))
    d_b_bar_re = total(g_re * x[..., None], (0, 1))
    d_b_bar_im = total(g_im * x[..., None], (0, 1))
    q_re = (d_b_bar_re * a_re - d_b_bar_im * a_im) / size
    q_im = (d_b_bar_im * a_re + d_b_bar_re * a_im) / size
    e_re = d_a_bar_re + q_re
    e_im = d_a_bar_im + q_im
    z_re = e_re * a_bar_re + e_im * a_bar_im
    z_im = e_im * a_bar_re - e_re * a_bar_im
    d_a_re = step * z_re - q_re * b_bar_re - q_im * b_bar_im
    d_a_im = step * z_im - q_im * b_bar_re + q_re * b_bar_im
    d_log_a = a_re * d_a_re
    d_log_dt = step[:, 0] * total(z_re * a_re + z_im * a_im, -1)
    d_c = 2 * concatenated([total(d_y[..., None] * h_re, (0, 1)), -total(d_y[..., None] * h_im, (0, 1))])
    d_x = total(b_bar_re * g_re + b_bar_im * g_im, -1) + d * d_y
    d_h0 = d_next
    d_d = rows_sum(d_y * x)
    return d_x, d_h0, d_log_dt, d_log_a, d_a_im, d_c, d_d
