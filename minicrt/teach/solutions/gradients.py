"""Chapter 01: gradients by hand"""

import numpy as np


def softmax(y):                                     # (N, J) -> (N, J)
    """p = e^y / Σ e^y in every row, shifted by its largest score: e^1000 overflows"""
    e = np.exp(y - y.real.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def cross_entropy(y, classes):                      # (N, J), (N,) -> one number
    """The mean over the rows of −ln p at the right class."""
    p = softmax(y)
    right = p[np.arange(len(y)), classes]
    return -np.log(right).mean()


def cross_entropy_backward(d_loss, y, classes):     # one number -> (N, J)
    """The gradient of y in cross_entropy(y, classes), given that of the loss."""
    one_hot = np.eye(y.shape[1])[classes]
    p = softmax(y)
    return d_loss * (p - one_hot) / len(y)


def linear_backward(d_y, x, W, b):                  # (N, J) -> (N, I), (I, J), (J,)
    """The gradients of x, W and b in y = x @ W + b, given d_y, that of y."""
    d_x = d_y @ W.T
    d_W = x.T @ d_y
    d_b = d_y.sum(0)
    return d_x, d_W, d_b


def central_difference(f, w, unit, h):      # f gives a number, unit is like w
    """The derivative of f at w along unit, from one step h forth and one back."""
    return (f(w + h * unit) - f(w - h * unit)) / (2 * h)


def complex_step(f, w, unit, h):            # f gives a number, unit is like w
    """The derivative of f at w along unit, from one step h along the imaginary axis."""
    return f(w + 1j * h * unit).imag / h


def tempered_backward(d_p, y, tau):                 # (N, J) -> (N, J), one number
    """d_y and d_tau of p = softmax(y / tau)."""
    p = softmax(y / tau)
    d_s = p * (d_p - (d_p * p).sum(-1, keepdims=True))
    d_y = d_s / tau
    d_tau = -(d_s * y).sum() / (tau * tau)
    return d_y, d_tau


def rms_norm_backward(d_y, x, gain, eps):           # (N, D) -> (N, D), (D,)
    """d_x and d_gain of y = gain * x * r, r = 1 / sqrt(mean(x²) + eps) of each row."""
    r = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    x_hat = x * r
    d_x_hat = d_y * gain
    d_x = r * (d_x_hat - x_hat * (d_x_hat * x_hat).mean(-1, keepdims=True))
    d_gain = (d_y * x_hat).sum(0)
    return d_x, d_gain
