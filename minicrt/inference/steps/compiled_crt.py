"""The CRT one token at a time in one compiled call, where it is made of the parts that it mostly is made of"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array
from minicrt.inference.steps.compiled_layers import places, row_of
from minicrt.inference.steps.crt import CRTSteps
from minicrt.kernels.steps import crt
from minicrt.models import State


def in_one_call(config: Any) -> bool:
    """Whether `kernels.steps.crt` has all that the model does for a token."""
    return (config.norm == "pre" and config.positions == "recurrent" and config.position_width == 0
            and config.reset_after and config.memory in ("gru", "ncgru") and config.memory_vectors == 1
            and config.memory_update == "per_token" and config.readout == "memory")


class CompiledCRTSteps(CRTSteps):
    """What a segment begins and ends with is CRTSteps'; a token is one call."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        config, p, blocks = self.model.config, self.parameters, self.blocks
        gru = config.memory == "gru"
        cell = crt.CELLS.index("gru" if gru else f"ncgru with {config.candidate}")
        self.places = np.concatenate([places(p, crt.NAMES), blocks.places])
        self.u = np.empty((0, 0), p.dtype) if gru else self.writers[0].weights[1]        # is made of weights
        self.free = np.empty(6 * self.batch * config.width, p.dtype)
        self.z_row = row_of(self.z)
        self.design = (blocks.heads, blocks.inner, blocks.activation, cell, config.normed_memory, blocks.pre)

    def begin(self, state: State) -> None:
        super().begin(state)
        self.read_row = row_of(self.r)

    def step(self, e: Array) -> Array:
        blocks = self.blocks
        crt.step(row_of(e), self.positions.p, self.h[0], self.read_row, blocks.weights, self.places, self.u,
                 blocks.keys, blocks.values, blocks.rows, *self.design, self.free, blocks.free, self.z_row)
        blocks.rows += 1
        return self.z
