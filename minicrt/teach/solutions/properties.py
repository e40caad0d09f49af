"""Chapter 10: property tests"""

import numpy as np


def shift_changes_nothing(softmax, y, c):       # y (N, K), c one number
    """True where softmax gives the same for y and for y + c."""
    return np.allclose(softmax(y + c), softmax(y))


def is_causal(read, x, state, t):               # x (B, T, D), state (B, D), 1 <= t < T
    """True where x from position t on has no part in the outputs before t."""
    other = x.copy()
    other[:, t:] += 1
    y, _ = read(x, state)
    y_other, _ = read(other, state)
    return np.allclose(y[:, :t], y_other[:, :t])


def rows_are_independent(read, x, state, b):    # x (B, T, D), state (B, D), 0 <= b < B
    """True where row b of x has no part in the outputs and states of other rows."""
    other = x.copy()
    other[b] += 1
    y, last = read(x, state)
    y_other, last_other = read(other, state)
    rest = np.arange(len(x)) != b
    return (np.allclose(y[rest], y_other[rest])
            and np.allclose(last[rest], last_other[rest]))


def chunks_are_the_whole(read, x, state, t):    # x (B, T, D), state (B, D), 1 <= t < T
    """True where x read in two pieces, cut at t, gives what x gives in one piece."""
    y, last = read(x, state)
    y_1, middle = read(x[:, :t], state)
    y_2, last_2 = read(x[:, t:], middle)
    return (np.allclose(y, np.concatenate([y_1, y_2], axis=1))
            and np.allclose(last, last_2))


def cut_stops_the_gradient(gradient, x, state, d_y, t):
    """True where the loss after t sends the tokens before t exactly nothing with a
    cut, and something without.

    gradient(x, state, d_y, t, cut) is that of x, read in two segments cut at t;
    x and d_y (B, T, D), state (B, D), 1 <= t < T, cut True or False
    """
    later = d_y.copy()
    later[:, :t] = 0
    with_cut = gradient(x, state, later, t, True)
    without = gradient(x, state, later, t, False)
    return not with_cut[:, :t].any() and bool(without[:, :t].any())
