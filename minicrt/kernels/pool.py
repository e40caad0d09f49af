"""Memory for results, used again once nothing refers to them: a training step allocates nothing large after the first.

Fresh memory costs more than what is computed in it: the system hands it out page by page and clears every page. So an
array made here holds a lease on a block; when the last view of it is gone, the block goes back to the free list of
its size. What an operation returns is still its caller's alone, for as long as the caller keeps it.
"""

import math
import time
from collections import defaultdict
from typing import Any

import numpy as np

SMALL = 1 << 14                                              # bytes; below, NumPy's own small-memory cache is as good
ALIGNMENT = 64                                               # bytes: a cache line, a vector register
FORGOTTEN = 10.0                                             # seconds after which an idle block may be given back

Idle = defaultdict[int, list[tuple[float, np.ndarray]]]      # (idle since, block) by the block's size
_idle: Idle = defaultdict(list)                              # append and pop are atomic: threads need no lock


class Lease:
    """The owner of an array's memory. NumPy keeps it as the base of every view; its end is the block's return."""

    __slots__ = ("__array_interface__", "block")

    def __init__(self, block: np.ndarray, shape: tuple[int, ...], dtype: np.dtype):
        self.block = block
        self.__array_interface__ = {"data": (block.ctypes.data, False), "shape": shape, "typestr": dtype.str,
                                    "version": 3}

    def __del__(self, idle: Idle = _idle, now: Any = time.monotonic) -> None:
        idle[self.block.nbytes].append((now(), self.block))


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array of arbitrary contents."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size < SMALL:
        return np.empty(shape, dtype)
    step = 1 << (size.bit_length() - 4)                      # sizes are rounded up by an eighth at most
    size = (size + step - 1) // step * step
    try:
        _, block = _idle[size].pop()
    except IndexError:
        block = _new_block(size)
    return np.asarray(Lease(block, shape, dtype))


def zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    array = empty(shape, dtype)
    array.fill(0)
    return array


def release(older_than: float = 0.0) -> None:
    """Give back what has been idle for so many seconds: shapes that are no longer asked for."""
    latest = time.monotonic() - older_than
    for blocks in list(_idle.values()):
        while blocks and blocks[0][0] <= latest:             # the one that has been idle longest stands first
            try:
                blocks.pop(0)
            except IndexError:                               # another thread took it
                break


def _new_block(size: int) -> np.ndarray:
    release(FORGOTTEN)
    raw = np.empty(size + ALIGNMENT, np.uint8)
    offset = -raw.ctypes.data % ALIGNMENT
    return raw[offset:offset + size]
