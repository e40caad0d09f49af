"""Small golden cases made by hand, so that the tests of the checker need none of the real ones"""

import numpy as np

from minicrt.conformance.checking.catalogue import Known
from minicrt.conformance.golden.tensors import GoldenCase, Tensor

TOLERANCE = {"float64": 1e-10, "float32": 2e-5}


def drawn(seed, shape):
    """Multiples of 2^-10 in [-1, 1), without a 0."""
    values = np.random.default_rng(seed).integers(-1024, 1024, shape) / 1024
    return np.where(values == 0, 0.5, values)


def affine_case(**changes):
    """y = tanh(x w + b), with a = x w + b on the way: y of (B, T, D) = (2, 3, 6), w of (4, 6)"""
    x, w, b, d_y = (drawn(k, shape) for k, shape in enumerate([(2, 3, 4), (4, 6), (6,), (2, 3, 6)]))
    tensors = [Tensor("x", "input", x), Tensor("w", "parameter", w), Tensor("b", "parameter", b),
               Tensor("d_y", "upstream", d_y)]
    meanings = {"a": "a = x w + b", "y": "y = tanh(a)", "d_a": "G_a = G_y (1 - y²)"}
    roles = {"a": "intermediate", "y": "output", "d_a": "backward"}
    for name, value in affine(x, w, b, d_y).items():
        tensors.append(Tensor(name, roles.get(name, "gradient"), value, meanings.get(name, "")))
    return GoldenCase(**{"name": "affine", "kind": "operation", "subject": "affine", "tensors": tuple(tensors),
                         "configuration": {"heads": 2}, "tolerance": TOLERANCE, **changes})


def affine(x, w, b, d_y, mistakes=()):
    """Everything that the operation computes, with mistakes of the catalogue below."""
    a = x @ w + (2 * b if "bias twice" in mistakes else b)
    y = a if "tanh forgotten" in mistakes else np.tanh(a)
    slope = 1 - (y if "slope not squared" in mistakes else y * y)
    d_a = d_y * (1 if "tanh forgotten" in mistakes else slope)
    if "slope forgotten" in mistakes:
        d_a = d_y
    d_b = d_a.sum((0, 1))
    if {"bias averaged", "bias divided by six"} & set(mistakes):
        d_b = d_b / 6
    return {"a": a, "y": y, "d_a": d_a, "d_x": d_a @ w.T, "d_w": np.einsum("bti,bto->io", x, d_a), "d_b": d_b}


class Mistakes:
    """The catalogue of the affine case; `traced` counts what was asked of it."""

    def __init__(self, case):
        self.given, self.traced = case.given(), 0

    def known(self):
        return tuple(Known(name, f"What a port does with {name}.", where) for name, where in (
            ("bias twice", "forward"), ("tanh forgotten", "forward"), ("slope not squared", "backward"),
            ("slope forgotten", "backward"), ("bias averaged", "backward"), ("bias divided by six", "backward")))

    def trace(self, names, expected=None):
        self.traced += 1
        return affine(**self.given, mistakes=names)


def computed(case):
    """What a right port hands in."""
    return {tensor.name: tensor.value.copy() for tensor in case.computed()}


def one_tensor(value, name="y", role="output", given=(), scale=0.0, subject="one", **settings):
    """A case that computes one tensor."""
    return GoldenCase("one", "operation", subject, (*given, Tensor(name, role, np.asarray(value), scale=scale)),
                      tolerance=TOLERANCE, **settings)
