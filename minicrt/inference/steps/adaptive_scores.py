"""The scores of an adaptive softmax for a row of each stream"""

from minicrt.models import Parameters, SegmentModel
from minicrt.models.output import AdaptiveOutput
from minicrt.models.parameters import Array


class AdaptiveScores:
    """log p of every word; head and tails are put together once, for weights stay as they are."""

    def __init__(self, model: SegmentModel, p: Parameters) -> None:
        assert isinstance(model.output, AdaptiveOutput)
        self.engine, self.output = model.engine, model.output
        self.arrays = self.output.arrays(self.engine, p)

    def __call__(self, z: Array) -> Array:                   # (B, 1, D) -> (B, V)
        return self.output.log_probabilities(self.engine, self.arrays, z[:, 0])
