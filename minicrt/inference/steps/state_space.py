"""Language models of state spaces, one token at a time"""

import numpy as np

from minicrt.inference.steps.base import Array, Steps
from minicrt.models import State
from minicrt.models.state_space import StateSpaceModel


class StateSpaceSteps(Steps):
    """The model's own `encode` of one token: it is a recurrence, and its state is all that a token needs."""

    model: StateSpaceModel

    def begin(self, state: State) -> None:
        self.state = State({name: np.array(value, order="C") for name, value in state.items()})

    def step(self, e: Array) -> Array:
        z, self.state, _ = self.model.encode(self.parameters, e, self.state, None, False)
        return z

    def end(self) -> State:
        return State({name: value.copy() for name, value in self.state.items()})
