"""Chapter 03: layer norm, feed-forward, a block"""

import numpy as np
from scipy.special import erf


def layer_norm(x, gain, bias, eps):                 # (N, D), (D,), (D,) -> (N, D)
    """Every row brought to mean 0 and variance 1, then scaled by gain, moved by bias"""
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    r = 1 / np.sqrt(variance + eps)
    return gain * centred * r + bias


def layer_norm_backward(d_y, x_hat, r, gain):       # (N, D), (N, D), (N, 1), (D,)
    """d_x, d_gain, d_bias of y = gain * x_hat + bias, x_hat = (x - mean) * r"""
    d_x_hat = d_y * gain
    through_mean = d_x_hat.mean(-1, keepdims=True)
    through_r = x_hat * (d_x_hat * x_hat).mean(-1, keepdims=True)
    d_x = r * (d_x_hat - through_mean - through_r)
    d_gain = (d_y * x_hat).sum(0)
    d_bias = d_y.sum(0)
    return d_x, d_gain, d_bias


def gelu_backward(d_y, x):                          # (N, F), (N, F) -> (N, F)
    """The gradient of x in y = x Φ(x); Φ is ½ (1 + erf(x / √2)), its slope φ."""
    Phi = 0.5 * (1 + erf(x / np.sqrt(2)))
    phi = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return d_y * (Phi + x * phi)


def feed_forward_backward(d_y, x, a, w_in, w_out):  # (N, D), (N, D), (N, F)
    """d_x, d_w_in, d_b_in, d_w_out, d_b_out of y = gelu(a) @ w_out + b_out,
    a = x @ w_in + b_in
    """
    Phi = 0.5 * (1 + erf(a / np.sqrt(2)))
    phi = np.exp(-a * a / 2) / np.sqrt(2 * np.pi)
    f = a * Phi
    d_w_out = f.T @ d_y
    d_b_out = d_y.sum(0)
    d_f = d_y @ w_out.T
    d_a = d_f * (Phi + a * phi)
    d_w_in = x.T @ d_a
    d_b_in = d_a.sum(0)
    d_x = d_a @ w_in.T
    return d_x, d_w_in, d_b_in, d_w_out, d_b_out


def block_backward(d_y, attention_back, feed_forward_back):
    """d_x of m = x + attention(x), y = m + feed_forward(m); the branches' backward
    passes are functions of one array that give another of its shape
    """
    d_m = d_y + feed_forward_back(d_y)
    d_x = d_m + attention_back(d_m)
    return d_x


def embedding_backward(d_e, tokens, table):         # (N, D), (N,), (V, D) -> (V, D)
    """The gradient of the table in e = table[tokens], where a token may come twice"""
    d_table = np.zeros_like(table)
    np.add.at(d_table, tokens, d_e)
    return d_table
