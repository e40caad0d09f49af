"""How long a recurrent network keeps what it holds, at first, and how large it is then read

b is the bias of the gate that keeps. With an input near 0 a unit keeps σ(b) of its state a step. So it forgets over
τ = 1/(1 − σ(b)) = 1 + e^b steps. What is written at the start of a segment of T tokens is σ(b)^T of its size at the
end, and so is the gradient that comes back: at b = 0 it is 2^−T, nothing in practice; with τ = T it is about 1/e.

The longer a unit keeps, the less it takes of one token: 1/τ of it. So what reads the memory has to be large where that
has to last long, and where it has not, smaller is better (docs/results.md).
"""

from functools import partial
from typing import Literal

import numpy as np

from minicrt.models import initialisers
from minicrt.models.parameters import Array, Initialiser

Retention = float | Literal["chrono", "log_uniform"]


def gate_biases(kind: Retention, t_max: int, units: int) -> Array:               # -> (units,)
    """b of each unit. Where the source draws, these are spread evenly over the same distribution.

    a number        the same b for all
    "chrono"        b ~ log U(1, t_max − 1): most units keep for about t_max steps (Tallec and Ollivier 2018)
    "log_uniform"   b ~ U(0, log t_max): as many units for every order of magnitude, from 2 steps to t_max + 1
    """
    share = (np.arange(units) + 0.5) / units
    if kind == "chrono":
        return np.log(1 + (t_max - 2) * share)
    if kind == "log_uniform":
        return np.log(t_max) * share
    return np.full(units, kind)


def reading_size(t_max: int) -> float:
    """s = t_max/128, but from t_max = 128 on 1, as of any other matrix"""
    return min(1, t_max / 128)


def reading(t_max: int, inputs: int) -> Initialiser:
    """Of W_r (inputs, D): N(0, s²/inputs)"""
    return initialisers.normal(reading_size(t_max) * inputs ** -0.5)


# The parameters that say so, in each network.

def gru_bias(kind: Retention, t_max: int) -> Initialiser:
    """(3D,): zeros, and b in the second block, that of the gate which keeps; NC-GRU's are the same"""
    return partial(_gru_bias, kind, t_max)


def _gru_bias(kind: Retention, t_max: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    bias, width = np.zeros(shape), shape[0] // 3
    bias[width:2 * width] = gate_biases(kind, t_max, width)
    return bias


def mingru_bias(kind: Retention, t_max: int) -> Initialiser:
    """(2D,): −b for the gate z, which lets the new in, and zeros"""
    return partial(_mingru_bias, kind, t_max)


def _mingru_bias(kind: Retention, t_max: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    bias, width = np.zeros(shape), shape[0] // 2
    bias[:width] -= gate_biases(kind, t_max, width)
    return bias


def lru_nu(kind: Retention, t_max: int) -> Initialiser:
    """ν (N,) with |λ| = exp(−exp(ν))"""
    return partial(_lru_nu, kind, t_max)


def _lru_nu(kind: Retention, t_max: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.log(-0.5 * np.log(squared_moduli(kind, t_max, *shape)))


def lru_log_gamma(kind: Retention, t_max: int) -> Initialiser:
    """log γ (N,) with γ = √(1 − |λ|²)"""
    return partial(_lru_log_gamma, kind, t_max)


def _lru_log_gamma(kind: Retention, t_max: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return 0.5 * np.log(1 - squared_moduli(kind, t_max, *shape))


def softplus_bias(kind: Retention, t_max: int) -> Initialiser:
    """(E,): −b of a step Δ = softplus(b_dt + …), so that exp(−Δ) = σ(b)"""
    return partial(_softplus_bias, kind, t_max)


def _softplus_bias(kind: Retention, t_max: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return -gate_biases(kind, t_max, *shape)


def s4d_log_dt(kind: Retention, t_max: int) -> Initialiser:
    """log Δ (E,), with |exp(Δ A)| = exp(−Δ/2) = σ(b)"""
    return partial(_s4d_log_dt, kind, t_max)


def _s4d_log_dt(kind: Retention, t_max: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.log(2 * np.logaddexp(0, -gate_biases(kind, t_max, *shape)))


def squared_moduli(kind: Retention, t_max: int, units: int) -> Array:            # -> (N,)
    """|λ|²: with |λ| = σ(b), or, where b is a number, even by area over the ring from 0.5 to 0.99"""
    if isinstance(kind, str):
        return (1 + np.exp(-gate_biases(kind, t_max, units))) ** -2
    return 0.5 ** 2 + (0.99 ** 2 - 0.5 ** 2) * (np.arange(units) + 0.5) / units
