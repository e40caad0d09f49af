"""minGRU and LRU language models, one token at a time"""

from typing import Any

import numpy as np

from minicrt.inference.steps.base import Array, Steps
from minicrt.models import State


class LinearRecurrentSteps(Steps):
    """x ← x + Mix(RNN(LN(x))), then x ← x + FeedForward(LN(x)), L times, and a final norm"""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        model, layers = self.model, self.layers
        self.names = [f"layer.{layer}" for layer in range(model.config.layers)]
        self.scopes = [self.parameters.scope(name + ".") for name in self.names]
        self.norms = [layers.Norm(model.engine, self.batch, p, "norm_recurrence.") for p in self.scopes]
        self.cells = [layers.Recurrence(model.engine, self.batch, model.cell, p) for p in self.scopes]
        self.mixes = [layers.Mix(model, self.batch, p) for p in self.scopes]
        self.feed_forwards = [layers.FeedForward(model, self.batch, p) for p in self.scopes] if model.config.inner \
            else []
        self.norm = layers.Norm(model.engine, self.batch, self.parameters, "norm_final.")

    def begin(self, state: State) -> None:
        nothing = self.zeros(self.model.config.states)
        self.states = [np.array(state.get(name, nothing), order="C") for name in self.names]

    def step(self, e: Array) -> Array:
        x = e
        for layer in range(len(self.scopes)):
            normed = self.norms[layer](x)
            h = self.states[layer] = self.cells[layer](normed, self.states[layer])
            x = x + self.mixes[layer](h[:, None], normed)
            if self.feed_forwards:
                x = self.feed_forwards[layer](x)
        return self.norm(x)

    def end(self) -> State:
        return State({name: state.copy() for name, state in zip(self.names, self.states)})
