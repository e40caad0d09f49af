"""Mistakes in the activations"""

from functools import partial

import numpy as np

from minicrt.conformance.mistakes.operations.candidates import (
    MODRELU_CANDIDATE_MISTAKES,
    candidate,
    candidate_slopes,
    kind_of,
)
from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.functions import FUNCTIONS, function_and_slope, normal, tanh_form

TAKEN_FOR = {
    "sigmoid": {"tanh in place of σ": "tanh", "hard sigmoid with 0.2": "hard sigmoid 0.2",
                "hard sigmoid with 1/6": "hard sigmoid 1/6", "σ(−x)": "reversed sigmoid"},
    "tanh": {"σ in place of tanh": "sigmoid", "tanh(x/2)": "tanh of half", "hard tanh": "hard tanh"},
    "relu": {"leaky relu": "leaky relu", "elu": "elu", "squared relu": "squared relu", "GELU in place of relu": "gelu"},
    "gelu": {"tanh GELU": "gelu_tanh", "sigmoid GELU": "gelu 1.702", "SiLU": "silu", "relu in place of GELU": "relu",
             "erf without √2": "gelu without root"},
    "gelu_tanh": {"erf GELU": "gelu", "sigmoid GELU": "gelu 1.702", "SiLU": "silu", "relu in place of GELU": "relu",
                  "√(2/π) missing": "gelu_tanh without root", "0.44715": "gelu_tanh 0.44715"},
}
SENTENCES = {
    "tanh in place of σ": "The activation is tanh in place of the logistic function σ.",
    "hard sigmoid with 0.2": "The activation is the hard sigmoid, 0.2 x + 0.5 between 0 and 1, in place of σ.",
    "hard sigmoid with 1/6": "The activation is the hard sigmoid, x/6 + 0.5 between 0 and 1, in place of σ.",
    "σ(−x)": "The argument of σ has the opposite sign.",
    "σ in place of tanh": "The activation is the logistic function σ in place of tanh.",
    "tanh(x/2)": "The argument of tanh is halved: 2 σ(x) − 1 in place of 2 σ(2x) − 1.",
    "hard tanh": "The activation is the hard tanh, x cut off at ±1, in place of tanh.",
    "leaky relu": "The relu is leaky: its slope is 0.01 in place of 0 where x is negative.",
    "elu": "The activation is elu, e^x − 1 where x is negative, in place of relu.",
    "squared relu": "The activation is relu squared.",
    "GELU in place of relu": "The activation is the exact GELU in place of relu.",
    "tanh GELU": "The GELU is its tanh form in place of the exact one with erf: at most 4.7e-4 apart.",
    "erf GELU": "The GELU is the exact one with erf in place of its tanh form: at most 4.7e-4 apart.",
    "sigmoid GELU": "The GELU is approximated by x σ(1.702 x).",
    "SiLU": "The activation is SiLU (swish), x σ(x), in place of GELU.",
    "relu in place of GELU": "The activation is relu in place of GELU.",
    "erf without √2": "Φ is ½ (1 + erf(x)) in place of ½ (1 + erf(x/√2)): the √2 is missing.",
    "√(2/π) missing": "The factor √(2/π) in the tanh form of GELU is missing.",
    "0.44715": "The tanh form of GELU has 0.44715 in place of 0.044715.",
}


def taken_for(activation, defects):
    """The function that a port with these mistakes takes for the activation"""
    return next((taken for name, taken in TAKEN_FOR[activation].items() if name in defects), activation)


def forward(c, defects, activation):
    y, c.slope = function_and_slope(taken_for(activation, defects), c.x)
    return y


def sigmoid(d_y, c, defects):
    y = c.y
    if "applied twice" in defects:
        return (d_y * FUNCTIONS["sigmoid"](y)[1],)
    return (d_y * y * (1 - y * y) if "slope of tanh" in defects else d_y * c.slope,)


def tanh(d_y, c, defects):
    inside = c.x if "input squared" in defects else c.y
    if "not squared" in defects:
        return (d_y * (1 - inside),)
    if "applied twice" in defects:
        return (d_y * (1 - np.tanh(c.y) ** 2),)
    return (d_y * (1 - inside * inside) if "input squared" in defects else d_y * c.slope,)


