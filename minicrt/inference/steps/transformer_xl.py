"""Transformer-XL, one token at a time"""

from typing import Any

from minicrt.inference.steps.base import Array, Steps
from minicrt.inference.steps.transformer import final_norm
from minicrt.models import State


class TransformerXLSteps(Steps):
    """Each layer attends by distance over [its cached inputs ; its inputs]. The keys and values of both are kept.

    What the layers read is kept as well: it is the state behind the segment.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        config = self.model.config
        self.blocks = self.layers.RelativeBlocks(self.model, self.parameters, self.batch,
                                                 config.cached + config.segment_length)
        self.norm = final_norm(self)
        self.inputs = self.zeros(config.layers + 1, config.cached + config.segment_length, config.width)

    def begin(self, state: State) -> None:
        config = self.model.config
        cache = state.get("cache", self.zeros(config.layers + 1, 0, config.width))       # (B, L + 1, ≤ M, D)
        rows = cache.shape[2]
        self.inputs[:, :, :rows] = cache
        self.blocks.begin(cache)

    def step(self, e: Array) -> Array:
        row = self.blocks.rows
        x = self.inputs[:, 0, row:row + 1]
        x[:] = e
        return self.norm(self.blocks(x, self.inputs[:, 1:, row]))

    def end(self) -> State:
        M, rows = self.model.config.cached, self.blocks.rows
        return State(cache=self.inputs[:, :, max(rows - M, 0):rows].copy()) if M else State()
