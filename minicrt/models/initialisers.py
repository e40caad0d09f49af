"""How parameters start. Each initialiser is a function of (generator, shape); draws are in float64.

They are partial applications of functions of this module, and not functions within functions, so that a table of
parameters can be pickled.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from minicrt.models.parameters import Array, Initialiser

Shape = tuple[int, ...]


def constant(value: float) -> Initialiser:
    return partial(_constant, value)


def _constant(value: float, rng: np.random.Generator, shape: Shape) -> Array:
    return np.full(shape, value)


zeros, ones = constant(0.0), constant(1.0)


def normal(deviation: float) -> Initialiser:
    """N(0, deviation²)"""
    return partial(_normal, deviation)


def _normal(deviation: float, rng: np.random.Generator, shape: Shape) -> Array:
    return deviation * rng.standard_normal(shape)


def normal_pieces(pieces: Sequence[tuple[int, float]]) -> Initialiser:
    """N(0, deviation²) in one row of numbers, piece by piece (length, deviation)"""
    return partial(_normal_pieces, tuple(pieces))


def _normal_pieces(pieces: tuple[tuple[int, float], ...], rng: np.random.Generator, shape: Shape) -> Array:
    lengths, deviations = zip(*pieces)
    return np.repeat(deviations, lengths) * rng.standard_normal(shape)


def first_rows(rows: int, deviation: float) -> Initialiser:
    """N(0, deviation²) in so many rows, zeros in the rest"""
    return partial(_first_rows, rows, deviation)


def _first_rows(rows: int, deviation: float, rng: np.random.Generator, shape: Shape) -> Array:
    values = np.zeros(shape)
    values[:rows] = _normal(deviation, rng, (rows, *shape[1:]))
    return values


def repeated(deviation: float) -> Initialiser:
    """One row drawn from N(0, deviation²), the same for all rows"""
    return partial(_repeated, deviation)


def _repeated(deviation: float, rng: np.random.Generator, shape: Shape) -> Array:
    return np.broadcast_to(_normal(deviation, rng, shape[1:]), shape)


def uniform(bound: float) -> Initialiser:
    """U(−bound, bound)"""
    return partial(_uniform, bound)


def _uniform(bound: float, rng: np.random.Generator, shape: Shape) -> Array:
    return rng.uniform(-bound, bound, shape)


def log_uniform(low: float, high: float) -> Initialiser:
    """log U(low, high)"""
    return partial(_log_uniform, low, high)


def _log_uniform(low: float, high: float, rng: np.random.Generator, shape: Shape) -> Array:
    return np.log(rng.uniform(low, high, shape))


def gate_bias(width: int, value: float) -> Initialiser:
    """Zeros, and `value` in the second block, that of the gate which keeps"""
    return partial(_gate_bias, width, value)


def _gate_bias(width: int, value: float, rng: np.random.Generator, shape: Shape) -> Array:
    bias = np.zeros(shape)
    bias[width:2 * width] = value
    return bias


def rotations(width: int) -> Initialiser:
    """Free entries of a skew-symmetric A whose Cayley transform turns planes by angles drawn from U(0, π/2).

    A is block diagonal with the 2 × 2 blocks [[0, s], [−s, 0]], s = −tan(t/2), t ~ U(0, π/2); an odd width leaves one
    direction unturned. Source: arXiv 2208.06496 (docs/spec.md, 2.2).
    """
    return partial(_rotations, width)


def _rotations(width: int, rng: np.random.Generator, shape: Shape) -> Array:
    upper = np.zeros((width, width))
    first = np.arange(0, width - 1, 2)
    upper[first, first + 1] = -np.tan(rng.uniform(0, np.pi / 2, len(first)) / 2)
    return upper[np.triu_indices(width, 1)]



# Of state spaces.

def between(low: float, high: float) -> Initialiser:
    """U(low, high)"""
    return partial(_between, low, high)


def _between(low: float, high: float, rng: np.random.Generator, shape: Shape) -> Array:
    return rng.uniform(low, high, shape)


def multiples(unit: float, first: int) -> Initialiser:
    """unit · (first, first + 1, …) in each row"""
    return partial(_multiples, unit, first)


def _multiples(unit: float, first: int, rng: np.random.Generator, shape: Shape) -> Array:
    return np.broadcast_to(unit * (first + np.arange(shape[-1])), shape)


def logarithms(rng: np.random.Generator, shape: Shape) -> Array:
    """log 1, log 2, … in each row"""
    return np.log(_multiples(1.0, 1, rng, shape))


def steps(low: float, high: float) -> Initialiser:
    """b with softplus(b) = Δ, log Δ ~ U(log low, log high)"""
    return partial(_steps, low, high)


def _steps(low: float, high: float, rng: np.random.Generator, shape: Shape) -> Array:
    step = np.exp(rng.uniform(np.log(low), np.log(high), shape))
    return step + np.log(-np.expm1(-step))
