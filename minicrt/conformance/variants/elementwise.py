"""Mistakes in the activations and in dropout"""

import numpy as np
from scipy.special import erf, expit

from minicrt.conformance.variants.family import Family

ROOT = np.sqrt(2 / np.pi)


def sigmoid(d_y, c, defect):
    y = expit(c.y) if defect == "applied twice" else c.y
    return d_y * y * (1 - y * y if defect == "slope of tanh" else 1 - y)


def tanh(d_y, c, defect):
    inside = c.x if defect == "input squared" else c.y
    return d_y * (1 - (inside if defect == "not squared" else inside * inside))


def relu(d_y, c, defect):
    active = (d_y if defect == "gated by the gradient" else c.x) > 0
    return d_y * np.where(active, 1, 0.01 if defect == "leaky" else 0)


def gelu(d_y, c, defect):
    if defect == "slope of the tanh form":
        return gelu_tanh(d_y, c, "")
    power = 1 if defect == "half missing in the density" else 0.5
    density = np.exp(-power * c.x * c.x) / (np.pi if defect == "root missing" else np.sqrt(2 * np.pi))
    return d_y * (0.5 * (1 + erf(c.x / np.sqrt(2))) + (0 if defect == "density missing" else c.x * density))


def gelu_tanh(d_y, c, defect):
    if defect == "slope of the exact form":
        return gelu(d_y, c, "")
    t = np.tanh(ROOT * (c.x + 0.044715 * c.x**3))
    d_inner = ROOT * (1 + (1 if defect == "three missing" else 3) * 0.044715 * c.x**2)
    half = 1 if defect == "half missing" else 0.5
    return d_y * (0.5 * (1 + t) + half * c.x * (1 - t * t) * d_inner)


def modrelu(d_y, c, defect):
    sign = np.sign(c.v)
    active = (c.v + c.bias if defect == "size without modulus" else np.abs(c.v) + c.bias) > 0
    d_v = d_y * (1 if defect == "threshold ignored" else active)
    d_bias = d_v if defect == "bias without sign" else d_v * sign
    return d_v * sign if defect == "sign left on v" else d_v, d_bias.sum(tuple(range(d_v.ndim - 1)))


def mask_of(shape, c, again=False):
    """The mask as the forward pass drew it, or the next one."""
    if again:
        c.rng.random(shape, dtype=np.float32)
    return c.rng.random(shape, dtype=np.float32) >= c.rate


def scaled(d_y, mask, rate, defect):
    if defect == "mask ignored":
        return d_y
    powers = {"not scaled": 0, "scaled twice": 2}
    return d_y * (~mask if defect == "mask inverted" else mask) / (1 - rate) ** powers.get(defect, 1)


def dropout(d_y, c, defect):
    return scaled(d_y, mask_of(c.x.shape, c, again=defect == "another mask"), c.rate, defect)


def locked_dropout(d_y, c, defect):
    B, T, D = c.x.shape
    shape = (B, T, D) if defect == "mask not shared over time" else (B, 1, D)
    return scaled(d_y, mask_of((1, 1, D) if defect == "mask shared over the batch" else shape, c), c.rate, defect)


def embedding_dropout(d_y, c, defect):
    V, D = c.table.shape
    return scaled(d_y, mask_of((1, D) if defect == "columns dropped" else (V, 1), c), c.rate, defect)


ELEMENTWISE = (
    Family("sigmoid", sigmoid, {
        "applied twice": "Takes y for x and applies σ once more before forming the slope.",
        "slope of tanh": "y (1 − y²) in place of y (1 − y).",
    }),
    Family("tanh", tanh, {
        "input squared": "1 − x² in place of 1 − y².",
        "not squared": "1 − y in place of 1 − y².",
    }),
    Family("relu", relu, {
        "gated by the gradient": "Lets a positive gradient pass in place of the gradient where x is positive.",
        "leaky": "Has the slope 0.01 of a leaky relu where x is negative.",
    }),
    Family("gelu", gelu, {
        "slope of the tanh form": "Exact forward, tanh-form backward: at most 1e-3 apart.",
        "half missing in the density": "e^(−x²) in place of e^(−x²/2).",
        "root missing": "The density is divided by π in place of √(2π).",
        "density missing": "The product rule's second term, x φ(x), is left out.",
    }),
    Family("gelu_tanh", gelu_tanh, {
        "slope of the exact form": "Tanh-form forward, exact backward: at most 1e-3 apart.",
        "three missing": "The derivative of 0.044715 x³ without its factor 3.",
        "half missing": "The term of the tanh's derivative without the ½ in front.",
    }),
    Family("modrelu", modrelu, {
        "bias without sign": "G_b = Σ G_y in place of Σ G_y sign(v).",
        "sign left on v": "G_v = G_y sign(v), though the two signs cancel.",
        "size without modulus": "Passes where v + b > 0 in place of |v| + b > 0.",
        "threshold ignored": "Passes everywhere, below the threshold too.",
    }),
    Family("dropout", dropout, {
        "not scaled": "The gradient is masked but not divided by 1 − rate.",
        "scaled twice": "The gradient is divided by (1 − rate)².",
        "another mask": "The backward pass draws a mask of its own.",
        "mask ignored": "The gradient passes as if nothing had been dropped.",
        "mask inverted": "The gradient passes where the value was dropped.",
    }),
    Family("locked_dropout", locked_dropout, {
        "mask not shared over time": "A mask per element in place of one per (batch row, feature).",
        "mask shared over the batch": "One mask for all batch rows.",
        "not scaled": "The gradient is masked but not divided by 1 − rate.",
    }),
    Family("embedding_dropout", embedding_dropout, {
        "columns dropped": "Masks features in place of words.",
        "mask ignored": "Dropped words get a gradient.",
        "not scaled": "The gradient is masked but not divided by 1 − rate.",
    }),
)
