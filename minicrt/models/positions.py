"""Where a token stands: recurrent positional encoding, and the absolute tables it is compared with"""

from typing import Any, NamedTuple

import numpy as np

from minicrt.errors import InputError
from minicrt.models import initialisers
from minicrt.models.base import SegmentModel
from minicrt.models.cells import GRU, Cell
from minicrt.models.parameters import Array, Parameters, ParameterSpec


def learned_positions(rows: int, width: int, deviation: float = 0.1) -> list[ParameterSpec]:
    return [ParameterSpec("positions.table", (rows, width), initialisers.normal(deviation), decay=False)]


def position_specs(config: Any, deviation: float = 0.1) -> list[ParameterSpec]:
    """`deviation` is that of a learned table's first entries."""
    D = config.width
    if config.positions == "learned":
        return learned_positions(config.segment_length, D, deviation)
    if config.positions != "recurrent":
        return []
    D_p = config.positions_width
    specs = position_cell(config).specs("positions.", D, D_p)
    if D_p != D:
        specs.append(ParameterSpec("positions.w_out", (D_p, D), initialisers.normal(D_p ** -0.5)))
    return specs


def sinusoids(length: int, width: int) -> Array:             # -> (T, D)
    """[sin(t f), cos(t f)], f_k = 10000^(−2k/D), t = 0..T−1; the halves side by side. Source: arXiv 1706.03762."""
    half = (width + 1) // 2
    angles = np.arange(length)[:, None] * 10000.0 ** (-2 * np.arange(half) / width)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :width]


class PositionCaches(NamedTuple):
    """Of recurrent positions"""

    states: Array                                            # p_1 … p_T, (B, T, D_p)
    recurrence: Any                                          # of the GRU
    out: Any                                                 # of linear with W_p: None where there is none


class PositionedModel(SegmentModel):
    """A model whose tokens are told where they stand: the stage that does so, with its gradient"""

    config: Any

    def positions(self, p: Parameters, e: Array, start: Array | None
                  ) -> tuple[Array, Array | None, PositionCaches | None]:        # (B, T, D), (B, D_p) -> (B, T, D), p_T
        """x_t = e_t + p_t W_p,  p_t = GRU(e_t, p_{t−1}), p_0 = start or zeros; or x_t = e_t + a row of a table."""
        B, T, D = e.shape
        if self.config.positions == "none":
            return e, None, None
        if self.config.positions == "sinusoidal":
            return e + sinusoids(T, D).astype(e.real.dtype), None, None
        if self.config.positions == "learned":
            if T > self.config.segment_length:
                raise InputError(f"a segment of {T} tokens, but learned positions end at segment_length = "
                                 f"{self.config.segment_length}; take shorter segments")
            return e + p["positions.table"][:T], None, None
        if start is None:
            start = np.zeros((B, self.config.positions_width), e.dtype)
        states, recurrence = position_cell(self.config).run(self.engine, p.scope("positions."), e, start)
        if "positions.w_out" not in p:
            return self.engine.add(e, states), states[:, -1].copy(), PositionCaches(states, recurrence, None)
        added, out = self.engine.linear(states, p["positions.w_out"])
        return self.engine.add(e, added), states[:, -1].copy(), PositionCaches(states, recurrence, out)

    def positions_backward(self, d_x: Array, d_last: Array | None, cache: PositionCaches | None, g: Parameters
                           ) -> tuple[Array, Array | None]:  # (B, T, D), (B, D_p) -> d_e (B, T, D), d_start (B, D_p)
        """`d_last` is the gradient of p_T as the next segment's start."""
        if self.config.positions == "learned":
            g["positions.table"][:d_x.shape[1]] += d_x.sum(0)
        if cache is None:
            return d_x, None
        d_states = d_x                                       # x = e + states
        if cache.out is not None:                            # x = e + states @ w_out
            d_states, d_w_out, _ = self.engine.linear_backward(d_x, cache.out)
            g["positions.w_out"] += d_w_out
        d_e, d_start = position_cell(self.config).run_backward(self.engine, d_states, cache.recurrence, d_last,
                                                               g.scope("positions."))
        return self.engine.add(d_x, d_e), d_start


def position_cell(config: Any) -> Cell:
    return GRU(reset_after=config.reset_after)
