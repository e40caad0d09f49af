"""The Compact Recurrent Transformer (arXiv 2505.00929; docs/spec.md, 2.2)"""

from functools import reduce

import numpy as np

from minicrt.configuration import require
from minicrt.engines import EngineOrName
from minicrt.models.base import State
from minicrt.models.block import blocks, blocks_backward, blocks_specs, final_norm, final_norm_backward
from minicrt.models.cells import Cell, SkewParameter, cell
from minicrt.models.crt_caches import BlocksCache, CRTCache, PastCache, ReadoutCache, RecallCache, WriteCache
from minicrt.models.crt_config import CRTConfig
from minicrt.models.memory_parameters import memory_specs, read_as_written, writer_prefixes
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.positions import position_specs
from minicrt.models.remembering import RememberingModel, Shapes


class CRT(RememberingModel):
    """A shallow Transformer over one segment, and a recurrent network that carries a memory to the next.

        p_t = GRU(e_t, p_{t−1}),  x_t = e_t + p_t W_p           positions, carried on
        y   = norm(blocks([m_{N−1} ; x_1 … x_T]))               causal; every token sees the memory
        h_t = RNN(y_t, h_{t−1}),  h_0 = m_{N−1},  m_N = h_T     the memory is written
        z_t = y_t + h_t + (1 + y_t) ⊙ m_{N−1} W_r               the outputs read it, as it is now and as it was
        logits_t = z_t Eᵀ + b                                   E is the embedding table

        model = create_model(vocabulary=1000, width=64, layers=2)
        parameters = model.initialize(np.random.default_rng(0))
        loss, state, cache = model.forward(parameters, tokens, targets, {})      # (B, T) each
        gradients = parameters.zeros_like()
        model.backward(1.0, {}, cache, gradients)
        loss, state, cache = model.forward(parameters, *next_segment, state)     # the memory goes on

    A user calls `initialize`, `forward`, `backward`, `logits` and `inspect`; the rest is how they are made. A model
    holds no weights and no state: both are arguments. CRTConfig says what each of its settings changes above.

    State: "memory" m (B, M, D) and "positions" p (B, D_p), each where the configuration has it. With
    memory_gradient="writer" a training step adds "writer_inputs" (B, T, D) and "writer_start" (B, M, D): what the last
    segment's writer read and started from, constants from which it is run again.

    A segment goes through five stages, each a method with its gradient beside it: `positions`, `recall`, `blocks`,
    `write` and `readout`. A model that does one of them otherwise is a subclass that overrides that pair.
    """

    memory_entries = frozenset({"memory", "writer_inputs", "writer_start"})
    detached_entries = frozenset({"writer_inputs", "writer_start"})

    def __init__(self, config: CRTConfig, engine: EngineOrName = None):
        super().__init__(config, engine)
        require(config.memory_form == "vector", f"memory_form is {config.memory_form!r}, which the class CRT does not "
                "have; minicrt.create_model makes the class that does")

    # One segment, top to bottom and bottom to top; the numbers are those of docs/spec.md, 2.2.

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, CRTCache]:
        p, new_state, given = parameters, State(), "positions" in state
        x, p_T, positions = self.positions(p, e, state.get("positions"))                 # (1)        (B, T, D)
        if p_T is not None and self.config.position_carry:
            new_state["positions"] = p_T
        x, mask = self.dropped(x, rng)
        if self.config.memory == "none":
            z, stack = self.blocks(p, x, rng)
            return z, new_state, CRTCache(positions, given, mask, stack)
        m, recall = self.recall(p, state, len(e), with_gradient)                         # m_{N−1}    (B, M, D)
        m_normed, token = self.normed(p, m)
        y, stack = self.blocks(p, self.joined(m_normed, x), rng)                         # (2, 3)     (B, T, D)
        inputs = y if self.config.memory_update == "per_token" else y.mean(1, keepdims=True)
        h, written = self.write(p, inputs, m)                                            # (4)
        new_state["memory"] = np.stack([h_i[:, -1] for h_i in h], axis=1)                # m_N        (B, M, D)
        z, readout = self.readout(p, y, h, m)                                            # (5)        (B, T, D)
        if self.config.memory_gradient == "writer" and with_gradient:
            new_state |= {"writer_inputs": inputs, "writer_start": m}                    # (6)
        return z, new_state, CRTCache(positions, given, mask, stack, recall, token, written, readout)

    def encode_backward(self, d_z: Array, d_state: State, cache: CRTCache, gradients: Parameters
                        ) -> tuple[Array, State]:
        g, d_old_state = gradients, State()
        if self.config.memory == "none":
            d_x = self.blocks_backward(d_z, cache.blocks, g)
        else:
            d_y, d_h, d_read = self.readout_backward(d_z, cache.readout, g)              # (5)
            d_inputs, d_start = self.write_backward(d_h, d_state.get("memory"), cache.write, g)               # (4)
            if self.config.memory_update == "per_segment":
                d_inputs = d_inputs / d_y.shape[1]
            d_s = self.blocks_backward(self.engine.add(d_y, d_inputs), cache.blocks, g)  # (3, 2)
            d_token, d_x = self.parted(d_s)
            d_m = d_start + d_read + self.normed_backward(d_token, cache.token, g)
            d_old_state |= self.recall_backward(d_m, cache.recall, g)                    # (6)
        d_x = self.engine.dropout_backward(d_x, cache.input_mask)
        d_e, d_p_0 = self.positions_backward(d_x, d_state.get("positions"), cache.positions, g)               # (1)
        if d_p_0 is not None and cache.positions_given:
            d_old_state["positions"] = d_p_0
        return d_e, d_old_state

    # The stages, each with its gradient; `positions` (1) is in models/positions.py.

    def recall(self, p: Parameters, state: State, batch: int, with_gradient: bool) -> tuple[Array, RecallCache]:
        """m_{N−1} (B, M, D): the state's, or the writer's run again on what it read (6), or m_0."""
        if "writer_inputs" in state and with_gradient:
            h, written = self.write(p, state["writer_inputs"], state["writer_start"])
            return np.stack([h_i[:, -1] for h_i in h], axis=1), RecallCache("writer", written)
        if "memory" in state:
            return state["memory"], RecallCache("state", None)
        return np.broadcast_to(p["memory.start"], (batch, *p["memory.start"].shape)), RecallCache("start", None)

    def recall_backward(self, d_m: Array, cache: RecallCache | None, g: Parameters) -> State:
        """G_m → the gradient of the state that was given"""
        assert cache is not None
        if cache.source == "state":
            return {"memory": d_m}
        if cache.write is not None:
            nothing = [np.zeros_like(h_i) for h_i in cache.write.h]
            self.write_backward(nothing, d_m, cache.write, g)      # m_{N-1} = h_T; what the writer read is constant
        else:
            g["memory.start"] += d_m.sum(0)
        return {}

    def blocks(self, p: Parameters, s: Array, rng: np.random.Generator | None) -> tuple[Array, BlocksCache]:
        """(3)  s = [m ; x] → L blocks → the token rows → final norm (pre-norm): y, (B, M + T, D) -> (B, T, D)"""
        s, stack = blocks(self, p, s, rng)
        _, raw = self.parted(s)
        y, norm_cache = final_norm(self, p, raw)
        return y, BlocksCache(stack, raw, norm_cache)

    def blocks_backward(self, d_y: Array, cache: BlocksCache, g: Parameters) -> Array:   # (B, T, D) -> (B, M + T, D)
        d_raw = final_norm_backward(self, d_y, cache.norm, g)
        vectors = 0 if self.config.memory == "none" else self.config.memory_vectors
        unread = np.zeros((len(d_raw), vectors, d_raw.shape[2]), d_raw.dtype)    # what becomes of the memory's own rows
        return blocks_backward(self, self.joined(unread, d_raw), cache.stack, g)

    def write(self, p: Parameters, inputs: Array, m: Array) -> tuple[list[Array], WriteCache]:
        """(4)  h_t^i = RNN_i(y_t, h_{t−1}^i),  h_0^i = m^i: a (B, T or 1, D) for each memory vector i"""
        written = [self.writer.run(self.engine, p.scope(prefix), inputs, m[:, i])
                   for i, prefix in enumerate(writer_prefixes(self.config))]
        h = [h_i for h_i, _ in written]
        return h, WriteCache(h, [cell_cache for _, cell_cache in written])

    def write_backward(self, d_h: list[Array], d_last: Array | None, cache: WriteCache | None, g: Parameters
                       ) -> tuple[Array, Array]:             # -> d_inputs (B, T or 1, D), d_start (B, M, D)
        """`d_last` (B, M, D) is the gradient of m_N = h_T as the next segment's memory."""
        assert cache is not None
        back = [self.writer.run_backward(self.engine, d_h[i], cache.cells[i], None if d_last is None else d_last[:, i],
                                         g.scope(prefix)) for i, prefix in enumerate(writer_prefixes(self.config))]
        return reduce(self.engine.add, [d for d, _ in back]), np.stack([d_start for _, d_start in back], axis=1)

    def readout(self, p: Parameters, y: Array, h: list[Array], m: Array) -> tuple[Array, ReadoutCache]:
        """(5)  z_t = y_t + h̄_t + (1 + y_t) ⊙ [m^1 … m^M] W_r, with h̄ the mean over memory vectors of (normed) h; or
        z = y. Per segment there is no h̄. `m` (B, M, D) is the memory before the segment, as it is carried."""
        if self.config.readout == "transformer":
            return y, ReadoutCache(h, None, None)
        z, past = self.read_past(p, y, m)
        if self.config.memory_update == "per_segment":
            return z, ReadoutCache(h, past, None)
        normed = [self.normed(p, h_i) for h_i in h]
        h_mean = reduce(self.engine.add, [normed_i for normed_i, _ in normed])
        if len(h) > 1:
            h_mean = h_mean / len(h)
        return self.engine.add(z, h_mean), ReadoutCache(h, past, [norm_cache for _, norm_cache in normed])

    def readout_backward(self, d_z: Array, cache: ReadoutCache | None, g: Parameters
                         ) -> tuple[Array, list[Array], Array]:                  # -> d_y, d_h, d_m (B, M, D)
        assert cache is not None
        d_h = [np.zeros_like(h_i) for h_i in cache.h]
        if cache.past is None:
            return d_z, d_h, np.zeros((len(d_z), self.config.memory_vectors, self.config.width), d_z.dtype)
        if cache.norms is not None:
            d_mean = d_z / len(cache.h) if len(cache.h) > 1 else d_z
            d_h = [self.normed_backward(d_mean, norm_cache, g) for norm_cache in cache.norms]
        d_y, d_m = self.read_past_backward(d_z, cache.past, g)
        return d_y, d_h, d_m

    def read_past(self, p: Parameters, y: Array, m: Array) -> tuple[Array, PastCache]:
        """y_t + (1 + y_t) ⊙ r, r = [m^1 … m^M] W_r: one r for all T, added and multiplied with what asks for it"""
        r, linear = self.engine.linear(m.reshape(len(m), -1), p["memory.read"])          # (B, M · D) -> (B, D)
        return y + (1 + y) * r[:, None], PastCache(y, r, linear)

    def read_past_backward(self, d_z: Array, cache: PastCache, g: Parameters) -> tuple[Array, Array]:
        d_m, d_w_r, _ = self.engine.linear_backward(((1 + cache.y) * d_z).sum(1), cache.linear)
        g["memory.read"] += d_w_r
        return (1 + cache.r[:, None]) * d_z, d_m.reshape(len(d_z), self.config.memory_vectors, self.config.width)

    # Between the stages.

    def joined(self, token: Array, x: Array) -> Array:       # (B, M, D), (B, T, D) -> (B, M + T, D)
        """(2)  [m ; x_1 … x_T], or the memory behind the tokens"""
        first = self.config.memory_position == "first"
        return self.engine.concatenate([token, x] if first else [x, token], 1)

    def parted(self, s: Array) -> tuple[Array, Array]:       # (B, M + T, D) -> (B, M, D), (B, T, D)
        vectors = 0 if self.config.memory == "none" else self.config.memory_vectors
        if self.config.memory_position == "first":
            return s[:, :vectors], s[:, vectors:]
        return s[:, s.shape[1] - vectors:], s[:, :s.shape[1] - vectors]

    # What the model consists of.

    def related(self, drawn: Parameters) -> Parameters:
        """Where a memory has segments to bridge, it is at first read as it is written."""
        return read_as_written(self.config, drawn) if self.config.bridges else drawn

    @property
    def writer(self) -> Cell:
        """The memory's network"""
        return cell(self.config.memory, self.config)

    def encoder_specs(self) -> list[ParameterSpec]:
        return position_specs(self.config) + memory_specs(self.config) + blocks_specs(self.config)

    def skew_parameters(self) -> list[SkewParameter]:
        return [skew for prefix in writer_prefixes(self.config)
                for skew in self.writer.skew_parameters(prefix, self.config.width)]

    def memory_shapes(self, batch: int) -> Shapes:
        config, shapes = self.config, Shapes()
        memory = (batch, config.memory_vectors, config.width)
        if config.memory != "none":
            shapes["memory"] = memory
            if config.memory_gradient == "writer":
                shapes |= {"writer_inputs": (batch, None, config.width), "writer_start": memory}
        return shapes
