"""The Compact Recurrent Transformer (arXiv 2505.00929; docs/spec.md, 2.2)"""

from functools import reduce
from types import ModuleType
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.models import initialisers
from minicrt.models.block import (
    blocks,
    blocks_backward,
    blocks_specs,
    final_norm,
    final_norm_backward,
    norm,
    norm_backward,
    norm_specs,
)
from minicrt.models.crt_config import CRTConfig
from minicrt.models.memory import skew_names, skew_parameter, write, write_backward, writer_specs
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.positions import add_positions, add_positions_backward, position_specs
from minicrt.models.segment_model import SegmentModel, SkewParameter, State


class CRT(SegmentModel):
    """A shallow Transformer over one segment, and a recurrent network that carries a memory to the next.

    State: "memory" m (B, M, D) and "positions" p (B, D_p), each where the configuration has it. With
    memory_gradient="writer" a training step adds "writer_inputs" (B, T, D) and "writer_start" (B, M, D): what the last
    segment's writer read and started from, constants from which it is run again.
    """

    memory_entries = frozenset({"memory", "writer_inputs", "writer_start"})
    position_entries = frozenset({"positions"})
    detached_entries = frozenset({"writer_inputs", "writer_start"})
    config: CRTConfig

    def __init__(self, config: CRTConfig, engine: str | ModuleType | None = None):
        super().__init__(config, engine)

    # One segment, top to bottom and bottom to top; the numbers are those of docs/spec.md, 2.2.

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        p, new_state = parameters, State()
        cache: dict[str, Any] = {"positions_given": "positions" in state}
        x, p_T, cache["positions"] = add_positions(self.engine, p, self.config, e, state.get("positions"))    # (1)
        if p_T is not None and self.config.position_carry:
            new_state["positions"] = p_T
        x, cache["input_mask"] = self.dropped(x, rng)
        if self.config.memory == "none":
            z, cache["blocks"] = self._blocks(p, x, rng)
            return z, new_state, cache
        m, cache["recall"] = self._recall(p, state, len(e), with_gradient)               # m_{N-1} (B, M, D)
        token, cache["token"] = self._normed(p, m)
        s = self._join(token, x)
        y, cache["blocks"] = self._blocks(p, s, rng)                                     # (2, 3)      (B, T, D)
        inputs = y if self.config.memory_update == "per_token" else y.mean(1, keepdims=True)
        h, cache["write"] = self._write(p, inputs, m)                                    # (4)
        new_state["memory"] = np.stack([h_i[:, -1] for h_i in h], axis=1)                # m_N         (B, M, D)
        z, cache["readout"] = self._readout(p, y, h, m)                                  # (5)
        if self.config.memory_gradient == "writer" and with_gradient:
            new_state |= {"writer_inputs": inputs, "writer_start": m}                    # (6)
        return z, new_state, cache

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        g, d_old_state = gradients, State()
        if self.config.memory == "none":
            d_x = self._blocks_backward(d_z, cache["blocks"], g)
        else:
            d_y, d_h, d_m = self._readout_backward(d_z, cache["readout"], g)             # (5)
            d_inputs, d_start = self._write_backward(d_h, d_state.get("memory"), cache["write"], g)           # (4)
            if self.config.memory_update == "per_segment":
                d_inputs = d_inputs / d_y.shape[1]
            d_s = self._blocks_backward(self.engine.add(d_y, d_inputs), cache["blocks"], g)                   # (3, 2)
            d_token, d_x = self._parted(d_s)
            d_m = d_m + d_start + self._normed_backward(d_token, cache["token"], g)
            d_old_state |= self._recall_backward(d_m, cache["recall"], g)                # (6)
        d_x = self.engine.dropout_backward(d_x, cache["input_mask"])
        d_e, d_p_0 = add_positions_backward(self.engine, d_x, d_state.get("positions"), self.config,          # (1)
                                            cache["positions"], g)
        if d_p_0 is not None and cache["positions_given"]:
            d_old_state["positions"] = d_p_0
        return d_e, d_old_state

    # What a user may ask of the model.

    def inspect(self, parameters: Parameters, tokens: Array, state: State) -> dict[str, Any]:
        """What happens inside one segment, for looking at: no dropout, nothing is changed.

        "attention"  one array (B, H, S, S) a layer, S = M + T, rows the queries; the memory rows come first
                     (memory_position "first")
        "memory"     h (B, M, T, D), the memory after each token (per segment: (B, M, 1, D))
        "positions"  p (B, T, D_p), the recurrent positional states
        "state"      state′, to look into the next segment with
        """
        specification = CRT(self.config, ops)                # it keeps the probabilities; a faster engine need not
        e, _ = specification._embed(parameters, tokens, state, None)
        _, new_state, cache = specification.encode(parameters, e, state, None, True)
        block_caches, _ = cache["blocks"]
        seen: dict[str, Any] = {"attention": [attention_cache[1][1][0] for _, (attention_cache, _) in block_caches],
                                "state": new_state}
        if self.config.memory != "none":
            seen["memory"] = np.stack(cache["write"][0], axis=1)
        if self.config.positions == "recurrent":
            seen["positions"] = cache["positions"][2]
        return seen

    def caution(self, bptt_segments: int) -> str | None:
        config = self.config
        if config.memory != "none" and config.memory_position == "last" and config.readout == "transformer":
            return ("nothing reads the memory, and its network stays untrained: with memory_position 'last' no token "
                    "sees it, and readout 'transformer' leaves it out; change either")
        within = config.readout != "transformer" and config.memory_update == "per_token"
        if config.memory != "none" and not within and config.memory_gradient != "writer" and bptt_segments == 1:
            return (f"the memory network stays untrained: with readout {config.readout!r}, memory_update "
                    f"{config.memory_update!r} and bptt_segments 1 no gradient reaches it; set bptt_segments to 2 or "
                    "memory_gradient to 'writer'")
        if config.memory != "none" and config.memory_update == "per_segment" and config.readout == "residual":
            return ("readout 'residual' with memory_update 'per_segment' adds one vector to all outputs of a segment, "
                    "which on PTB costs more than the memory gains; set readout to 'transformer'")
        return None

    def skew_parameters(self) -> list[SkewParameter]:
        return [skew_parameter(prefix, name, self.config)
                for prefix in self._writers() for name in skew_names(self.config)]

    def encoder_specs(self) -> list[ParameterSpec]:
        config, D = self.config, self.config.width
        specs = position_specs(config)
        if config.memory_start == "learned" and config.memory != "none":
            specs.append(ParameterSpec("memory.start", (config.memory_vectors, D), initialisers.normal(0.1), False))
        for prefix in self._writers():
            specs += writer_specs(prefix, config)
        if config.normed_memory:
            specs += norm_specs("memory.norm.", D)
        return specs + blocks_specs(config)

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        config, shapes = self.config, dict[str, tuple[int | None, ...]]()
        memory = (batch, config.memory_vectors, config.width)
        if config.memory != "none":
            shapes["memory"] = memory
            if config.memory_gradient == "writer":
                shapes |= {"writer_inputs": (batch, None, config.width), "writer_start": memory}
        if config.positions == "recurrent" and config.position_carry:
            shapes["positions"] = (batch, config.positions_width)
        return shapes

    # The parts of a segment, each with its gradient.

    def _join(self, token: Array, x: Array) -> Array:        # (B, M, D), (B, T, D) -> (B, M + T, D)
        first = self.config.memory_position == "first"
        return self.engine.concatenate([token, x] if first else [x, token], 1)

    def _parted(self, s: Array) -> tuple[Array, Array]:      # (B, M + T, D) -> (B, M, D), (B, T, D)
        vectors = 0 if self.config.memory == "none" else self.config.memory_vectors
        if self.config.memory_position == "first":
            return s[:, :vectors], s[:, vectors:]
        return s[:, s.shape[1] - vectors:], s[:, :s.shape[1] - vectors]

    def _blocks(self, p: Parameters, s: Array, rng: np.random.Generator | None) -> tuple[Array, Any]:
        """L blocks over [m ; x], and the final norm of the token rows (pre-norm)."""
        s, caches = blocks(self, p, s, rng)
        token, y = self._parted(s)
        y, norm_cache = final_norm(self, p, y)
        return y, (caches, (token.shape, norm_cache))

    def _blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        caches, (shape, norm_cache) = cache
        d_y = final_norm_backward(self, d_y, norm_cache, g)
        d_s = self._join(np.zeros(shape, d_y.dtype), d_y)    # the memory rows' outputs are read by no one
        return blocks_backward(self, d_s, caches, g)

    def _recall(self, p: Parameters, state: State, batch: int, with_gradient: bool) -> tuple[Array, Any]:
        """m_{N−1}: the state's, or the writer's run again on what it read (6), or m_0."""
        if "writer_inputs" in state and with_gradient:
            h, write_cache = self._write(p, state["writer_inputs"], state["writer_start"])
            return np.stack([h_i[:, -1] for h_i in h], axis=1), ("writer", write_cache)
        if "memory" in state:
            return state["memory"], ("state", None)
        m_0 = p["memory.start"] if self.config.memory_start == "learned" else np.zeros(
            (self.config.memory_vectors, self.config.width), p.dtype)
        return np.broadcast_to(m_0, (batch, *m_0.shape)), ("start", None)

    def _recall_backward(self, d_m: Array, cache: Any, g: Parameters) -> State:
        source, write_cache = cache
        if source == "state":
            return {"memory": d_m}
        if source == "writer":
            h, _ = write_cache
            nothing = [np.zeros_like(h_i) for h_i in h]
            self._write_backward(nothing, d_m, write_cache, g)     # m_{N-1} = h_T; what the writer read is constant
        elif self.config.memory_start == "learned":
            g["memory.start"] += d_m.sum(0)
        return {}

    def _write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], Any]:
        """h_t^i = RNN_i(y_t, h_{t−1}^i), h_0^i = m^i: a (B, T or 1, D) for each memory vector i"""
        written = [write(self.engine, p, prefix, self.config, inputs, m[:, i])
                   for i, prefix in enumerate(self._writers())]
        h = [h_i for h_i, _ in written]
        return h, (h, [cache for _, cache in written])

    def _write_backward(self, d_h: list[Array], d_last: Array | None, cache: Any, g: Parameters
                        ) -> tuple[Array, Array]:            # -> d_inputs (B, T or 1, D), d_start (B, M, D)
        _, caches = cache
        back = [write_backward(self.engine, d_h[i], None if d_last is None else d_last[:, i], caches[i], prefix,
                               self.config, g) for i, prefix in enumerate(self._writers())]
        return reduce(self.engine.add, [d for d, _ in back]), np.stack([d_start for _, d_start in back], axis=1)

    def _readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, Any]:
        """z = y, y + h̄ or h̄, with h̄ the mean over memory vectors of (normed) h_t; per segment h_t is m_{N−1}"""
        if self.config.readout == "transformer":
            return y, (h, None)
        read = h if self.config.memory_update == "per_token" else [m[:, i, None] for i in range(m.shape[1])]
        normed = [self._normed(p, read_i) for read_i in read]
        h_mean = reduce(self.engine.add, [normed_i for normed_i, _ in normed])
        if len(normed) > 1:
            h_mean = h_mean / len(normed)
        norm_caches = [norm_cache for _, norm_cache in normed]
        if self.config.readout == "residual":
            return self.engine.add(y, h_mean), (h, norm_caches)
        return np.broadcast_to(h_mean, y.shape), (h, norm_caches)

    def _readout_backward(self, d_z: Array, cache: Any, g: Parameters) -> tuple[Array, list[Array], Array | int]:
        """G_z → G_y, G_h, G_m"""
        h, norm_caches = cache
        if norm_caches is None:
            return d_z, [np.zeros_like(h_i) for h_i in h], 0
        d_y = d_z if self.config.readout == "residual" else np.zeros_like(d_z)
        per_token = self.config.memory_update == "per_token"
        d_mean = d_z if per_token else d_z.sum(1, keepdims=True)                         # z = y + mean of h or m
        if len(h) > 1:
            d_mean = d_mean / len(h)
        d_read = [self._normed_backward(d_mean, norm_cache, g) for norm_cache in norm_caches]
        if per_token:
            return d_y, d_read, 0
        return d_y, [np.zeros_like(h_i) for h_i in h], np.concatenate(d_read, axis=1)

    def _normed(self, p: Parameters, x: Array) -> tuple[Array, Any]:
        return norm(self, p, "memory.norm.", x) if self.config.normed_memory else (x, None)

    def _normed_backward(self, d_x: Array, cache: Any, g: Parameters) -> Array:
        return norm_backward(self, d_x, cache, "memory.norm.", g) if self.config.normed_memory else d_x

    def _writers(self) -> list[str]:
        """The name prefix of each memory vector's network."""
        return [] if self.config.memory == "none" else [f"memory.{i}." for i in range(self.config.memory_vectors)]
