"""GRU and LSTM language models, one token at a time"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array, Steps
from minicrt.models import State


class RecurrentSteps(Steps):
    """h^l_t = RNN_l(h^{l−1}_t, h^l_{t−1}): a segment's end is nothing to these."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        model, p = self.model, self.parameters
        self.names = list(model.state_shapes(self.batch))
        self.cells = [self.layers.Recurrence(model.engine, self.batch, model.cell, p.scope(name + "."))
                      for name in self.names]

    def begin(self, state: State) -> None:
        shapes = self.model.state_shapes(self.batch)
        self.states = [np.array(state.get(name, self.zeros(*shapes[name][1:])), order="C") for name in self.names]

    def step(self, e: Array) -> Array:
        x = e
        for layer, run in enumerate(self.cells):
            state = self.states[layer] = run(x, self.states[layer])              # an LSTM's is [h, c]
            x = state[:, None, :state.shape[1] // self.model.cell.size]
        return x

    def end(self) -> State:
        return State({name: state.copy() for name, state in zip(self.names, self.states)})
