"""All weights of a model in one piece, and inside a kernel each of them by its place there

What Python hands to a kernel is taken apart at every call, array by array, and each tuple of arrays is a type of its
own, with code of its own. In one piece the weights take no time, and one code is good for any number of layers.
"""

from numba import types
from numba.core.extending import overload

from minicrt.kernels.compiling import part
from minicrt.quantisation.forms import EightBits, FourBits


def vector(weights, place, size):                            # -> (size,)
    """Inside a kernel, the vector at a `place` of `weights`: `Parameters.in_one_piece` and `Parameters.place`"""


def matrix(weights, place, inputs, outputs):                 # -> (inputs, outputs)
    """Inside a kernel, the matrix there: an array, or one of small integers"""


@overload(vector)
def _vector(weights, place, size):
    if isinstance(weights, types.Array):
        return lambda weights, place, size: weights[place[0]:place[0] + size]
    return lambda weights, place, size: weights.floats[place[0]:place[0] + size]


@overload(matrix)
def _matrix(weights, place, inputs, outputs):
    if isinstance(weights, types.Array):
        return lambda weights, place, inputs, outputs: rows(weights, place[0], inputs, outputs)
    return eight_bits if weights[0].dtype == types.int8 else four_bits


def eight_bits(weights, place, inputs, outputs):
    return EightBits(rows(weights.values, place[0], inputs, outputs), weights.scales[place[2]:place[2] + outputs])


def four_bits(weights, place, inputs, outputs):
    return FourBits(rows(weights.values, place[0], (inputs + 1) // 2, outputs),
                    rows(weights.shares, place[1], (inputs + 31) // 32, outputs),
                    weights.scales[place[2]:place[2] + outputs])


@part
def rows(flat, start, count, width):                         # (·,) -> (count, width)
    return flat[start:start + count * width].reshape(count, width)