def relu(d_y, c, defects):
    slope = np.where(d_y > 0, 1.0, 0.0) if "gated by the gradient" in defects else c.slope
    return (d_y * (np.where(slope > 0, slope, 0.01) if "leaky" in defects else slope),)


def gelu(d_y, c, defects):
    phi, density = normal(c.x)
    wrong = {
        "slope of the tanh form": lambda: FUNCTIONS["gelu_tanh"](c.x)[1],
        "half missing in the density": lambda: phi + c.x * density * np.exp(-0.5 * c.x * c.x),
        "root missing": lambda: phi + c.x * density * np.sqrt(2 / np.pi),
        "density missing": lambda: phi,
    }
    return (d_y * next((wrong[name]() for name in wrong if name in defects), c.slope),)


def gelu_tanh(d_y, c, defects):
    if "slope of the exact form" in defects:
        return (d_y * FUNCTIONS["gelu"](c.x)[1],)
    phi, slope = tanh_form(c.x)
    if "three missing" in defects:
        slope = slope * (1 + 0.044715 * c.x**2) / (1 + 3 * 0.044715 * c.x**2)
    if "half missing" in defects:
        slope = 2 * slope
    return (d_y * (phi + c.x * slope if defects & {"three missing", "half missing"} else c.slope),)


def modrelu_forward(c, defects):
    return candidate(kind_of("modrelu", defects), c.v, c.bias)


def modrelu(d_y, c, defects):
    slope, bias_slope = candidate_slopes(kind_of("modrelu", defects), c.v, c.bias)
    sign = np.sign(c.v)
    if "size without modulus" in defects:
        slope = 1.0 * (c.v + c.bias > 0)
    if "threshold ignored" in defects:
        slope = np.ones_like(c.v)
    if defects & {"size without modulus", "threshold ignored"}:
        bias_slope = slope * sign
    d_bias = d_y * (slope if "bias without sign" in defects else bias_slope)
    return d_y * (slope * sign if "sign left on v" in defects else slope), d_bias.sum(tuple(range(d_y.ndim - 1)))


def activation(name, backward, backward_mistakes):
    """The faulty twin of an activation; what is taken for it in the forward pass is in TAKEN_FOR."""
    sentences = {mistake: SENTENCES[mistake] for mistake in TAKEN_FOR[name]}
    return Faulty(name, "y", ("x",), partial(forward, activation=name), backward, sentences, backward_mistakes)


ACTIVATIONS = (
    activation("sigmoid", sigmoid, {
        "applied twice": "Takes y for x and applies σ once more before forming the slope.",
        "slope of tanh": "y (1 − y²) in place of y (1 − y).",
    }),
    activation("tanh", tanh, {
        "input squared": "1 − x² in place of 1 − y².",
        "not squared": "1 − y in place of 1 − y².",
        "applied twice": "The slope is taken of the activated value: 1 − tanh²(y) in place of 1 − y².",
    }),
    activation("relu", relu, {
        "gated by the gradient": "Lets a positive gradient pass in place of the gradient where x is positive.",
        "leaky": "Has the slope 0.01 of a leaky relu where x is negative.",
    }),
    activation("gelu", gelu, {
        "slope of the tanh form": "Exact forward, tanh-form backward: at most 1e-3 apart.",
        "half missing in the density": "e^(−x²) in place of e^(−x²/2).",
        "root missing": "The density is divided by π in place of √(2π).",
        "density missing": "The product rule's second term, x φ(x), is left out.",
    }),
    activation("gelu_tanh", gelu_tanh, {
        "slope of the exact form": "Tanh-form forward, exact backward: at most 1e-3 apart.",
        "three missing": "The derivative of 0.044715 x³ without its factor 3.",
        "half missing": "The term of the tanh's derivative without the ½ in front.",
    }),
    Faulty("modrelu", "y", ("v", "bias"), modrelu_forward, modrelu, MODRELU_CANDIDATE_MISTAKES, {
        "bias without sign": "G_b = Σ G_y in place of Σ G_y sign(v).",
        "sign left on v": "G_v = G_y sign(v), though the two signs cancel.",
        "size without modulus": "Passes where v + b > 0 in place of |v| + b > 0.",
        "threshold ignored": "Passes everywhere, below the threshold too.",
    }),
)
