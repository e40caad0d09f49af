"""What a mutant may put in the place of a vector: one of length 1, one of complex numbers that is turned over

The equations themselves have none of these.
"""

from typing import Any

import numpy as np

from minicrt.conformance.mutation.functions import blocks, concatenated, sqrt, total


def moving_largest(x: Any, axis: int) -> Any:
    """`largest`, and no constant: a gradient goes back to the largest one"""
    return np.take_along_axis(x, np.argmax(np.real(x), axis=axis, keepdims=True), axis)


def unit_length(x: Any) -> Any:
    """Each vector divided by its length"""
    return x / sqrt(total(x * x, -1, True))


def conjugated(x: Any) -> Any:                               # [Re h, Im h] -> [Re h, −Im h]
    re, im = blocks(x, 2)
    return concatenated([re, -im])


def halves_exchanged(x: Any) -> Any:                         # [Re h, Im h] -> [Im h, Re h]
    return concatenated(blocks(x, 2)[::-1])
