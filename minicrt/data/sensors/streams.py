"""One long recording cut into rows and segments, for models that carry a state from segment to segment"""

from collections.abc import Iterator

import numpy as np

from minicrt.arguments import check_whole
from minicrt.data.sensors.data import Part
from minicrt.data.streams import NOT_SCORED
from minicrt.errors import DataError

Array = np.ndarray


class ReadingStream:
    """The N steps of a part, in `batch` rows of ceil(N/batch): what TokenStream is to words.

    Segment n + 1 of a row follows its segment n. What is left over at the end of the last rows is padding, of missing
    inputs and targets. Raises DataError when a row is shorter than one segment.
    """

    def __init__(self, part: Part, batch: int, segment_length: int, name: str, key: str = "batch") -> None:
        self.batch = check_whole("batch", batch, 1)
        self.segment_length = check_whole("segment_length", segment_length, 1)
        self.row_length = -(-part.size // batch)
        if self.row_length < segment_length:
            raise DataError(f"{name} has {part.size:,} readings: in {batch} rows that is {self.row_length} each, fewer "
                            f"than one segment of {segment_length}; set {key} or segment_length lower")
        padding = batch * self.row_length - part.size
        missing = np.nan if part.targets.dtype.kind == "f" else NOT_SCORED
        inputs, targets = (np.concatenate([array, np.full((padding, *array.shape[1:]), gap, array.dtype)])
                           for array, gap in ((part.inputs, np.nan), (part.targets, missing)))
        self._inputs = inputs.reshape(batch, self.row_length, -1)
        self._targets = targets.reshape(batch, self.row_length, *targets.shape[1:])
        self.predictions = part.scored

    def __len__(self) -> int:
        """The number of segments in one pass."""
        return -(-self.row_length // self.segment_length)

    def segment(self, index: int) -> tuple[Array, Array]:
        """Segment `index` of every row: inputs (B, T_i, C) and targets (B, T_i, 1) or (B, T_i), T_i ≤ T."""
        columns = slice(index * self.segment_length, (index + 1) * self.segment_length)
        return self._inputs[:, columns], self._targets[:, columns]

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        return (self.segment(index) for index in range(len(self)))
