"""Chapter 11: making it fast"""

import numpy as np


def product_work(n, k, m, size):                # (n, k) @ (k, m), `size` bytes a number
    """Operations, bytes, and operations per byte, if each array moves only once."""
    flops = 2 * n * k * m
    moved = size * (n * k + k * m + n * m)
    return flops, moved, flops / moved


def attainable(peak, bandwidth, intensity):     # FLOP/s, bytes/s, (N,) -> (N,)
    """The FLOP/s that the roofline allows at each arithmetic intensity."""
    return np.minimum(peak, bandwidth * intensity)


def one_pass_softmax(y):                        # (N, V) -> m (N,), s (N,)
    """The largest entry m of each row and s = Σ e^(y - m), going over y once."""
    m = y[:, 0]
    s = np.ones(len(y))
    for j in range(1, y.shape[1]):
        m_new = np.maximum(m, y[:, j])
        s = s * np.exp(m - m_new) + np.exp(y[:, j] - m_new)
        m = m_new
    return m, s


def loss_and_gradient(y, classes):              # (N, V), (N,) -> one number, (N, V)
    """The mean of −ln p at the right classes, and its gradient: one exp an entry."""
    N = len(y)
    rows = np.arange(N)
    m = y.max(1)
    e = np.exp(y - m[:, None])
    s = e.sum(1)
    loss = np.mean(m + np.log(s) - y[rows, classes])
    d_y = e / (N * s[:, None])
    d_y[rows, classes] -= 1 / N
    return loss, d_y


def serial_share(speedup, threads):             # two numbers -> one
    """The share of the work that did not get faster, by Amdahl's law."""
    return (threads / speedup - 1) / (threads - 1)
