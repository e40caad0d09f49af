"""Small tasks that show what a model carries from segment to segment, and how far.

Each has `window(rng, batch)`, an episode a row as segments of T tokens; `segments` of them; and `chance`, the accuracy
of whoever has forgotten the segments before the last. All are put as classification of the next token, so that every
language model here can take them: adding and parenthesis, elsewhere regressions, ask for a number's token.
`distance` says how many segments lie between what has to be remembered and the question. The associative recall of
one query is `minicrt.data.RecallTask`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, check_whole
from minicrt.configuration import Configuration, require
from minicrt.data.recall import Window
from minicrt.data.streams import NOT_SCORED

Array = np.ndarray
Rng = np.random.Generator


@dataclass(frozen=True)
class MemoryTask(Configuration, ABC):
    """What the tasks share. `length` symbols are to be remembered, each one of `symbols`."""

    title: ClassVar[str] = "the task"

    symbols: int = 8
    length: int = 2
    segment_length: int = 6
    distance: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("symbols", 2), ("length", 1), ("segment_length", 1), ("distance", 1)):
            require(getattr(self, name) >= least, f"{type(self).__name__}: {name} is {getattr(self, name)}, expected "
                    f"at least {least}")
        require(self.room <= self.segment_length, f"{type(self).__name__}: {self.room} tokens are to stand in one "
                f"segment, got segment_length {self.segment_length}")

    @property
    def room(self) -> int:
        return self.length

    @property
    def segments(self) -> int:
        return self.distance + 1

    @property
    def chance(self) -> float:
        return 1 / self.symbols

    @property
    def vocabulary_size(self) -> int:
        """The symbols, a filler, and the token that asks"""
        return self.symbols + 2

    def window(self, rng: Rng, batch: int) -> Window:
        """`batch` new episodes: for every segment tokens (B, T) and targets (B, T), int32, −1 where not scored."""
        check_kind("rng", rng, np.random.Generator, A_GENERATOR)
        T, batch = self.segment_length, check_whole("batch", batch, 1)
        tokens = np.full((batch, self.segments * T), self.symbols, np.int32)                 # filler
        targets = np.full_like(tokens, NOT_SCORED)
        self.fill(rng, tokens, targets)
        return [(tokens[:, n * T:(n + 1) * T], targets[:, n * T:(n + 1) * T]) for n in range(self.segments)]

    @abstractmethod
    def fill(self, rng: Rng, tokens: Array, targets: Array) -> None:
        """Write an episode into every row."""


class CopyTask(MemoryTask):
    """x = s_1 … s_S . . .   ? ? … ?,  y = s_1 … s_S at the question marks (Hochreiter and Schmidhuber 1997)"""

    def fill(self, rng: Rng, tokens: Array, targets: Array) -> None:
        S = self.length
        tokens[:, :S] = rng.integers(0, self.symbols, (len(tokens), S))
        tokens[:, -S:], targets[:, -S:] = self.symbols + 1, tokens[:, :S]


class DenoiseTask(MemoryTask):
    """As copying, the symbols at random places of the segments before the last (arXiv 2208.06496; there with
    replacement, so that symbols may overwrite each other; here all places differ)"""

    def fill(self, rng: Rng, tokens: Array, targets: Array) -> None:
        S, free = self.length, self.distance * self.segment_length
        rows = np.arange(len(tokens))[:, None]
        places = np.sort(rng.permuted(np.tile(np.arange(free), (len(tokens), 1)), axis=1)[:, :S], axis=1)
        targets[:, -S:] = rng.integers(0, self.symbols, (len(tokens), S))
        tokens[rows, places], tokens[:, -S:] = targets[:, -S:], self.symbols + 1


class MultiQueryTask(MemoryTask):
    """`length` pairs of a key and a value in the first segment, every key once more at the end: its value is asked
    (arXiv 2312.04927, with the queries in another segment). Keys are ids above the question's."""

    @property
    def room(self) -> int:
        return 2 * self.length

    @property
    def vocabulary_size(self) -> int:
        return self.symbols + 2 + self.length

    def fill(self, rng: Rng, tokens: Array, targets: Array) -> None:
        S, B = self.length, len(tokens)
        shown, asked = (rng.permuted(np.tile(np.arange(S), (B, 1)), axis=1) for _ in range(2))
        values = rng.integers(0, self.symbols, (B, S))                                       # of key 0 .. S-1
        rows = np.arange(B)[:, None]
        tokens[:, 0:2 * S:2], tokens[:, 1:2 * S:2] = self.symbols + 2 + shown, values[rows, shown]
        tokens[:, -S:], targets[:, -S:] = self.symbols + 2 + asked, values[rows, asked]


