"""Elementwise functions with their slopes: the activations, and what is taken for them"""

import numpy as np
from scipy.special import erf

from minicrt.ops import activations

ROOT = float(np.sqrt(2 / np.pi))
ROOT_2 = float(np.sqrt(2))


def logistic(x):
    """σ(x), or what an array of another arithmetic takes for it"""
    return x.logistic() if hasattr(x, "logistic") else activations.logistic(x)


def clipped(x, slope):
    """slope x + 0.5 between 0 and 1"""
    y = slope * x + 0.5
    inside = (y.real > 0) & (y.real < 1)
    return np.where(inside, y, y.real >= 1), slope * inside


def normal(x):
    """Φ and its derivative φ"""
    return 0.5 * (1 + erf(x / ROOT_2)), np.exp(-0.5 * x * x) * float(1 / np.sqrt(2 * np.pi))


def tanh_form(x, root=ROOT, cubic=0.044715):
    """½ (1 + tanh(root (x + cubic x³))) and its derivative"""
    t = np.tanh(root * (x + cubic * x * x * x))
    return 0.5 * (1 + t), 0.5 * (1 - t * t) * root * (1 + 3 * cubic * x * x)


def logistic_form(x, factor):
    """σ(factor x) and its derivative"""
    s = logistic(factor * x)
    return s, factor * s * (1 - s)


def times_x(x, phi_and_slope):
    """x φ(x) and its derivative"""
    phi, slope = phi_and_slope
    return x * phi, phi + x * slope


def tanh(x):
    y = np.tanh(x)
    return y, 1 - y * y


def rectified(x, below):
    return np.where(x.real > 0, x, below * x), np.where(x.real > 0, 1.0, below)


FUNCTIONS = {
    "identity": lambda x: (x, np.ones_like(x)),
    "sigmoid": lambda x: logistic_form(x, 1),
    "tanh": tanh,
    "relu": lambda x: rectified(x, 0),
    "leaky relu": lambda x: rectified(x, 0.01),
    "elu": lambda x: (np.where(x.real > 0, x, np.expm1(np.where(x.real > 0, 0, x))),
                      np.where(x.real > 0, 1, np.exp(np.where(x.real > 0, 0, x)))),
    "squared relu": lambda x: (x * x * (x.real > 0), 2 * x * (x.real > 0)),
    "gelu": lambda x: times_x(x, normal(x)),
    "gelu_tanh": lambda x: times_x(x, tanh_form(x)),
    "gelu 1.702": lambda x: times_x(x, logistic_form(x, 1.702)),
    "silu": lambda x: times_x(x, logistic_form(x, 1)),
    "gelu without root": lambda x: times_x(x, (0.5 * (1 + erf(x)), np.exp(-x * x) / np.sqrt(np.pi))),
    "gelu_tanh without root": lambda x: times_x(x, tanh_form(x, root=1)),
    "gelu_tanh 0.44715": lambda x: times_x(x, tanh_form(x, cubic=0.44715)),
    "hard sigmoid 0.2": lambda x: clipped(x, 0.2),
    "hard sigmoid 1/6": lambda x: clipped(x, 1 / 6),
    "reversed sigmoid": lambda x: logistic_form(x, -1),
    "tanh of half": lambda x: (np.tanh(x / 2), 0.5 * (1 - np.tanh(x / 2) ** 2)),
    "hard tanh": lambda x: (np.where(np.abs(x.real) < 1, x, np.sign(x.real)), 1.0 * (np.abs(x.real) < 1)),
}


def function_and_slope(name, x):
    """f(x) and f'(x); the slope is of no use where x is complex."""
    return FUNCTIONS[name](x)
