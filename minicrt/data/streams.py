"""One long token stream cut into rows and segments, for models that carry a state from segment to segment."""

from collections.abc import Iterator

import numpy as np

from minicrt.arguments import check_kind, check_whole
from minicrt.array_arguments import checked_ids
from minicrt.errors import DataError

NOT_SCORED = -1


class TokenStream:
    """The N - 1 next-token predictions of one stream, in `batch` rows of `row_length` = ceil((N - 1)/batch).

    Row b reads tokens[b·row_length + i] and predicts tokens[b·row_length + i + 1]; its segment n + 1 follows its
    segment n, so a state carried from segment to segment sees each row without a gap. What is left over at the
    end of the last rows is padding: token 0 with target -1, which no loss counts. So each prediction is scored
    exactly once. The last segment is shorter when `segment_length` does not divide `row_length`.

    A segment is cut out of `tokens` when it is asked for, so a text in a memory-mapped file takes no memory here.

    Arguments
        tokens: (N,) ids
        batch: the number of rows B
        segment_length: T
        name, key: what an error message calls the stream, and the number of its rows
        first: the token to begin with, from 0 to N - 1; the text is then a circle, cut open before it
    Raises DataError when a row is shorter than one segment, InputError when an argument makes no sense.
    """

    def __init__(self, tokens: np.ndarray, batch: int, segment_length: int, name: str = "the stream",
                 key: str = "batch", first: int = 0) -> None:
        self._ids = tokens = checked_ids(name, tokens)
        self.batch = batch = check_whole("batch", batch, 1)
        self.segment_length = segment_length = check_whole("segment_length", segment_length, 1)
        self.predictions = max(tokens.size - 1, 0)
        self.row_length = -(-self.predictions // batch)
        if self.row_length < segment_length:
            raise DataError(self._too_short(tokens.size, name, key))
        self._first = check_whole("first", first, 0, tokens.size - 1)

    def _too_short(self, size: int, name: str, key: str) -> str:
        if self.predictions < self.segment_length:
            return (f"{name} has {size} tokens, too few for one segment of {self.segment_length} and its targets; "
                    "take a longer text or a smaller segment_length")
        largest = largest_batch(size, self.segment_length)
        return (f"{name} has {size} tokens: in {self.batch} rows that is {self.row_length} each, fewer than one "
                f"segment of {self.segment_length}; set {key} to at most {largest}, or take a longer text or a "
                "smaller segment_length")

    def __repr__(self) -> str:
        return (f"<TokenStream of {self.predictions:,} predictions in {self.batch:,} rows of {self.row_length:,}: "
                f"{len(self):,} segments of {self.segment_length:,}>")

    def __len__(self) -> int:
        """The number of segments in one pass."""
        return -(-self.row_length // self.segment_length)

    def segment(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Segment `index` of every row: tokens (B, T_i) and targets (B, T_i), int32, T_i <= T."""
        places = self._places(index)
        text = np.asarray(self._ids[(places + self._first) % self._ids.size], np.int32)
        past = places[:, :-1] >= self.predictions
        tokens, targets = text[:, :-1].copy(), text[:, 1:].copy()
        tokens[past], targets[past] = 0, NOT_SCORED
        return tokens, targets

    def _places(self, index: int) -> np.ndarray:
        """Where the tokens of segment `index` stand, (B, T_i + 1): and one to predict"""
        check_kind("the segment's number", index, (int, np.integer), "a whole number")
        if not 0 <= index < len(self):
            raise IndexError(f"segment {index} of a stream of {len(self)} segments")
        start = int(index) * self.segment_length
        stop = min(start + self.segment_length, self.row_length)
        return self.row_length * np.arange(self.batch)[:, None] + np.arange(start, stop + 1)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self.segment(index) for index in range(len(self)))


def evaluation_stream(tokens: np.ndarray, batch: int, segment_length: int, name: str, key: str = "evaluation_batch"
                      ) -> TokenStream:
    """The stream of a text that is only scored: one that is shorter than a segment is one short segment."""
    return TokenStream(tokens, batch, max(1, min(segment_length, tokens.size - 1)), name, key)


def largest_batch(size: int, segment_length: int) -> int:
    """The largest number of rows, each of a segment or more, that a stream of `size` tokens can have; 0 if none."""
    check_whole("size", size, 0)
    check_whole("segment_length", segment_length, 1)
    if segment_length == 1:
        return max(size - 1, 0)
    return max(size - 2, 0) // (segment_length - 1)         # ceil(P/B) >= T exactly when P > (T - 1) B
