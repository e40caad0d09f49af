"""Gates between 0 and 1: the logistic function, and what is taken for it"""

import numpy as np

from minicrt.conformance.mistakes.operations.functions import logistic

HARD = {"hard sigmoid with 0.2": 0.2, "hard sigmoid with 1/6": 1 / 6}
GATE_MISTAKES = {
    "hard sigmoid with 0.2": "The gates are hard sigmoids, 0.2 a + 0.5 between 0 and 1 (Keras 2, ONNX), in place of σ.",
    "hard sigmoid with 1/6": "The gates are hard sigmoids, a/6 + 0.5 between 0 and 1 (PyTorch, JAX), in place of σ.",
}


def gate(a, defects):
    """σ(a)"""
    for name, slope in HARD.items():
        if name in defects:
            y = slope * a + 0.5
            return np.where(y.real >= 1, 1, np.where(y.real <= 0, 0, y))
    return logistic(a)


def gate_slope(s, defects):
    """σ'(a) by the gate's value"""
    for name, slope in HARD.items():
        if name in defects:
            return slope * ((s > 0) & (s < 1))
    return s * (1 - s)
