"""What goes wrong with sensors: readings (B, T, C) of deviation 1 with some damage, at a rate"""

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Rng = np.random.Generator
STRETCH = 32                                                 # readings for which a channel is stuck or missing


def noise(x: Array, rate: float, rng: Rng) -> Array:
    """On every reading, of deviation `rate` times the channel's"""
    return x + rate * rng.standard_normal(x.shape)


def dropped(x: Array, rate: float, rng: Rng) -> Array:
    """A share `rate` of the readings, all channels of them"""
    return np.where(rng.random(x.shape[:2])[..., None] < rate, np.nan, x)


def missing(x: Array, rate: float, rng: Rng) -> Array:
    """A share `rate` of all stretches of a channel"""
    return np.where(stretches(x, rate, rng), np.nan, x)


def stuck(x: Array, rate: float, rng: Rng) -> Array:
    """A share `rate` of all stretches of a channel: the first reading stays, and nobody says so"""
    first = x[:, np.arange(x.shape[1]) // STRETCH * STRETCH]
    return np.where(stretches(x, rate, rng), first, x)


def jitter(x: Array, rate: float, rng: Rng) -> Array:
    """Taken early or late by a deviation of `rate` times the interval, and what lies between two readings is between
    them"""
    B, T, _ = x.shape
    place = np.clip(np.arange(T) + rate * rng.standard_normal((B, T)), 0, T - 1)
    before = np.minimum(place.astype(int), T - 2)
    part, row = (place - before)[..., None], np.arange(B)[:, None]
    return (1 - part) * x[row, before] + part * x[row, before + 1]


def stretches(x: Array, rate: float, rng: Rng) -> Array:     # -> (B, T, C) of truth values
    B, T, C = x.shape
    return np.repeat(rng.random((B, -(-T // STRETCH), C)) < rate, STRETCH, 1)[:, :T]


DAMAGES: dict[str, Callable[[Array, float, Rng], Array]] = {
    "noise": noise, "dropped": dropped, "missing": missing, "stuck": stuck, "jitter": jitter}
