"""Linear layers, norms, activations, dropout, embedding and loss, one equation a line, forward and backward by hand"""

import numpy as np

from minicrt.conformance.mutation.functions import (
    absolute,
    blocks,
    chosen,
    concatenated,
    erf,
    exp,
    largest,
    log,
    mean,
    one_hot,
    positive,
    relu,
    rows,
    rows_sum,
    sigmoid,
    sign,
    sqrt,
    tanh,
    total,
    where,
)


def linear(x, weight, bias):
    return x @ weight + bias


def linear_backward(d_y, x, weight):
    d_x = d_y @ weight.T
    d_weight = rows(x).T @ rows(d_y)
    d_bias = rows_sum(d_y)
    return d_x, d_weight, d_bias


def bare_linear(x, weight):
    return x @ weight


def bare_linear_backward(d_y, x, weight):
    d_x = d_y @ weight.T
    d_weight = rows(x).T @ rows(d_y)
    return d_x, d_weight


def gelu(x):
    phi = 0.5 * (1 + erf(x * sqrt(0.5)))
    return x * phi


def gelu_slope(x):
    phi = 0.5 * (1 + erf(x * sqrt(0.5)))
    density = exp(-0.5 * x * x) / sqrt(2 * np.pi)
    return phi + x * density


def gelu_tanh(x):
    t = tanh(sqrt(2 / np.pi) * (x + 0.044715 * x * x * x))
    return 0.5 * x * (1 + t)


def gelu_tanh_slope(x):
    t = tanh(sqrt(2 / np.pi) * (x + 0.044715 * x * x * x))
    d_inner = sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x * x)
    return 0.5 * (1 + t + x * (1 - t * t) * d_inner)


def gelu_backward(d_y, x):
    d_x = d_y * gelu_slope(x)
    return d_x


def gelu_tanh_backward(d_y, x):
    d_x = d_y * gelu_tanh_slope(x)
    return d_x


def linear_gelu(x, weight, bias):
    a = x @ weight + bias
    return gelu(a)


def linear_gelu_tanh(x, weight, bias):
    a = x @ weight + bias
    return gelu_tanh(a)


def linear_relu(x, weight, bias):
    a = x @ weight + bias
    return relu(a)


def linear_gelu_backward(d_y, x, weight, a):
    d_a = d_y * gelu_slope(a)
    d_x = d_a @ weight.T
    d_weight = rows(x).T @ rows(d_a)
    d_bias = rows_sum(d_a)
    return d_x, d_weight, d_bias


def linear_gelu_tanh_backward(d_y, x, weight, a):
    d_a = d_y * gelu_tanh_slope(a)
    d_x = d_a @ weight.T
    d_weight = rows(x).T @ rows(d_a)
    d_bias = rows_sum(d_a)
    return d_x, d_weight, d_bias


def linear_relu_backward(d_y, x, weight, a):
    d_a = d_y * positive(a)
    d_x = d_a @ weight.T
    d_weight = rows(x).T @ rows(d_a)
    d_bias = rows_sum(d_a)
    return d_x, d_weight, d_bias


def sigmoid_activation(x):
    return sigmoid(x)


def sigmoid_activation_backward(d_y, x, y):
    d_x = d_y * y * (1 - y)
    return d_x


def tanh_activation(x):
    return tanh(x)


def tanh_activation_backward(d_y, x, y):
    d_x = d_y * (1 - y * y)
    return d_x


def relu_activation(x):
    return relu(x)


def relu_activation_backward(d_y, x, y):
    d_x = d_y * positive(x)
    return d_x


def modrelu(v, bias):
    return relu(absolute(v) + bias) * sign(v)


def modrelu_backward(d_y, v, bias):
    d_v = d_y * positive(absolute(v) + bias) * sign(v) * sign(v)
    d_bias = rows_sum(d_v * sign(v))
    return d_bias


def glu(x):
    a, b = blocks(x, 2)
    gate = sigmoid(b)
    return a * gate


def glu_backward(d_y, x, gate):
    a, b = blocks(x, 2)
    d_gate = d_y * a
    d_x = concatenated([d_y * gate, d_gate * gate * (1 - gate)])
    return b, d_x


def dropout(x, uniform, rate):
    mask = (uniform >= rate) / (1 - rate)
    return x * mask


def dropout_backward(d_y, uniform, rate):
    mask = (uniform >= rate) / (1 - rate)
    d_x = d_y * mask
    return d_x


def embedding_dropout(table, uniform, rate):
    mask = (uniform >= rate) / (1 - rate)
    return table * mask


def embedding_dropout_backward(d_y, uniform, rate):
    mask = (uniform >= rate) / (1 - rate)
    d_table = d_y * mask
    return d_table


def layer_norm(x, gain, bias, eps):
    mu = mean(x, -1, True)
    centred = x - mu
    variance = mean(centred * centred, -1, True)
    r = 1 / sqrt(variance + eps)
    x_hat = centred * r
    return gain * x_hat + bias


def layer_norm_backward(d_y, gain, r, x_hat):
    d_x_hat = d_y * gain
    d_x = r * (d_x_hat - mean(d_x_hat, -1, True) - x_hat * mean(d_x_hat * x_hat, -1, True))
    d_gain = rows_sum(d_y * x_hat)
    d_bias = rows_sum(d_y)
    return d_x, d_gain, d_bias


def embedding(tokens, table, scale):
    return scale * table[tokens]


def embedding_backward(d_y, tokens, table, scale):
    d_table = scale * (one_hot(tokens.reshape(-1), len(table)).T @ rows(d_y))
    return d_table


def mean_squared_error(y, targets, scored):
    count = max(scored.sum(), 1)
    difference = where(scored, y - targets, 0)
    return total(difference * difference) / count


def mean_squared_error_backward(d_loss, scored, difference):
    count = max(scored.sum(), 1)
    d_y = 2 * d_loss * difference / count
    d_targets = -d_y
    return d_y, d_targets


def linear_cross_entropy(z, table, bias, targets):
    scored = targets != -1
    count = max(scored.sum(), 1)
    logits = z @ table.T + bias
    shift = logits - largest(logits, -1)
    log_p = shift - log(total(exp(shift), -1, True))
    row_losses = where(scored, -chosen(log_p, targets), 0)
    return total(row_losses) / count


def linear_cross_entropy_backward(d_loss, z, table, targets, logits):
    scored = targets != -1
    count = max(scored.sum(), 1)
    e = exp(logits - largest(logits, -1))
    p = e / total(e, -1, True)
    d_logits = d_loss * (p - one_hot(targets, len(table))) * scored[..., None] / count
    d_z = d_logits @ table
    d_table = rows(d_logits).T @ rows(z)
    d_bias = rows_sum(d_logits)
    return d_z, d_table, d_bias
