"""Number formats that are coarser than float64, by rounding to them"""

import numpy as np

Array = np.ndarray

BITS = {"bfloat16": 8, "TF32": 11, "float16": 11, "float32": 24}         # of the significand, the hidden one among them
DROPPED = {"bfloat16": 16, "TF32": 13}                       # bits of float32 that these formats lack


def rounded(values: Array, name: str) -> Array:
    """The nearest numbers of the format, as float64; what is too large for it is infinite."""
    if np.iscomplexobj(values):
        return rounded(values.real, name) + 1j * rounded(values.imag, name)
    with np.errstate(over="ignore", invalid="ignore"):
        if name == "float16":
            return np.asarray(values, np.float64).astype(np.float16).astype(np.float64)
        single = np.asarray(values, np.float64).astype(np.float32)
    if name in DROPPED:
        bits, drop = np.atleast_1d(single).view(np.uint32), np.uint32(DROPPED[name])
        one = np.uint32(1)
        half = (one << (drop - one)) - one + (bits >> drop & one)        # a tie goes to the even one
        single = ((bits + half) >> drop << drop).view(np.float32).reshape(single.shape)
    return single.astype(np.float64)


def unit(name: str) -> float:
    """The largest relative error of rounding to the format."""
    return 2.0 ** -BITS[name]


def holds(values: Array, name: str) -> bool:
    """Whether all values are numbers of the format."""
    return bool(np.array_equal(values, rounded(values, name)))
