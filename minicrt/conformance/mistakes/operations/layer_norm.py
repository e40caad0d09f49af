"""Mistakes in layer normalisation"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty

ONE_PASS, ANNOTATED = "variance in one pass", "as in the Annotated Transformer"
EPS = {"eps 1e-6": 1e-6, "eps 1e-12": 1e-12, "eps 1e-3": 1e-3, ANNOTATED: 1e-6}
AS_IN_FORWARD = {"Bessel's correction": "variance over D − 1", "eps outside the root": "eps beside the root",
                 "eps forgotten": "no eps"}                  # a mistake of the backward pass alone: one of both


def axes(x, defects):
    """The axes that are normalised over"""
    if x.ndim > 1 and "normalised over the rows" in defects:
        return (-2,)
    return (-2, -1) if x.ndim > 1 and "normalised over rows and features" in defects else (-1,)


def statistics(x, centred, axis, eps, defects):              # -> three of (..., 1)
    """r; −2 r'(var)/r, which is r² where r = 1/√(var + eps); and by what the sum of squares is divided"""
    size = np.prod([centred.shape[k] for k in axis])
    count = size - bool(defects & {"variance over D − 1", ANNOTATED})
    var = (centred * centred).sum(axis, keepdims=True) / count
    if ONE_PASS in defects and "mean not subtracted" not in defects:
        var = ((x * x).mean(axis, keepdims=True) - x.mean(axis, keepdims=True) ** 2) * size / count
    eps = next((EPS[name] for name in EPS if name in defects), eps)
    if "no eps" in defects:
        eps = 0
    if "root forgotten" in defects:
        r = 1 / (var + eps)
        return r, 2 * r, count
    if defects & {"eps beside the root", ANNOTATED}:
        r = 1 / (np.sqrt(var) + eps)
        return r, r / np.sqrt(var), count
    r = 1 / np.sqrt(var + eps)
    return r, r * r, count


def gain_and_bias(c, defects):
    gain, bias = (c.bias, c.gain) if "gain and bias exchanged" in defects else (c.gain, c.bias)
    if "no gain" in defects:
        gain = 1
    return 1 + gain if "gain 1 + g" in defects else gain, 0 if "bias missing" in defects else bias


def forward(c, defects):
    axis = axes(c.x, defects)
    mean = c.keep("mean", c.x.mean(axis, keepdims=True))
    c.centred = c.x if "mean not subtracted" in defects else c.x - mean
    r = c.keep("r", statistics(c.x, c.centred, axis, c.eps, defects)[0])
    x_hat = c.keep("x_hat", c.centred * r)
    gain, bias = gain_and_bias(c, defects)
    return gain * (x_hat + bias) if "gain on the bias too" in defects else gain * x_hat + bias


def backward(d_y, c, defects):
    axis, rows = axes(c.x, defects), tuple(range(d_y.ndim - 1))
    here = defects | {AS_IN_FORWARD[name] for name in AS_IN_FORWARD if name in defects}
    r, slope, count = statistics(c.x, c.centred, axis, c.eps, here)
    x_hat = c.centred * r
    d_x_hat = c.keep("d_x_hat", d_y if "gain missing" in defects else d_y * gain_and_bias(c, defects)[0])
    through_mean = d_x_hat.mean(axis, keepdims=True)
    through_variance = c.centred * (d_x_hat * c.centred).sum(axis, keepdims=True) * slope / count
    if "mean term missing" in defects or "mean not subtracted" in defects:
        through_mean = 0
    if "variance term missing" in defects:
        through_variance = 0
    d_x = r * (d_x_hat - through_mean - through_variance)
    seen = c.centred if "gain from the centred input" in defects else x_hat
    d_bias = d_y.sum(rows)
    if "gain on the bias too" in defects:
        gain, bias = gain_and_bias(c, defects)
        seen, d_bias = seen + bias, d_bias * gain
    d_gain = (d_y * seen).sum(rows) * ("no gain" not in defects)
    d_bias = d_bias * ("bias missing" not in defects)
    return (d_x, d_bias, d_gain) if "gain and bias exchanged" in defects else (d_x, d_gain, d_bias)


LAYER_NORM = (Faulty("layer_norm", "y", ("x", "gain", "bias"), forward, backward, {
    "eps beside the root": "eps is outside the root: r = 1/(√var + eps) in place of 1/√(var + eps).",
    "no eps": "eps is forgotten: r = 1/√var in place of 1/√(var + eps).",
    "eps 1e-6": "eps is 1e-6 in place of 1e-5.",
    "eps 1e-12": "eps is 1e-12 in place of 1e-5.",
    "eps 1e-3": "eps is 1e-3 in place of 1e-5.",
    "variance over D − 1": "The variance is the unbiased one, divided by D − 1 (Bessel's correction) in place of D.",
    ONE_PASS: "The variance is taken in one pass, E[x²] − E[x]², which loses its digits where the mean is far from 0 "
              "(use_fast_variance of Flax).",
    ANNOTATED: "The variance is the unbiased one, divided by D − 1, and eps, 1e-6, stands outside the root, as in the "
               "Annotated Transformer.",
    "root forgotten": "The root is forgotten: r = 1/(var + eps) in place of 1/√(var + eps).",
    "gain on the bias too": "The gain multiplies the bias too: y = gain ⊙ (x̂ + bias) in place of gain ⊙ x̂ + bias.",
    "gain 1 + g": "The gain is applied as 1 + gain.",
    "no gain": "The gain is left out.",
    "bias missing": "The bias is left out.",
    "gain and bias exchanged": "Gain and bias stand in each other's place: y = bias ⊙ x̂ + gain.",
    "mean not subtracted": "The mean is not subtracted: RMS norm in place of layer norm.",
    "normalised over the rows": "Mean and variance are taken over the wrong axis: over rows in place of features.",
    "normalised over rows and features": "Mean and variance are taken over the last two axes in place of the last.",
}, {
    "mean term missing": "Takes the mean of x for a constant: mean(ĝ) is not subtracted.",
    "variance term missing": "Takes the variance of x for a constant: x̂ mean(ĝ ⊙ x̂) is not subtracted.",
    "Bessel's correction": "Divides the variance by D − 1, where the forward pass divides by D.",
    "eps outside the root": "r = 1/(√var + eps) in place of 1/√(var + eps).",
    "eps forgotten": "r = 1/√var, without eps.",
    "gain missing": "G_y goes through the normalisation without being multiplied by the gain.",
    "gain from the centred input": "G_gain uses x − mean in place of x̂.",
}),)
