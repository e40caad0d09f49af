"""What a mutant may put in the place of a tensor that has steps: another step, or all of them at once"""

from typing import Any

import numpy as np

from minicrt.conformance.mutation.functions import concatenated, mean


def rolled(x: Any, by: int = 1) -> Any:
    """One step later along time (axis 1 of several, else the first), the last one in front"""
    return np.roll(x, by, min(np.ndim(x) - 1, 1))


def reversed_in_time(x: Any) -> Any:
    return x[:, ::-1] if np.ndim(x) > 1 else x[::-1]


def last_step(x: Any) -> Any:
    """The last step's, at every step"""
    return x[:, -1:] + 0.0 * x


def time_mean(x: Any) -> Any:
    """The mean over the steps, at every step"""
    return mean(x, 1, True) + 0.0 * x


def previous(x: Any) -> Any:
    """The step before's, and zeros at the first"""
    return concatenated([0.0 * x[:, :1], x[:, :-1]], 1)


def alone(x: Any, axis: int, place: int) -> Any:
    """What stands at one place of an axis; zeros elsewhere"""
    there = np.zeros(np.shape(x)[axis])
    there[place] = 1.0
    return x * there.reshape([-1 if k == axis else 1 for k in range(np.ndim(x))])


def rolled_back(x: Any) -> Any:
    """One step earlier along time, the first one at the end"""
    return rolled(x, -1)
