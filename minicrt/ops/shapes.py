"""One line at the top of an operation checks every shape and names the letters (docs/spec.md, Notation)."""

from functools import cache
from typing import Any

import numpy as np

from minicrt.errors import InputError

Array = np.ndarray


@cache
def _parsed(pattern: str) -> tuple[bool, tuple[tuple[int, str], ...]]:
    """'... D 3D' -> (leading axes are free, ((1, 'D'), (3, 'D')))"""
    axes = pattern.split()
    leading = axes[:1] == ["..."]
    return leading, tuple((int(axis[:-1] or 1), axis[-1]) for axis in axes[leading:])


def check_shapes(operation: str, **arguments: tuple[Any, str]) -> dict[str, int]:
    """The size of each letter; every argument is an (array, pattern) pair, patterns being like "B T D" or "... 3D".

    A letter gets its size where it first stands alone and must have it everywhere. An argument that is None is
    passed over. Raises InputError naming the operation, the argument, its shape and the expected one.
    """
    sizes: dict[str, int] = {}
    for name, (array, pattern) in arguments.items():
        if array is None:
            continue
        leading, axes = _parsed(pattern)
        shape = array.shape if isinstance(array, np.ndarray) else np.shape(array)
        tail = shape[len(shape) - len(axes):] if leading else shape
        fits = len(tail) == len(axes)
        if fits:                                             # loops as plain as can be: every operation comes by here
            for (times, letter), size in zip(axes, tail):
                if times == 1 and sizes.setdefault(letter, size) != size:
                    fits = False
            for (times, letter), size in zip(axes, tail):
                if times != 1 and sizes.get(letter, size // times) * times != size:
                    fits = False
        if not fits:
            known = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
            raise InputError(f"{operation}: {name} has shape {shape}, expected ({', '.join(pattern.split())})"
                             + (f" with {known}" if known else ""))
    return sizes
