"""The Transformer, one token at a time"""

from typing import Any

from minicrt.inference.steps.base import Array, Steps
from minicrt.inference.steps.positions import Positions
from minicrt.models import State


class TransformerSteps(Steps):
    """x_t = e_t + position t,  L blocks that see the rows before,  z = LN(y)"""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        config = self.model.config
        self.positions = Positions(*arguments)
        self.blocks = self.layers.Blocks(self.model, self.parameters, self.batch, config.segment_length)
        self.norm = final_norm(self)

    def begin(self, state: State) -> None:
        self.positions.begin(state)
        self.blocks.begin()

    def step(self, e: Array) -> Array:
        return self.norm(self.blocks(self.positions.step(e)))

    def end(self) -> State:
        return State()


def final_norm(steps: Steps) -> Any:
    """LN with pre-norm; with post-norm the last block has done it."""
    if steps.model.config.norm == "post":
        return lambda y: y
    return steps.layers.Norm(steps.model.engine, steps.batch, steps.parameters, "norm_final.")
