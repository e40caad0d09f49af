"""Memory for results, used again once nothing refers to them: a training step allocates nothing large after the first.

Fresh memory costs more than what is computed in it: the system hands it out page by page and clears every page. So an
array made here holds a lease on a block; when the last view of it is gone, the block goes back to the free list of
its size. What an operation returns is still its caller's alone, for as long as the caller keeps it.
"""

import math
from collections import defaultdict
from typing import Any

import numpy as np

SMALL = 1 << 14                                              # bytes; below, NumPy's own small-memory cache is as good
ALIGNMENT = 64                                               # bytes: a cache line, a vector register


_free: defaultdict[int, list[np.ndarray]] = defaultdict(list)        # idle blocks by size; append and pop are atomic
_held = [0]                                                  # bytes in blocks, idle or not


class Lease:
    """The owner of an array's memory. NumPy keeps it as the base of every view; its end is the block's return."""

    __slots__ = ("__array_interface__", "block")

    def __init__(self, block: np.ndarray, shape: tuple[int, ...], dtype: np.dtype):
        self.block = block
        self.__array_interface__ = {"data": (block.ctypes.data, False), "shape": shape, "typestr": dtype.str,
                                    "version": 3}

    def __del__(self, free: defaultdict[int, list[np.ndarray]] = _free) -> None:
        free[self.block.nbytes].append(self.block)


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array of arbitrary contents."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    if size < SMALL:
        return np.empty(shape, dtype)
    step = 1 << (size.bit_length() - 4)                      # sizes are rounded up by an eighth at most
    size = (size + step - 1) // step * step
    try:
        block = _free[size].pop()
    except IndexError:
        block = _new_block(size)
    return np.asarray(Lease(block, shape, dtype))


def zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    array = empty(shape, dtype)
    array.fill(0)
    return array


def idle() -> int:
    """The bytes that are kept for later."""
    return sum(size * len(blocks) for size, blocks in list(_free.items()))


def release() -> None:
    """Give back all that is idle."""
    for blocks in list(_free.values()):
        while blocks:
            try:
                _held[0] -= blocks.pop().nbytes
            except IndexError:                               # another thread took it
                break


def _new_block(size: int) -> np.ndarray:
    if idle() > _held[0] // 2:                               # kept for shapes that are no longer asked for
        release()
    _held[0] += size
    raw = np.empty(size + ALIGNMENT, np.uint8)
    offset = -raw.ctypes.data % ALIGNMENT
    return raw[offset:offset + size]
