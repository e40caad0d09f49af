"""Small golden cases made by hand, so that the tests of the checker need none of the real ones"""

import numpy as np

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


def affine(x, w, b, d_y):
    a = x @ w + b
    y = np.tanh(a)
    d_a = d_y * (1 - y * y)
    return {"a": a, "y": y, "d_a": d_a, "d_x": d_a @ w.T, "d_w": np.einsum("bti,bto->io", x, d_a),
            "d_b": d_a.sum((0, 1))}


def computed(case):
    """What a right port hands in."""
    return {tensor.name: tensor.value.copy() for tensor in case.computed()}


def one_tensor(value, name="y", role="output", **settings):
    """A case that computes one tensor."""
    return GoldenCase("one", "operation", settings.pop("subject", "one"),
                      (*settings.pop("given", ()), Tensor(name, role, np.asarray(value), scale=settings.pop("scale", 0.0))),
                      tolerance=TOLERANCE, **settings)