class AddingTask(MemoryTask):
    """Digits everywhere; one in the first and one in the last segment follow a mark, and their sum is asked at the end
    (Hochreiter and Schmidhuber 1997). `symbols` digits; a sum is the token of that number."""

    @property
    def room(self) -> int:
        return 4                                             # mark, digit, and the question, with one to spare

    @property
    def chance(self) -> float:
        """Whoever knows the second digit alone"""
        return 1 / self.symbols

    @property
    def vocabulary_size(self) -> int:
        return 2 * self.symbols - 1 + 2                      # the sums (the digits among them), the mark, the question

    def fill(self, rng: Rng, tokens: Array, targets: Array) -> None:
        B, T, rows = len(tokens), self.segment_length, np.arange(len(tokens))
        tokens[...] = rng.integers(0, self.symbols, tokens.shape)
        places = np.stack([rng.integers(0, T - 1, B), tokens.shape[1] - T + rng.integers(0, T - 2, B)])
        tokens[rows, places] = 2 * self.symbols - 1
        targets[:, -1] = tokens[rows, places + 1].sum(0)
        tokens[:, -1] = 2 * self.symbols


class ParenthesisTask(MemoryTask):
    """Brackets of `length` kinds and noise, evenly drawn; asked is how many of one kind are open, no fewer than 0 and
    no more than symbols − 1 (arXiv 2208.06496: there at every step, of all kinds). All segments count.

    Ids: numbers, noise, a spare one, then for each kind: open, close, and the question.
    """

    @property
    def chance(self) -> float:
        """The most frequent number of open brackets"""
        steps, top = np.zeros((self.symbols, self.symbols)), self.symbols - 1
        each = 1 / (2 * self.length + 1)
        for n in range(self.symbols):
            for other, share in ((min(n + 1, top), each), (max(n - 1, 0), each), (n, 1 - 2 * each)):
                steps[n, other] += share
        return float(np.linalg.matrix_power(steps, self.segments * self.segment_length - 1)[0].max())

    @property
    def vocabulary_size(self) -> int:
        return self.symbols + 2 + 3 * self.length

    def fill(self, rng: Rng, tokens: Array, targets: Array) -> None:
        first, kinds = self.symbols + 2, self.length
        drawn = rng.integers(0, 2 * kinds + 1, tokens.shape)                                 # the last is noise
        kind, closes = drawn // 2, drawn % 2
        tokens[...] = np.where(drawn == 2 * kinds, self.symbols, first + 3 * kind + closes)
        asked = rng.integers(0, kinds, len(tokens))
        open_now = np.zeros(len(tokens), int)
        for t in range(tokens.shape[1] - 1):
            change = (kind[:, t] == asked) * (drawn[:, t] < 2 * kinds) * (1 - 2 * closes[:, t])
            open_now = np.clip(open_now + change, 0, self.symbols - 1)
        tokens[:, -1], targets[:, -1] = first + 3 * asked + 2, open_now


TASKS: dict[str, type[MemoryTask]] = {"copy": CopyTask, "denoise": DenoiseTask, "multi-query": MultiQueryTask,
                                      "adding": AddingTask, "parenthesis": ParenthesisTask}
