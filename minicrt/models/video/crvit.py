"""The Vision Transformer of a clip with a CRT's memory from clip to clip (docs/spec.md, 2.5)"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from minicrt.engines import Engine, EngineOrName
from minicrt.models import initialisers
from minicrt.models.base import State
from minicrt.models.cells import SkewParameter
from minicrt.models.crt import CRT
from minicrt.models.crt_caches import ReadoutCache, RecallCache, WriteCache
from minicrt.models.memory_parameters import memory_specs
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.positions import position_specs
from minicrt.models.video.blocks import video_blocks_specs
from minicrt.models.video.config import TIME, CRViTConfig
from minicrt.models.video.vit import EmbeddedCache, ViT


class CarriedCache(NamedTuple):
    """Of the stages of the memory"""

    recall: RecallCache
    token: Any                                               # of the norm of m as a token
    write: WriteCache
    readout: ReadoutCache


class CRViT(ViT):
    """A ViT over one clip, and a recurrent network that carries a memory to the next. Its stages `recall`, `write` and
    `readout` are the CRT's own.

        p_t = GRU(ē_t, p_{t−1}),  x_{t,n} = e_{t,n} + p_t W_p        ē_t the mean of step t's patches; carried on
        y   = norm(blocks([m_{N−1} ; c ; x_{1,1} … x_{T,N}]))        every row sees the memory
        h_t = RNN(ȳ_t, h_{t−1}),  h_0 = m_{N−1},  m_N = h_{T+1}      ȳ_t the mean of step t's outputs, ȳ_{T+1} = y_c
        z   = y_c + m_N + (1 + y_c) ⊙ m_{N−1} W_r                    scores = z Uᵀ + a

    With memory_update="per_segment" the writer takes one step, with the mean of ȳ_1 … ȳ_{T+1}, and m_N is not read in
    its own clip. State, memory_gradient and the rest of the keys are as for the CRT; with memory "none" it is a ViT
    whose positions may be recurrent.
    """

    memory_entries, position_entries, detached_entries = (CRT.memory_entries, CRT.position_entries,
                                                          CRT.detached_entries)
    crt_kind: ClassVar[type[CRT]] = CRT                      # whose stages are the memory's
    config: CRViTConfig

    def __init__(self, config: CRViTConfig, engine: EngineOrName = None, class_weights: Sequence[float] | None = None):
        super().__init__(config, engine, class_weights)

    @property
    def engine(self) -> Engine:
        return self.crt.engine

    @engine.setter
    def engine(self, engine: Engine) -> None:
        self.crt = self.crt_kind(self.config, engine)        # another model may share the old one

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Any, State, Any]:
        p, crt, new_state, given = parameters, self.crt, State(), "positions" in state
        x, p_T, (positions, mask) = self.placed(p, e, state.get("positions"), rng)
        if p_T is not None and self.config.position_carry:
            new_state["positions"] = p_T
        embedded = EmbeddedCache(positions, given, mask)
        if self.config.memory == "none":
            seen, cache = self.looked_at(p, [], x, e.shape[1], rng)
            return seen, new_state, cache._replace(embedded=embedded)
        m, recall = crt.recall(p, state, len(e), with_gradient)                          # m_{N−1}    (B, M, D)
        m_normed, token = crt.normed(p, m)
        seen, cache = self.looked_at(p, [m_normed], x, e.shape[1], rng)
        v, (B, T, N, D) = seen.z, e.shape
        frames = seen.late.reshape(B, T, N, D).mean(2)
        inputs = self.written(frames, v)
        h, written = crt.write(p, inputs, m)
        new_state["memory"] = np.stack([h_i[:, -1] for h_i in h], axis=1)                # m_N        (B, M, D)
        z, readout = crt.readout(p, v, [h_i[:, -1:] for h_i in h], m)                    # (B, 1, D)
        if self.config.memory_gradient == "writer" and with_gradient:
            new_state |= {"writer_inputs": inputs, "writer_start": m}
        carried = CarriedCache(recall, token, written, readout)
        return seen._replace(z=z), new_state, cache._replace(embedded=embedded, memory=carried)

    def encode_backward(self, d_z: Any, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        g, crt, carried, T, d_old_state = gradients, self.crt, cache.memory, cache.grid.steps, State()
        if carried is None:
            _, d_x = self.looked_at_backward(d_z, None, cache, g)
        else:
            d_v, d_reads, d_read = crt.readout_backward(d_z.z, carried.readout, g)
            d_h = [np.zeros_like(h_i) for h_i in carried.write.h]
            for d_h_i, d_read_i in zip(d_h, d_reads):
                d_h_i[:, -1:] = d_read_i                     # z reads the last h alone
            d_inputs, d_start = crt.write_backward(d_h, d_state.get("memory"), carried.write, g)
            d_frames, d_last = self.written_backward(d_inputs, T)
            d_token, d_x = self.looked_at_backward(d_z._replace(z=d_v + d_last), d_frames, cache, g)
            d_m = d_start + d_read + crt.normed_backward(d_token, carried.token, g)
            d_old_state |= crt.recall_backward(d_m, carried.recall, g)
        d_e, d_p_0 = self.placed_backward(d_x, d_state.get("positions"), cache.embedded, T, g)
        if d_p_0 is not None and cache.embedded.given:
            d_old_state["positions"] = d_p_0
        return d_e, d_old_state

    def written(self, frames: Array, v: Array) -> Array:     # (B, T, D), (B, 1, D) -> (B, T + 1 or 1, D)
        """What the writer reads: ȳ_1 … ȳ_T and what is classified, or the mean of them"""
        inputs = self.engine.concatenate([frames, v], 1)
        return inputs.mean(1, keepdims=True) if self.config.memory_update == "per_segment" else inputs

    def written_backward(self, d_inputs: Array, T: int) -> tuple[Array, Array]:          # -> d_frames, d_v
        if self.config.memory_update == "per_segment":
            d_inputs = np.repeat(d_inputs / (T + 1), T + 1, axis=1)
        return d_inputs[:, :T], d_inputs[:, T:]

    def encoder_specs(self) -> list[ParameterSpec]:
        token = [ParameterSpec("class.token", (1, self.config.width), initialisers.normal(0.5), decay=False)]
        return (position_specs(self.config, TIME) + memory_specs(self.config) + token * self.has_token
                + video_blocks_specs(self.config))

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return self.crt.state_shapes(batch)

    def skew_parameters(self) -> list[SkewParameter]:
        return self.crt.skew_parameters()

    def caution(self, bptt_segments: int) -> str | None:
        """Of a CRT without the one on its memory's span, which is about text"""
        return self.config.untrained(bptt_segments)
