"""What all peers are given: the size, the parameters to start from, the tokens."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minicrt.engines import Engine
from minicrt.models import Parameters, SegmentModel, create_model

Array = np.ndarray


@dataclass(frozen=True)
class Size:
    """A CRT in its default configuration with F = 4D, and the segment that is timed."""

    width: int
    layers: int
    batch: int
    length: int
    vocabulary: int = 10_000

    @property
    def name(self) -> str:
        return f"D={self.width}, L={self.layers}, B={self.batch}, T={self.length}"

    @property
    def tokens(self) -> int:
        return self.batch * self.length

    def model(self, engine: Engine) -> SegmentModel:
        return create_model({"width": self.width, "layers": self.layers, "inner": 4 * self.width,
                             "segment_length": self.length, "vocabulary": self.vocabulary}, engine)

    def parameters(self, engine: Engine) -> Parameters:
        return self.model(engine).initialize(np.random.default_rng(0))

    def segment(self) -> tuple[Array, Array]:
        """Tokens and targets whose frequencies fall as those of words do."""
        ranks = np.random.default_rng(1).zipf(1.2, (self.batch, self.length + 1))
        tokens = np.minimum(ranks, self.vocabulary).astype(np.int64) - 1
        return tokens[:, :-1], tokens[:, 1:]

    def changed(self, **changes: Any) -> "Size":
        return replace(self, **changes)


SIZES = {64: Size(64, 2, 16, 35), 128: Size(128, 3, 20, 70), 256: Size(256, 3, 32, 70)}
