"""Mistakes in normalisation by the root mean square"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty

EPS = {"eps 1e-6": 1e-6, "eps 1e-8": 1e-8, "no eps": 0}


def centred(x, defects):
    return x - x.mean(-1, keepdims=True) if "mean subtracted" in defects else x


def scale(x, eps, defects):                                  # -> two of (..., 1)
    """r, and −r′/(r x̂) of it: what the sum of ĝ ⊙ x̂ is multiplied by on the way back"""
    eps = next((EPS[name] for name in EPS if name in defects), eps)
    count = 1 if "sum in place of the mean" in defects else x.shape[-1]
    square = (x * x).sum(-1, keepdims=True) / count
    if "root forgotten" in defects:
        r = 1 / (square + eps)
        return r, 2 * r / count
    if "eps beside the root" in defects:
        r = 1 / (np.sqrt(square) + eps)
        return r, r / np.sqrt(square) / count
    r = 1 / np.sqrt(square + eps)
    return r, r * r / count


def gain_of(c, defects):
    if "no gain" in defects:
        return np.ones_like(c.gain)
    return 1 + c.gain if "gain 1 + g" in defects else c.gain


def forward(c, defects):
    x = centred(c.x, defects)
    r = c.keep("r", scale(x, c.eps, defects)[0])
    return gain_of(c, defects) * c.keep("x_hat", x * r)


def backward(d_y, c, defects):
    x, rows = centred(c.x, defects), tuple(range(d_y.ndim - 1))
    r, slope = scale(x, c.eps, defects | ({"no eps"} if "eps forgotten" in defects else set()))
    d_x_hat = c.keep("d_x_hat", d_y if "gain missing" in defects else d_y * gain_of(c, defects))
    through_r = x * (d_x_hat * x).sum(-1, keepdims=True) * slope
    d_x = r * (d_x_hat - (0 if "r taken for a constant" in defects else through_r))
    if "mean subtracted" in defects:
        d_x = d_x - d_x.mean(-1, keepdims=True)
    d_gain = (d_y * (x if "gain from x" in defects else x * r)).sum(rows)
    return d_x, d_gain * ("no gain" not in defects)


RMS_NORM = (Faulty("rms_norm", "y", ("x", "gain"), forward, backward, {
    "mean subtracted": "The mean is subtracted, as in layer norm; RMS norm divides x itself.",
    "eps beside the root": "eps is outside the root: r = 1/(√mean(x²) + eps) in place of 1/√(mean(x²) + eps).",
    "no eps": "eps is forgotten: r = 1/√mean(x²) in place of 1/√(mean(x²) + eps).",
    "eps 1e-6": "eps is 1e-6 in place of 1e-5.",
    "eps 1e-8": "eps is 1e-8 in place of 1e-5.",
    "root forgotten": "The root is forgotten: r = 1/(mean(x²) + eps) in place of 1/√(mean(x²) + eps).",
    "sum in place of the mean": "The squares are summed and not averaged: x is divided by its length.",
    "gain 1 + g": "The gain is applied as 1 + gain.",
    "no gain": "The gain is left out.",
}, {
    "r taken for a constant": "Takes r for a constant: x̂ mean(ĝ ⊙ x̂) is not subtracted.",
    "eps forgotten": "r = 1/√mean(x²), without eps.",
    "gain missing": "G_y goes through the normalisation without being multiplied by the gain.",
    "gain from x": "G_gain uses x in place of x̂.",
}),)
