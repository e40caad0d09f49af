"""How long a recurrent network keeps what it holds, at first: the bias b of the gate that keeps

With an input near 0 a unit keeps σ(b) of its state a step. So it forgets over τ = 1/(1 − σ(b)) = 1 + e^b steps. What is
written at the start of a segment of T tokens is σ(b)^T of its size at the end, and so is the gradient that comes back
for it: at b = 0 it is 2^−T, nothing in practice; with τ = T it is about 1/e.
"""

from typing import Literal

import numpy as np

from minicrt.models.parameters import Array

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
