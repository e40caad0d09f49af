"""The Compact Recurrent Transformer, one token at a time (docs/spec.md, 2.2)"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array, Steps
from minicrt.inference.steps.layers import StateSpace
from minicrt.inference.steps.positions import Positions
from minicrt.inference.steps.transformer import final_norm
from minicrt.models import State
from minicrt.models.parameters import Scope
from minicrt.models.state_cells import StateCell


class CRTSteps(Steps):
    """The stages of `CRT.encode` for one token: positions (1), blocks (3), write (4) and readout (5).

    The memory rows go through the blocks once, when the segment begins; r = m_{N−1} W_r is the same for all its tokens.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        model, config, p = self.model, self.model.config, self.parameters
        self.remembers, self.per_token = config.memory != "none", config.memory_update == "per_token"
        self.reads = self.remembers and config.readout == "memory"
        vectors = config.memory_vectors if self.remembers else 0
        self.positions = Positions(*arguments)
        self.blocks = self.layers.Blocks(model, p, self.batch, vectors + config.segment_length)
        self.norm = final_norm(self)
        if self.reads:
            self.read = self.layers.Linear(model.engine, self.batch, p, "memory.read")
        self.z, self.sum, self.rows = self.zeros(1, config.width), self.zeros(1, config.width), 0
        if self.remembers:
            self.writers = [self.writer(p.scope(f"memory.{i}.")) for i in range(vectors)]
            self.memory_norm = self.layers.Norm(model.engine, self.batch, p, "memory.norm.") if config.normed_memory \
                else lambda h: h

    def writer(self, p: Scope) -> Any:
        """One vector's network"""
        cell = self.model.writer
        if isinstance(cell, StateCell):
            return StateSpace(self.model.engine, cell, p)
        return self.layers.Recurrence(self.model.engine, self.batch, cell, p)

    def begin(self, state: State) -> None:
        self.positions.begin(state)
        self.blocks.begin()
        if not self.remembers:
            return
        m, _ = self.model.recall(self.parameters, state, self.batch, False)              # (B, M, D)
        self.h = [np.array(m[:, i], order="C") for i in range(m.shape[1])]        # a sum's bits hang on the layout
        if self.reads:
            self.r = self.read(m.reshape(self.batch, 1, -1))                             # (B, 1, D)
        m, _ = self.model.normed(self.parameters, m)
        if self.model.config.memory_position == "first":
            for i in range(m.shape[1]):
                self.blocks(np.ascontiguousarray(m[:, i:i + 1]))
        self.sum[:], self.rows = 0, 0

    def step(self, e: Array) -> Array:
        y = self.norm(self.blocks(self.positions.step(e)))
        if not self.remembers:
            return y
        if self.per_token:
            self.write(y)
        else:
            self.sum += y
        self.rows += 1
        return self.readout(y) if self.reads else y

    def write(self, inputs: Array) -> None:
        """(4)  h^i = RNN_i(y, h^i)"""
        self.h = [writer(inputs, h_i) for writer, h_i in zip(self.writers, self.h)]

    def readout(self, y: Array) -> Array:
        """(5)  z = y + h̄ + (1 + y) ⊙ r"""
        np.add(y, 1, out=self.z)
        self.z *= self.r
        self.z += y
        if self.per_token:
            for h_i in self.h:
                self.z += self.memory_norm(h_i[:, None]) / len(self.h) if len(self.h) > 1 \
                    else self.memory_norm(h_i[:, None])
        return self.z

    def end(self) -> State:
        state = self.positions.end()
        if self.remembers:
            if not self.per_token:
                self.write(self.sum / self.rows)
            state["memory"] = np.stack(self.h, axis=1)
        return state
