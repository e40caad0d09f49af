"""A recall task that nothing without memory can solve: a key and its query lie in different segments.

An episode is a window of `distance` + 1 segments of T tokens:

    first      `pairs` key-value pairs at random places among filler       . k1 v5 . k0 v2
    between    filler alone (`distance` - 1 segments)                      . . . . . .
    last       filler, and one of the keys as its last token               . . . . . k0   -> v2

One prediction an episode is scored: the value that followed the queried key. Values are drawn independently and
uniformly and the last segment holds none, so whoever sees that segment alone is right in 1 of `values` cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, check_whole
from minicrt.configuration import Configuration, require
from minicrt.data.streams import NOT_SCORED

Window = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class RecallTask(Configuration):
    """The task's sizes. Ids: values 0 .. values-1, then the keys, then the fillers.

    pairs           how many key-value pairs, of different keys, the first segment shows; with 1 the value alone
                    has to be remembered, with more also which key it belongs to
    distance        how many segments after the pairs the query comes
    segment_length  T
    Raises ConfigurationError when the pairs do not fit into a segment or there are too few keys.
    """

    title: ClassVar[str] = "recall task"

    values: int = 8
    keys: int = 2
    fillers: int = 4
    pairs: int = 2
    segment_length: int = 6
    distance: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("values", "keys", "fillers", "pairs", "segment_length", "distance"):
            require(getattr(self, name) >= 1, f"recall task: {name} is {getattr(self, name)}, expected at least 1")
        require(self.pairs <= self.keys, f"recall task: {self.pairs} pairs need as many keys, got keys {self.keys}")
        require(2 * self.pairs <= self.segment_length,
                f"recall task: {self.pairs} pairs need a segment_length of {2 * self.pairs}, got {self.segment_length}")

    @property
    def vocabulary_size(self) -> int:
        return self.values + self.keys + self.fillers

    @property
    def segments(self) -> int:
        """The segments of a window: what bptt_segments must be for the loss to reach the pairs."""
        return self.distance + 1

    @property
    def chance(self) -> float:
        """The accuracy of whoever does not know what the first segment held."""
        return 1 / self.values

    def window(self, rng: np.random.Generator, batch: int) -> Window:
        """`batch` new episodes: for every segment tokens (B, T) and targets (B, T), int32, -1 where not scored."""
        check_kind("rng", rng, np.random.Generator, A_GENERATOR)
        B, T = check_whole("batch", batch, 1), self.segment_length
        tokens = rng.integers(self.values + self.keys, self.vocabulary_size, (B, self.segments * T), dtype=np.int32)
        targets = np.full_like(tokens, NOT_SCORED)
        rows = np.arange(B)[:, None]
        keys = rng.permuted(np.tile(np.arange(self.keys), (B, 1)), axis=1)[:, :self.pairs]      # (B, pairs)
        values = rng.integers(0, self.values, (B, self.pairs))
        # A pair takes two places: choose among T - pairs shorter places, then make room for the pairs before.
        free = T - self.pairs
        places = np.sort(rng.permuted(np.tile(np.arange(free), (B, 1)), axis=1)[:, :self.pairs], axis=1)
        places += np.arange(self.pairs)
        tokens[rows, places] = self.values + keys
        tokens[rows, places + 1] = values
        asked = rng.integers(0, self.pairs, B)
        tokens[:, -1] = self.values + keys[rows[:, 0], asked]
        targets[:, -1] = values[rows[:, 0], asked]
        return [(tokens[:, n * T:(n + 1) * T], targets[:, n * T:(n + 1) * T]) for n in range(self.segments)]

    def windows(self, rng: np.random.Generator, batch: int) -> Iterator[Window]:
        """New episodes without end. Each window is a stream of its own: start it with the empty state."""
        while True:
            yield self.window(rng, batch)
