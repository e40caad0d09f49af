"""A CRT with a richer memory, one token at a time (docs/spec.md, 2.2.1)"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array, Steps
from minicrt.inference.steps.positions import Positions
from minicrt.inference.steps.transformer import final_norm
from minicrt.models import State
from minicrt.models.memory_forms import FormedCRT, RowsCRT


class FormedSteps(Steps):
    """The stages of `FormedCRT.encode` for one token. The memory's rows go through the blocks, and are multiplied
    by W_v, once, when the segment begins. What is written once a segment reads the segment's outputs, which are kept
    until then."""

    model: FormedCRT

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        config = self.model.config
        self.positions = Positions(*arguments)
        self.blocks = self.layers.Blocks(self.model, self.parameters, self.batch,
                                         config.memory_rows + config.segment_length)
        self.norm = final_norm(self)
        kept = config.segment_length if isinstance(self.model, RowsCRT) else 0
        self.y, self.count = self.zeros(kept, config.width), 0

    def begin(self, state: State) -> None:
        self.positions.begin(state)
        self.blocks.begin()
        # In C's order, m_0 too: np.array keeps a broadcast array's, in which what is restored later would not lie.
        self.m, self.count = self.model.recall(self.parameters, state, self.batch).copy(), 0
        rows, _ = self.model.front(self.parameters, self.m)
        if rows is not None:
            for i in range(rows.shape[1]):
                self.blocks(np.ascontiguousarray(rows[:, i:i + 1]))
            self.rows = rows
            self.values, _ = self.model.engine.linear(rows, self.parameters["memory.read.w_value"])

    def step(self, e: Array) -> Array:
        y = self.norm(self.blocks(self.positions.step(e)))
        self.count += 1
        if isinstance(self.model, RowsCRT):
            self.y[:, self.count - 1] = y[:, 0]
            z, *_ = self.model.asked(self.parameters, y, self.rows, self.values)
        else:
            z, self.m, _ = self.model.remember(self.parameters, y, self.m)
        return z

    def end(self) -> State:
        state = self.positions.end()
        if isinstance(self.model, RowsCRT):
            self.m, _ = self.model.write(self.parameters, self.y[:, :self.count], self.m)
        return state | State(memory=self.m.copy())
