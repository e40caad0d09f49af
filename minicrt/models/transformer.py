"""The Transformer language model: every segment on its own (docs/spec.md, 2.3)"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from minicrt.models.base import State
from minicrt.models.block import (
    BlockCache,
    blocks,
    blocks_backward,
    blocks_specs,
    final_norm,
    final_norm_backward,
)
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.positions import PositionedModel, position_specs
from minicrt.models.stack_config import StackConfig


@dataclass(frozen=True)
class TransformerConfig(StackConfig):
    """positions   a learned or sinusoidal table of absolute positions, or none"""

    positions: Literal["learned", "sinusoidal", "none"] = "learned"


class TransformerCache(NamedTuple):
    input_mask: Any                                          # of dropout: None without
    stack: list[BlockCache]
    norm: Any                                                # of the final norm: None with post-norm


class Transformer(PositionedModel):
    """x_t = e_t + position t,  L blocks with a causal mask,  z = LN(y). There is no state.

    Source: Vaswani et al. 2017 (arXiv 1706.03762); pre-norm: Radford et al. 2019.
    """

    config: TransformerConfig

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        x, _, _ = self.positions(parameters, e, None)
        x, mask = self.dropped(x, rng)
        y, stack = blocks(self, parameters, x, rng)
        z, norm_cache = final_norm(self, parameters, y)
        return z, State(), TransformerCache(mask, stack, norm_cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_y = final_norm_backward(self, d_z, cache.norm, gradients)
        d_x = self.engine.dropout_backward(blocks_backward(self, d_y, cache.stack, gradients), cache.input_mask)
        d_e, _ = self.positions_backward(d_x, None, None, gradients)
        return d_e, State()

    def encoder_specs(self) -> list[ParameterSpec]:
        return position_specs(self.config) + blocks_specs(self.config)

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return {}
