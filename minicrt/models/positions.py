"""Where a token stands: recurrent positional encoding, and the absolute tables it is compared with"""

from typing import Any

import numpy as np

from minicrt.errors import InputError
from minicrt.models import initialisers
from minicrt.models.cells import gru_specs
from minicrt.models.parameters import Array, Parameters, ParameterSpec


def learned_positions(rows: int, width: int) -> list[ParameterSpec]:
    return [ParameterSpec("positions.table", (rows, width), initialisers.normal(0.1), decay=False)]


def position_specs(config: Any) -> list[ParameterSpec]:
    D = config.width
    if config.positions == "learned":
        return learned_positions(config.segment_length, D)
    if config.positions != "recurrent":
        return []
    D_p = config.positions_width
    specs = gru_specs("positions.", D, D_p, config.reset_after)
    if D_p != D:
        specs.append(ParameterSpec("positions.w_out", (D_p, D), initialisers.normal(D_p ** -0.5)))
    return specs


def sinusoids(length: int, width: int) -> Array:             # -> (T, D)
    """[sin(t f), cos(t f)], f_k = 10000^(−2k/D), t = 0..T−1; the halves side by side. Source: arXiv 1706.03762."""
    half = (width + 1) // 2
    angles = np.arange(length)[:, None] * 10000.0 ** (-2 * np.arange(half) / width)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :width]


def add_positions(engine: Any, p: Parameters, config: Any, e: Array, start: Array | None
                  ) -> tuple[Array, Array | None, Any]:      # (B, T, D), (B, D_p) -> (B, T, D), p_T (B, D_p)
    """x_t = e_t + p_t W_p,  p_t = GRU(e_t, p_{t−1}), p_0 = start or zeros; or x_t = e_t + a row of a table."""
    B, T, D = e.shape
    if config.positions == "none":
        return e, None, None
    if config.positions == "sinusoidal":
        return e + sinusoids(T, D).astype(e.real.dtype), None, None
    if config.positions == "learned":
        if T > config.segment_length:
            raise InputError(f"a segment of {T} tokens, but learned positions end at segment_length = "
                             f"{config.segment_length}")
        return e + p["positions.table"][:T], None, None
    if start is None:
        start = np.zeros((B, config.positions_width), e.dtype)
    b_hn = p["positions.b_hn"] if config.reset_after else None
    states, gru_cache = engine.gru(e, start, p["positions.w"], p["positions.u"], p["positions.b"], b_hn,
                                   config.reset_after)
    if "positions.w_out" not in p:
        return engine.add(e, states), states[:, -1].copy(), (gru_cache, None, states)
    added, out_cache = engine.linear(states, p["positions.w_out"])
    return engine.add(e, added), states[:, -1].copy(), (gru_cache, out_cache, states)


def add_positions_backward(engine: Any, d_x: Array, d_last: Array | None, config: Any, cache: Any, g: Parameters
                           ) -> tuple[Array, Array | None]:  # (B, T, D), (B, D_p) -> d_e (B, T, D), d_start (B, D_p)
    """`d_last` is the gradient of p_T as the next segment's start."""
    if config.positions == "learned":
        g["positions.table"][:d_x.shape[1]] += d_x.sum(0)
    if config.positions != "recurrent":
        return d_x, None
    gru_cache, out_cache, _ = cache
    d_states = d_x                                           # x = e + states
    if out_cache is not None:                                # x = e + states @ w_out
        d_states, d_w_out, _ = engine.linear_backward(d_x, out_cache)
        g["positions.w_out"] += d_w_out
    d_e, d_start, d_w, d_u, d_b, d_b_hn = engine.gru_backward(d_states, gru_cache, d_last)
    for name, gradient in (("w", d_w), ("u", d_u), ("b", d_b), ("b_hn", d_b_hn)):
        if gradient is not None:
            g["positions." + name] += gradient
    return engine.add(d_x, d_e), d_start
