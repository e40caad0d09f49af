"""Ids that lie in a memory-mapped file, or are many for other reasons: a block at a time"""

from collections.abc import Iterator

import numpy as np

BLOCK = 1 << 22                                              # ids: what is made of a block takes some 32 MB


def in_blocks(ids: np.ndarray, size: int = BLOCK) -> Iterator[np.ndarray]:
    """`ids` (N,) in order, `size` of them at a time, the last block shorter; at least one block, which may be empty."""
    for start in range(0, max(len(ids), 1), size):
        yield np.asarray(ids[start:start + size])
