"""Functions with one mistake planted in each, for chapter 10: that fixed examples miss, or that break one property

The reader is a model small enough to see through: its state is the sum of all that it has read.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

Array = np.ndarray
Read = Callable[[Array, Array], tuple[Array, Array]]


def read(x: Array, state: Array) -> tuple[Array, Array]:     # (B, T, D), (B, D) -> (B, T, D), (B, D)
    """s_t = s_(t-1) + x_t,  y_t = tanh(s_t) + x_t;  returns y and the last state"""
    s = state[:, None] + np.cumsum(x, axis=1)
    return np.tanh(s) + x, s[:, -1]


def gradient(x: Array, state: Array, d_y: Array, t: int, cut: bool) -> Array:
    """G_x of Σ d_y ⊙ y, where x[:, :t] and x[:, t:] are read as two segments.

    With `cut` nothing is sent back from the second segment to the first.
    """
    return crossing(x, state, d_y, t, 0.0 if cut else 1.0)


def crossing(x: Array, state: Array, d_y: Array, t: int, share: float) -> Array:
    """The gradient, with a share of what crosses the boundary."""
    s = state[:, None] + np.cumsum(x, axis=1)
    d_s = d_y * (1 - np.tanh(s) ** 2)
    within = [np.cumsum(part[:, ::-1], axis=1)[:, ::-1] for part in (d_s[:, :t], d_s[:, t:])]
    return d_y + np.concatenate([within[0] + share * within[1][:, :1], within[1]], axis=1)


def looks_one_step_ahead(x: Array, state: Array) -> tuple[Array, Array]:
    y, last = read(x, state)
    following = np.concatenate([x[:, 1:], np.zeros_like(x[:, :1])], axis=1)
    return y + 0.5 * following, last


def tells_the_end(x: Array, state: Array) -> tuple[Array, Array]:
    """The first output hears the last token, the others hear nothing of the future."""
    y, last = read(x, state)
    y[:, 0] += 0.5 * x[:, -1]
    return y, last


def centres_over_time(x: Array, state: Array) -> tuple[Array, Array]:
    return read(x - 0.5 * x.mean(1, keepdims=True), state)


def centres_over_rows(x: Array, state: Array) -> tuple[Array, Array]:
    return read(x - 0.5 * x.mean(0, keepdims=True), state)


def reads_the_row_above(x: Array, state: Array) -> tuple[Array, Array]:
    return read(x + 0.5 * np.roll(x, 1, axis=0), state)


def reads_the_row_below(x: Array, state: Array) -> tuple[Array, Array]:
    return read(x + 0.5 * np.roll(x, -1, axis=0), state)


def forgets(x: Array, state: Array) -> tuple[Array, Array]:
    return read(x, np.zeros_like(state))


def hands_on_the_state_before(x: Array, state: Array) -> tuple[Array, Array]:
    y, last = read(x, state)
    return y, last - x[:, -1]


def shares_its_counter(x: Array, state: Array) -> tuple[Array, Array]:
    """The last unit of the state is a mean over all rows; no output reads it."""
    y, last = read(x, state)
    y[..., -1] = x[..., -1]
    last[:, -1] = last[:, -1].mean()
    return y, last


def counts_anew(x: Array, state: Array) -> tuple[Array, Array]:
    """The last unit of the state counts tokens, from 0 in each piece; no output reads it."""
    y, last = read(x, state)
    y[..., -1] = x[..., -1]
    last[:, -1] = x.shape[1]
    return y, last


def never_cuts(x: Array, state: Array, d_y: Array, t: int, cut: bool) -> Array:
    return crossing(x, state, d_y, t, 1.0)


def has_a_second_way(x: Array, state: Array, d_y: Array, t: int, cut: bool) -> Array:
    return crossing(x, state, d_y, t, 0.001 if cut else 1.0)


def lets_a_trillionth_through(x: Array, state: Array, d_y: Array, t: int, cut: bool) -> Array:
    return crossing(x, state, d_y, t, 1e-12 if cut else 1.0)


def always_cuts(x: Array, state: Array, d_y: Array, t: int, cut: bool) -> Array:
    return crossing(x, state, d_y, t, 0.0)


def softmax(y: Array) -> Array:
    e = np.exp(y - y.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def without_the_largest(y: Array) -> Array:
    e = np.exp(y)
    return e / e.sum(-1, keepdims=True)


def relative_to_the_largest(y: Array) -> Array:
    return softmax(y / np.abs(y).max(-1, keepdims=True))


def not_divided(y: Array) -> Array:
    return np.exp(y - y.max(-1, keepdims=True))


def over_the_other_axis(y: Array) -> Array:
    return softmax(y.T).T


def layer_norm(x: Array, eps: float = 1e-5) -> Array:        # (N, D) -> (N, D)
    """x̂ = (x − mean) / √(var + eps), over the last axis"""
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + eps)


def layer_norm_a(x: Array, eps: float = 1e-5) -> Array:
    """The axis is found by its length."""
    axis = x.shape.index(x.shape[-1])
    centred = x - x.mean(axis, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis, keepdims=True) + eps)


def layer_norm_b(x: Array, eps: float = 1e-5) -> Array:
    """The variance in one pass, as the mean of squares less the square of the mean"""
    mean = x.mean(-1, keepdims=True)
    variance = np.maximum((x * x).mean(-1, keepdims=True) - mean * mean, 0)
    return (x - mean) / np.sqrt(variance + eps)


def layer_norm_c(x: Array, eps: float = 1e-5) -> Array:
    """It is divided by the deviation, and eps is put in afterwards: 0/0 in a row of equal numbers."""
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return centred / np.sqrt(variance) * np.sqrt(variance / (variance + eps))


def masked_softmax(y: Array, visible: Array) -> Array:       # (T, T) each, `visible` of True and False
    """Each row over what it may look at; the rest is 0."""
    e = np.exp(np.where(visible, y - np.where(visible, y, -np.inf).max(-1, keepdims=True), -np.inf))
    return e / e.sum(-1, keepdims=True)


def masked_softmax_d(y: Array, visible: Array) -> Array:
    """The largest score is looked for among the hidden ones, too."""
    e = np.where(visible, np.exp(y - y.max(-1, keepdims=True)), 0)
    with np.errstate(invalid="ignore"):
        return e / e.sum(-1, keepdims=True)


def masked_softmax_e(y: Array, visible: Array) -> Array:
    """What is hidden gets a score that is only rather low."""
    return softmax(np.where(visible, y, -1e4))


LAYER_NORMS = MappingProxyType({"A": layer_norm_a, "B": layer_norm_b, "C": layer_norm_c})
MASKED = MappingProxyType({"D": masked_softmax_d, "E": masked_softmax_e})
READERS: MappingProxyType[str, tuple[Read, Any]] = MappingProxyType({
    "right": (read, gradient), "looks one step ahead": (looks_one_step_ahead, gradient),
    "centres over time": (centres_over_time, gradient), "centres over rows": (centres_over_rows, gradient),
    "reads the row above": (reads_the_row_above, gradient), "forgets the state": (forgets, gradient),
    "hands on the state before": (hands_on_the_state_before, gradient), "never cuts": (read, never_cuts),
    "has a second way": (read, has_a_second_way), "always cuts": (read, always_cuts)})
