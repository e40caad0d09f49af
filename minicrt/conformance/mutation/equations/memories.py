"""The delta rule, sparse writing and the pooled queue, one equation a line, forward and backward by hand

A backward pass sets d_<name> for what the forward pass calls <name>.
"""

from minicrt.conformance.mutation.functions import concatenated, sigmoid, sqrt, stacked, total, where, zeros_like


def delta_scan(q, k, v, b, s0):
    r_q = 1 / sqrt(total(q * q, -1, True) + 1e-6)
    r_k = 1 / sqrt(total(k * k, -1, True) + 1e-6)
    q_hat = q * r_q
    k_hat = k * r_k
    beta = sigmoid(b)[..., None]
    s, states = s0, []
    for t in range(v.shape[1]):
        said = total(k_hat[:, t][..., None] * s, 1)
        error = v[:, t] - said
        s = s + k_hat[:, t][..., None] * (beta[:, t] * error)[:, None]
        states.append(s)
    seen = stacked(states)
    return total(q_hat[..., None] * seen, 2), seen[:, -1]


def delta_rule(q, k, v, b, s0):
    return delta_scan(q, k, v, b, s0)[0]


def delta_rule_backward(d_y, s0, q_hat, k_hat, r_q, r_k, beta, error, s):
    before = concatenated([s0[:, None], s[:, :-1]], 1)
    d_q_hat = total(s * d_y[:, :, None], -1)
    d_next = zeros_like(s0)
    d_keys, d_values, d_betas = [], [], []
    for t in reversed(range(d_y.shape[1])):
        d_s = d_next + q_hat[:, t][..., None] * d_y[:, t][:, None]
        by_key = total(k_hat[:, t][..., None] * d_s, 1)
        d_missing = beta[:, t] * by_key
        d_betas.append(total(by_key * error[:, t], -1, True))
        d_keys.append(beta[:, t] * total(d_s * error[:, t][:, None], -1) - total(before[:, t] * d_missing[:, None], -1))
        d_values.append(d_missing)
        d_next = d_s - k_hat[:, t][..., None] * d_missing[:, None]
    d_k_hat = stacked(d_keys[::-1])
    d_q = r_q * (d_q_hat - q_hat * total(q_hat * d_q_hat, -1, True))
    d_k = r_k * (d_k_hat - k_hat * total(k_hat * d_k_hat, -1, True))
    d_v = stacked(d_values[::-1])
    d_b = (stacked(d_betas[::-1]) * beta * (1 - beta))[..., 0]
    d_s0 = d_next
    return d_q, d_k, d_v, d_b, d_s0


def sparse_write(new, old, most):
    change = total((new - old) * (new - old), -1)
    written = (change[:, None] > change[..., None]).sum(-1)[..., None] < most
    return where(written, new, old)


def sparse_write_backward(d_y, written):
    d_new = where(written, d_y, zeros_like(d_y))
    d_old = where(written, zeros_like(d_y), d_y)
    return d_new, d_old


def pooled_queue(u, m, b):
    z = sigmoid(b)
    before = concatenated([u[:, None], m[:, :-1]], 1)
    return z * m + (1 - z) * before


def pooled_queue_backward(d_y, m, z, before):
    d_before = (1 - z) * d_y
    d_u = d_before[:, 0]
    d_m = z * d_y + concatenated([d_before[:, 1:], zeros_like(d_y[:, :1])], 1)
    d_b = total(d_y * (m - before), 0) * z * (1 - z)
    return d_u, d_m, d_b
