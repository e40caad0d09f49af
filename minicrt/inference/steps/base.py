"""A model one token at a time: what each model has to say about it"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from minicrt.models import Parameters, SegmentModel, State

Array = np.ndarray


class Steps(ABC):
    """A model's `encode` cut into its tokens: begin(state), step(e_1) … step(e_T), end() give what encode(e, state)
    gives, z_1 … z_T and state′, with the rows before kept, so that a token costs one row.

    `layers` is the module of the layers that it is put together from: `layers`, which runs on the model's engine, or
    `compiled_layers`.
    """

    def __init__(self, model: Any, parameters: Parameters, batch: int, layers: Any) -> None:
        self.model, self.parameters, self.batch, self.layers = model, parameters, batch, layers

    @abstractmethod
    def begin(self, state: State) -> None:
        """A segment begins, with the state behind the one before it; {} at the start of a stream"""

    @abstractmethod
    def step(self, e: Array) -> Array:                       # (B, 1, D) -> z, (B, 1, D), good until the next step
        """The next token of the segment, by its embedding"""

    @abstractmethod
    def end(self) -> State:
        """The state behind the segment, in arrays of its own"""

    def zeros(self, *shape: int) -> Array:
        return np.zeros((self.batch, *shape), self.parameters.dtype)


class SegmentAgain(Steps):
    """Any model, one of a user's own too, by its own `encode`: each token runs the segment so far once more."""

    model: SegmentModel

    def begin(self, state: State) -> None:
        self.state, self.after = state, state
        self.segment = self.zeros(0, self.model.config.width)

    def step(self, e: Array) -> Array:
        self.segment = np.concatenate([self.segment, e], axis=1)
        z, self.after, _ = self.model.encode(self.parameters, self.segment, self.state, None, False)
        return z[:, -1:]

    def end(self) -> State:
        return self.after
