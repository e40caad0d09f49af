"""What a public function checks of arrays that it is handed, token ids above all"""

from typing import Any

import numpy as np

from minicrt.arguments import shown
from minicrt.errors import InputError

Array = np.ndarray
LARGEST_ID = np.iinfo(np.int32).max


def as_array(name: str, value: Any) -> Array:
    """`value` as an array. Raises InputError where it is none, as a list of rows of different lengths."""
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{name} is {shown(value)}, which makes no array: {error}") from None


def real_array(name: str, value: Any, axes: str) -> Array:
    """`value` as an array of real numbers with as many axes as `axes` names, "T D", none of them of length 0.

    Raises InputError for anything else.
    """
    array, expected = as_array(name, value), axes.split()
    if array.ndim != len(expected) or array.dtype.kind not in "fiub" or not array.size:
        raise InputError(f"{name}: got {array.dtype} of shape {array.shape}, expected real numbers of shape "
                         f"({', '.join(expected)})")
    return array


def checked_ids(name: str, ids: Any, vocabulary: int | None = None) -> Array:
    """Token ids as an int32 array (N,), each from 0 to `vocabulary` − 1, which may be empty.

    Ids in a memory-mapped file stay there, in their own type: a copy would take the memory that the file saves.
    Raises InputError for anything else.
    """
    array = as_array(name, ids)
    if array.ndim == 1 and not array.size:
        return np.zeros(0, np.int32)                         # an empty list makes an array of float64
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(f"{name} is {array.dtype} of shape {array.shape}, expected integers of shape (N,)")
    largest = LARGEST_ID if vocabulary is None else vocabulary - 1
    if array.min() < 0 or array.max() > largest:
        bad = array.min() if array.min() < 0 else array.max()
        raise InputError(f"{name} has the id {bad}, expected ids from 0 to {largest}")
    return ids if isinstance(ids, np.memmap) else array.astype(np.int32, copy=False)


def check_real(name: str, value: Any) -> None:
    """One real number, of Python, NumPy or in an array of no dimension; infinite and NaN are let through"""
    array = as_array(name, value)
    if array.ndim or array.dtype.kind not in "fiu":
        raise InputError(f"{name} is {shown(value)}, expected a number")
