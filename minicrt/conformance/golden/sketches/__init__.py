"""The inputs of the golden cases of operations, by kind of operation"""

from minicrt.conformance.golden.sketches import (
    adaptive,
    attention,
    elementwise,
    memories,
    orthogonal,
    recurrent,
    rowwise,
    state_spaces,
    video,
)
from minicrt.conformance.golden.sketches.sketch import Drawn, Sketch

__all__ = ["SKETCHES", "Drawn", "Sketch"]

SKETCHES: tuple[Sketch, ...] = (*rowwise.SKETCHES, *elementwise.SKETCHES, *attention.SKETCHES, *recurrent.SKETCHES,
                                *orthogonal.SKETCHES, *video.SKETCHES, *state_spaces.SKETCHES, *adaptive.SKETCHES,
                                *memories.SKETCHES)
