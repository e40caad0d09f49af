"""The Recurrent Memory Transformer (docs/spec.md, 2.3)"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from minicrt.configuration import require
from minicrt.errors import InputError
from minicrt.models.base import SegmentModel, State
from minicrt.models.block import (
    BlockCache,
    blocks,
    blocks_backward,
    blocks_specs,
    final_norm,
    final_norm_backward,
)
from minicrt.models.initialisers import repeated
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.positions import learned_positions, sinusoids
from minicrt.models.stack_config import StackConfig


@dataclass(frozen=True)
class RMTConfig(StackConfig):
    """memory_vectors   M read tokens in front and M write tokens behind
    positions           learned, sinusoidal or none, over read tokens, T tokens and write tokens
    """

    memory_vectors: int = 1
    positions: Literal["learned", "sinusoidal", "none"] = "learned"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.memory_vectors >= 1, f"memory_vectors is {self.memory_vectors}, expected at least 1; for none "
                "use the model 'transformer'")


class RMTCache(NamedTuple):
    input_mask: Any                                          # of dropout: None without
    stack: list[BlockCache]
    norm: Any                                                # of the final norm: None with post-norm
    memory_given: bool                                       # m was in the state


class RMT(SegmentModel):
    """[m ; x_1 … x_T ; m] → blocks → [· ; z_1 … z_T ; m′]: the write rows' outputs are the next segment's memory.

    State: "memory" m (B, M, D), at first one learned vector M times over. Tokens see the read rows and the tokens up
    to their own; read rows see each other; write rows see everything. Here the memory is read after the final norm,
    and a write row has the same position in a short segment as in a full one.
    Source: Bulatov et al. 2022 (arXiv 2207.06881).
    """

    memory_entries = frozenset({"memory"})
    config: RMTConfig

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        p, M, T = parameters, self.config.memory_vectors, e.shape[1]
        m = state.get("memory", np.broadcast_to(p["memory.start"], (len(e), M, e.shape[2])))
        s = self.engine.concatenate([m, e, m], 1)                        # (B, 2M + T, D)
        if self.config.positions != "none":
            s = s + self.table(p, e.dtype)[self.rows(T)]
        s, mask = self.dropped(s, rng)
        y, stack = blocks(self, p, s, rng, self.mask(T))
        y, norm_cache = final_norm(self, p, y)
        return y[:, M:M + T], State(memory=y[:, M + T:].copy()), RMTCache(mask, stack, norm_cache, "memory" in state)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        M, (B, T, D) = self.config.memory_vectors, d_z.shape
        nothing = np.zeros((B, M, D), d_z.dtype)
        d_y = np.concatenate([nothing, d_z, d_state.get("memory", nothing)], axis=1)
        d_y = final_norm_backward(self, d_y, cache.norm, gradients)
        d_s = self.engine.dropout_backward(blocks_backward(self, d_y, cache.stack, gradients), cache.input_mask)
        if self.config.positions == "learned":
            gradients["positions.table"][self.rows(T)] += d_s.sum(0)    # no row twice
        d_m = d_s[:, :M] + d_s[:, M + T:]                                # s = [m, e, m]
        if cache.memory_given:
            return d_s[:, M:M + T], State(memory=d_m)
        gradients["memory.start"] += d_m.sum(0)
        return d_s[:, M:M + T], State()

    def encoder_specs(self) -> list[ParameterSpec]:
        M, T, D = self.config.memory_vectors, self.config.segment_length, self.config.width
        specs = [ParameterSpec("memory.start", (M, D), repeated(1.0), decay=False)]
        if self.config.positions == "learned":
            specs += learned_positions(2 * M + T, D)
        return specs + blocks_specs(self.config)

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return {"memory": (batch, self.config.memory_vectors, self.config.width)}

    def caution(self, bptt_segments: int) -> str | None:
        if bptt_segments > 1:
            return None
        return ("what is written to the memory stays untrained: with bptt_segments 1 no gradient reaches it; set "
                "bptt_segments to 2 or more")

    def table(self, p: Parameters, dtype: Any) -> Array:
        if self.config.positions == "learned":
            return p["positions.table"]
        rows = 2 * self.config.memory_vectors + self.config.segment_length
        return sinusoids(rows, self.config.width).astype(np.zeros(0, dtype).real.dtype)

    def rows(self, T: int) -> Array:
        """The positions of read tokens, T tokens, and write tokens: a segment may be shorter than segment_length."""
        M, longest = self.config.memory_vectors, self.config.segment_length
        if T > longest:
            raise InputError(f"a segment of {T} tokens, but positions end at segment_length = {longest}; "
                             "take shorter segments")
        return np.concatenate([np.arange(M + T), M + longest + np.arange(M)])

    def mask(self, T: int) -> Array | None:                             # (S, S), True = visible
        M = self.config.memory_vectors
        if M == 1:
            return None                                                  # one row at each end: simply causal
        mask = np.tri(2 * M + T, dtype=bool)
        mask[:M, :M] = True
        mask[M + T:] = True
        return mask
