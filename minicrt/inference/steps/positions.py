"""Where a token stands, one token at a time"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array, Steps
from minicrt.models import State
from minicrt.models.positions import position_cell, sinusoids


class Positions(Steps):
    """x_t = e_t + p_t W_p, or e_t + row t of a table; the stage `positions` of a PositionedModel"""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        config, p = self.model.config, self.parameters
        self.kind, self.table, self.row, self.x = config.positions, None, 0, self.zeros(1, config.width)
        if self.kind == "learned":
            self.table = p["positions.table"]
        elif self.kind == "sinusoidal":
            self.table = sinusoids(config.segment_length, config.width).astype(p.dtype)
        elif self.kind == "recurrent":
            self.p = self.zeros(config.positions_width)
            engine, layers = self.model.engine, self.layers
            self.recurrence = layers.Recurrence(engine, self.batch, position_cell(config), p.scope("positions."))
            self.out = layers.Linear(engine, self.batch, p, "positions.w_out") if "positions.w_out" in p else None

    def begin(self, state: State) -> None:
        self.row = 0
        if self.kind == "recurrent":
            self.p = np.array(state.get("positions", self.zeros(self.model.config.positions_width)), order="C")

    def step(self, e: Array) -> Array:
        if self.kind == "none":
            return e
        if self.kind == "recurrent":
            self.p = self.recurrence(e, self.p)
            added = self.p[:, None] if self.out is None else self.out(self.p[:, None])
        else:
            assert self.table is not None
            added = self.table[self.row]
        self.row += 1
        return np.add(e, added, out=self.x)

    def end(self) -> State:
        if self.kind == "recurrent" and self.model.config.position_carry:
            return State(positions=self.p.copy())
        return State()
