"""A CRT whose memory is another than vectors that recurrent networks write (docs/spec.md, 2.2.1)"""

from abc import abstractmethod
from typing import Any, NamedTuple

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
from minicrt.models.positions import PositionCaches, position_specs
from minicrt.models.remembering import RememberingModel, Shapes


class StackCache(NamedTuple):
    stack: list[BlockCache]
    norm: Any                                                # of the final norm: None with post-norm


class FormedCache(NamedTuple):
    """What a segment keeps for its backward pass"""

    positions: PositionCaches | None
    positions_given: bool                                    # p_0 was in the state
    memory_given: bool                                       # m_{N−1} was in the state
    input_mask: Any                                          # of dropout: None without
    front: Any                                               # of the memory as rows
    blocks: StackCache
    remembered: Any                                          # of `remember`


class FormedCRT(RememberingModel):
    """The stages of a CRT around a memory of another form:

        x          = e and where it stands, as in the CRT                            (1)
        y          = norm(blocks([front(m_{N−1}) ; x_1 … x_T]))                      (2, 3)
        z_t, m_N   = remember(y, m_{N−1})                                            (4, 5)

    `create_model(memory_form="slots")` makes one. A form says what its parameters are, which rows of it the blocks see
    (`front`), and how it is written and read (`remember`), each with its gradient.

    State: "memory" m, of the shape of m_0, and "positions" p (B, D_p) where the configuration has it.
    """

    memory_entries = frozenset({"memory"})

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, FormedCache]:
        p, new_state = parameters, State()
        x, p_T, positions = self.positions(p, e, state.get("positions"))                 # (B, T, D)
        if p_T is not None and self.config.position_carry:
            new_state["positions"] = p_T
        x, mask = self.dropped(x, rng)
        m = self.recall(p, state, len(e))
        rows, front = self.front(p, m)                                                   # (B, R, D)
        s = x if rows is None else self.engine.concatenate([rows, x], 1)
        y, stack = self.stack(p, s, rng)                                                 # (B, T, D)
        z, new_state["memory"], remembered = self.remember(p, y, m)
        return z, new_state, FormedCache(positions, "positions" in state, "memory" in state, mask, front, stack,
                                         remembered)

    def encode_backward(self, d_z: Array, d_state: State, cache: FormedCache, gradients: Parameters
                        ) -> tuple[Array, State]:
        g, d_old_state = gradients, State()
        d_y, d_m = self.remember_backward(d_z, d_state.get("memory"), cache.remembered, g)
        d_rows, d_x = self.parted(self.stack_backward(d_y, cache.blocks, g))
        d_m = d_m + self.front_backward(d_rows, cache.front, g)
        if cache.memory_given:
            d_old_state["memory"] = d_m
        else:
            g["memory.start"] += d_m.sum(0)
        d_x = self.engine.dropout_backward(d_x, cache.input_mask)
        d_e, d_p_0 = self.positions_backward(d_x, d_state.get("positions"), cache.positions, g)
        if d_p_0 is not None and cache.positions_given:
            d_old_state["positions"] = d_p_0
        return d_e, d_old_state

    # What a form is.

    @abstractmethod
    def form_specs(self) -> list[ParameterSpec]:
        """memory.start, which is m_0, and the parameters that write and read"""

    @abstractmethod
    def remember(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Array, Any]:
        """y (B, T, D), m_{N−1} → z (B, T, D), m_N, and the cache"""

    @abstractmethod
    def remember_backward(self, d_z: Array, d_new: Array | None, cache: Any, g: Parameters) -> tuple[Array, Array]:
        """G_z, G_{m_N} (None: 0) → G_y, G_{m_{N−1}}"""

    def front(self, p: Parameters, m: Array) -> tuple[Array | None, Any]:
        """The rows of the memory that the blocks see in front of the tokens: here none"""
        return None, None

    def front_backward(self, d_rows: Array, cache: Any, g: Parameters) -> Any:
        return 0.0

    # The stages that all forms share.

    def recall(self, p: Parameters, state: State, batch: int) -> Array:
        """m_{N−1}: the state's, or m_0 for every stream"""
        start = p["memory.start"]
        return state["memory"] if "memory" in state else np.broadcast_to(start, (batch, *start.shape))

    def stack(self, p: Parameters, s: Array, rng: np.random.Generator | None) -> tuple[Array, StackCache]:
        """(B, R + T, D) → blocks → the token rows → final norm (pre-norm), (B, T, D)"""
        s, stack = blocks(self, p, s, rng)
        y, norm_cache = final_norm(self, p, s[:, self.config.memory_rows:])
        return y, StackCache(stack, norm_cache)

    def stack_backward(self, d_y: Array, cache: StackCache, g: Parameters) -> Array:     # (B, T, D) -> (B, R + T, D)
        d_s, R = final_norm_backward(self, d_y, cache.norm, g), self.config.memory_rows
        if R:                                                # what becomes of the memory's own rows is not read
            d_s = self.engine.concatenate([np.zeros((len(d_s), R, d_s.shape[2]), d_s.dtype), d_s], 1)
        return blocks_backward(self, d_s, cache.stack, g)

    def parted(self, d_s: Array) -> tuple[Array, Array]:     # (B, R + T, D) -> (B, R, D), (B, T, D)
        return d_s[:, :self.config.memory_rows], d_s[:, self.config.memory_rows:]

    def encoder_specs(self) -> list[ParameterSpec]:
        return position_specs(self.config) + self.form_specs() + blocks_specs(self.config)

    def memory_shapes(self, batch: int) -> Shapes:
        return {"memory": (batch, *self.form_specs()[0].shape)}
