"""The Recurrent Memory Transformer, one token at a time"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array, Steps
from minicrt.inference.steps.transformer import final_norm
from minicrt.models import State
from minicrt.models.block import final_norm as model_final_norm


class RMTSteps(Steps):
    """[m ; x_1 … x_T ; m]: the read rows go through the blocks when a segment begins, the write rows when it ends."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        config = self.model.config
        self.blocks = self.layers.Blocks(self.model, self.parameters, self.batch,
                                         2 * config.memory_vectors + config.segment_length)
        self.norm = final_norm(self)
        self.table = None if config.positions == "none" else self.model.table(self.parameters, self.parameters.dtype)

    def begin(self, state: State) -> None:
        M = self.model.config.memory_vectors
        start = np.broadcast_to(self.parameters["memory.start"], (self.batch, M, self.model.config.width))
        self.m, self.row = np.array(state.get("memory", start), order="C"), 0
        self.blocks.begin()
        self.blocks(self.placed(self.m, 0), np.ones((M, M), bool))                       # read rows see each other
        self.row = M

    def step(self, e: Array) -> Array:
        self.row += 1
        return self.norm(self.blocks(self.placed(e, self.row - 1)))

    def end(self) -> State:
        M = self.model.config.memory_vectors
        behind = M + self.model.config.segment_length                                    # in a short segment too
        m = self.blocks(self.placed(self.m, behind), np.ones((M, self.row + M), bool))
        m, _ = model_final_norm(self.model, self.parameters, m)
        return State(memory=np.array(m))

    def placed(self, s: Array, first: int) -> Array:         # (B, R, D) -> (B, R, D)
        return s if self.table is None else s + self.table[first:first + s.shape[1]]
