"""Chapter 09: what the memory keeps"""

import numpy as np


def fit_probe(m, values, K, ridge):             # (N, D), (N,) whole numbers below K
    """W (1 + D, K), by least squares: [1 m] @ W is near 1 for a row's value, else 0.

    ridge times the sum of all squares of W is added to the sum of squared errors
    """
    ones = np.ones((len(m), 1))
    x = np.concatenate([ones, m], axis=1)
    y = np.eye(K)[values]
    return np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y)


def probe_accuracy(W, m, values):               # (1 + D, K), (N, D), (N,) -> one number
    """The share of rows whose value has the largest entry of [1 m] @ W."""
    scores = W[0] + m @ W[1:]
    guesses = scores.argmax(1)
    return (guesses == values).mean()


def variance_shares(m):                         # (N, D) -> (D,)
    """The share of the variance along each principal component, the largest first."""
    centred = m - m.mean(0)
    variances = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    return variances / variances.sum()


def add_noise(m, noise, size):                  # (B, D) twice, one number -> (B, D)
    """m with noise, `size` times as large as m: by the root mean square of all m"""
    rms = np.sqrt((m * m).mean())
    return m + size * rms * noise
