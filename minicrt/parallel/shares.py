"""Which rows of a batch a rank computes, and how rows of a state come to the rank that computes them.

The batch is cut as one process with as many threads as all ranks have together would cut it, and each rank has its
part of the pieces. So n ranks of one thread compute what n threads of one process do, dropout masks included.
"""

import json
from typing import NamedTuple

import numpy as np

from minicrt.parallel import workers
from minicrt.parallel.ranks import Ranks

Array = np.ndarray


class Share(NamedTuple):
    """parts   of this rank: ranges of the batch's rows, one a thread; none where there are fewer pieces than ranks
    first      the number of its first part among those of all ranks
    pieces     how many parts all ranks have together
    """

    parts: list[workers.Range]
    first: int
    pieces: int

    @property
    def start(self) -> int:
        return self.parts[0][0] if self.parts else 0

    @property
    def rows(self) -> int:
        return self.parts[-1][1] - self.start if self.parts else 0


def share(rows: int, grain: int, ranks: Ranks) -> Share:
    """That of this rank; the first rank always has some."""
    pieces = workers.ranges(rows, grain, ranks.size)
    first, last = (-(-len(pieces) * rank // ranks.size) for rank in (ranks.rank, ranks.rank + 1))
    return Share(pieces[first:last], first, len(pieces))


def moved(state: dict[str, Array], start: int, rows: int, ranks: Ranks) -> dict[str, Array]:
    """A state of rows `start` to `start + rows` of the batch, from one that has other rows, in the order of the ranks.

    It stays where it is as long as all ranks have the rows that they want: the last segments of a text, which are
    shorter, are cut into fewer pieces, and a run that goes on has all its rows on the first rank.
    """
    if ranks.size == 1:
        return state
    counts = ranks.numbers(len(next(iter(state.values()), ())))
    there = sum(counts)
    if not there or not ranks.largest(counts[ranks.rank] != rows):
        return state
    described = {name: [str(entry.dtype), entry.shape[1:]] for name, entry in state.items()}
    whole = {}
    for name, (dtype, shape) in json.loads(ranks.told(json.dumps(described))).items():
        whole[name] = ranks.joined(state.get(name, np.empty((0, *shape), dtype)), counts)
    return {name: entry[start:start + rows].copy() for name, entry in whole.items()} if rows else {}
