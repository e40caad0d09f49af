"""The CRT one token at a time in one compiled call, where it is made of the parts that it mostly is made of"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array
from minicrt.inference.steps.compiled_layers import row_of
from minicrt.inference.steps.crt import CRTSteps
from minicrt.kernels.steps import crt
from minicrt.kernels.steps.recurrences import GRU, ResetBefore


def in_one_call(config: Any) -> bool:
    """Whether `kernels.steps.crt` has all that the model does for a token."""
    return (config.norm == "pre" and config.positions == "recurrent" and config.position_width == 0
            and config.reset_after and config.memory in ("gru", "ncgru") and config.memory_vectors == 1
            and config.memory_update == "per_token" and config.readout == "memory")


class CompiledCRTSteps(CRTSteps):
    """What a segment begins and ends with is CRTSteps'; a token is one call."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        config, memory = self.model.config, self.writers[0].weights
        cell = GRU(*memory[:4]) if config.memory == "gru" else ResetBefore._make((*memory[:3], memory[3] == "modrelu"))
        norm: Any = self.memory_norm if config.normed_memory else self.norm
        self.weights = crt.Weights(GRU(*self.positions.recurrence.weights[:4]), self.blocks.weights, self.norm.gain,
                                   self.norm.bias, cell, config.normed_memory, norm.gain, norm.bias)
        D = config.width
        x, y, a, c = (np.empty((self.batch, width), self.parameters.dtype) for width in (D, D, 3 * D, D))
        self.room = crt.Room(x, y, a, c, self.blocks.room)

    def step(self, e: Array) -> Array:
        crt.step(row_of(e), self.positions.p, self.h[0], row_of(self.r), self.weights, self.blocks.rows,
                 self.blocks.heads, self.blocks.activation, self.blocks.pre, self.room, row_of(self.z))
        self.blocks.rows += 1
        return self.z
