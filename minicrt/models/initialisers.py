"""How parameters start. Each initialiser is a function of (generator, shape); draws are in float64."""

import numpy as np

from minicrt.models.parameters import Array, Initialiser


def constant(value: float) -> Initialiser:
    return lambda rng, shape: np.full(shape, value)


zeros, ones = constant(0.0), constant(1.0)


def normal(deviation: float) -> Initialiser:
    """N(0, deviation²)"""
    return lambda rng, shape: deviation * rng.standard_normal(shape)


def repeated(deviation: float) -> Initialiser:
    """One row drawn from N(0, deviation²), the same for all rows"""
    return lambda rng, shape: np.broadcast_to(deviation * rng.standard_normal(shape[1:]), shape)


def uniform(bound: float) -> Initialiser:
    """U(−bound, bound)"""
    return lambda rng, shape: rng.uniform(-bound, bound, shape)


def gate_bias(width: int, update: float) -> Initialiser:
    """Zeros, and `update` in the block of the update gate z: σ(update) of the old state is kept at first."""
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        bias = np.zeros(shape)
        bias[width:2 * width] = update
        return bias
    return draw


def rotations(width: int) -> Initialiser:
    """Free entries of a skew-symmetric A whose Cayley transform turns planes by angles drawn from U(0, π/2).

    A is block diagonal with the 2 × 2 blocks [[0, s], [−s, 0]], s = −tan(t/2), t ~ U(0, π/2); an odd width leaves one
    direction unturned. Source: arXiv 2208.06496 (FACTS section 2.4).
    """
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        upper = np.zeros((width, width))
        first = np.arange(0, width - 1, 2)
        upper[first, first + 1] = -np.tan(rng.uniform(0, np.pi / 2, len(first)) / 2)
        return upper[np.triu_indices(width, 1)]
    return draw
