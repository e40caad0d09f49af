"""Mistakes in the gated linear unit"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.functions import function_and_slope

GATES = {"gate tanh": "tanh", "gate without activation": "identity", "gate GELU": "gelu", "gate SiLU": "silu"}


def parted(x, defects):                                      # (..., 2D) -> two of (..., D)
    a, b = (x[..., ::2], x[..., 1::2]) if "halves interleaved" in defects else np.split(x, 2, axis=-1)
    return (b, a) if "gate first" in defects else (a, b)


def joined(d_a, d_b, defects):
    d_a, d_b = (d_b, d_a) if "gate first" in defects else (d_a, d_b)
    if "halves interleaved" in defects:
        return np.stack([d_a, d_b], axis=-1).reshape(*d_a.shape[:-1], -1)
    return np.concatenate([d_a, d_b], axis=-1)


def forward(c, defects):
    a, b = parted(c.x, defects)
    gate = next((GATES[name] for name in GATES if name in defects), "sigmoid")
    c.gate_and_slope = function_and_slope(gate, b)
    return a * c.keep("gate", c.gate_and_slope[0])


def backward(d_y, c, defects):
    a, _ = parted(c.x, defects)
    gate, slope = c.gate_and_slope
    d_a, d_b = d_y * gate, d_y * a * (gate if "slope of σ missing" in defects else slope)
    if "halves exchanged" in defects:
        d_a, d_b = d_b, d_a
    return (joined(d_a, d_b, defects),)


GLU = (Faulty("glu", "y", ("x",), forward, backward, {
    "gate first": "The halves are exchanged: y = σ(a) ⊙ b in place of a ⊙ σ(b).",
    "halves interleaved": "a and b are every other feature of x in place of its first and second half.",
    "gate tanh": "The gate is tanh(b) in place of σ(b).",
    "gate without activation": "The gate is b itself: the σ is missing.",
    "gate GELU": "The gate is GELU(b) (GEGLU) in place of σ(b).",
    "gate SiLU": "The gate is b σ(b) (SwiGLU) in place of σ(b).",
}, {
    "halves exchanged": "The gradients of a and b stand in each other's place.",
    "slope of σ missing": "G_b lacks 1 − σ(b).",
}),)
