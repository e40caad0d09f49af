"""State spaces as the network that writes a memory: the memory is the state itself, D numbers

A channel of S4D or Mamba keeps N numbers of its own. So that what is carried is as large as any other memory, there are
fewer channels than the width: D/N, or D/(2N) where the numbers are complex. The state stands in the memory in one row,
channel after channel. A state space reads it by C, and adds a skip; here the CRT reads all D numbers itself, as the
memory's token, by W_r and as h_t. So C and d are left out; so is Mamba's convolution, whose last inputs would have to
be carried beside the memory.

Both run as the operation that they are named after: one state a channel, which is read as it is.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minicrt.models import initialisers, retention
from minicrt.models.cell import Cell
from minicrt.models.parameters import Array, ParameterSpec, Scope
from minicrt.models.retention import Retention


class MambaWriterCache(NamedTuple):
    projected: Any                                           # of linear
    u: Array                                                 # what enters each channel, (B, T, E)
    b: Array                                                 # B, (B, T, N)
    scan: Any                                                # of selective_scan


class S4DWriterCache(NamedTuple):
    projected: Any                                           # of linear
    scan: Any                                                # of s4d


@dataclass(frozen=True)
class StateCell(Cell):
    update_bias: Retention = 0.0
    t_max: int = 0
    memory_states: int = 4

    @property
    def bounded(self) -> bool:
        return False


@dataclass(frozen=True)
class MambaWriter(StateCell):
    """[u, s, B] = x W_x,  Δ = softplus(s + b_dt),  h_t = exp(Δ A) ⊙ h_{t−1} + (Δ ⊙ u) Bᵀ,  A = −exp(a_log)

    h is (E, N), E = D/N channels. A_n = −(n + 1) at first (arXiv 2312.00752), and b_dt = −b of `retention`: with an
    input near 0 state n of a channel keeps σ(b)^(n + 1) a token.
    """

    operation, weights = "selective_scan", ("w_x", "b_dt", "a_log")

    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        N = self.memory_states
        E = width // N
        return [ParameterSpec(prefix + "w_x", (inputs, 2 * E + N), initialisers.normal(inputs ** -0.5)),
                ParameterSpec(prefix + "b_dt", (E,), retention.softplus_bias(self.update_bias, self.t_max),
                              decay=False),
                ParameterSpec(prefix + "a_log", (E, N), initialisers.logarithms, decay=False)]

    def run(self, engine: Any, p: Scope, x: Array, start: Array) -> tuple[Array, MambaWriterCache]:
        a_log = p["a_log"]
        E, N = a_log.shape
        made, projected = engine.linear(x, p["w_x"])                     # (B, T, 2E + N)
        u, b = made[..., :E], made[..., 2 * E:]
        driving = (u[..., None] * b[..., None, :]).reshape(*u.shape[:2], E * N)          # u Bᵀ
        dt = np.repeat(made[..., E:2 * E] + p["b_dt"], N, axis=2)        # one Δ for the N states of a channel
        one = np.ones((*u.shape[:2], 1), made.dtype)
        h, scan = engine.selective_scan(driving, start[..., None], dt, a_log.reshape(-1, 1), one, one,
                                        np.zeros(E * N, made.dtype))     # y = h
        return h, MambaWriterCache(projected, u, b, scan)

    def run_backward(self, engine: Any, d_states: Array, cache: MambaWriterCache, d_last: Array | None, g: Scope
                     ) -> tuple[Array, Array]:
        projected, u, b, scan = cache
        d_driving, d_start, d_dt, d_a_log, *_ = engine.selective_scan_backward(with_last(d_states, d_last), scan)
        grid = (*u.shape, b.shape[2])                        # (B, T, E, N)
        d_driving, d_dt = d_driving.reshape(grid), d_dt.reshape(grid).sum(3)
        d_u = (d_driving * b[..., None, :]).sum(3)           # driving = u Bᵀ
        d_b = (d_driving * u[..., None]).sum(2)
        d_x, d_w, _ = engine.linear_backward(np.concatenate([d_u, d_dt, d_b], axis=2), projected)
        g["w_x"] += d_w
        g["b_dt"] += d_dt.sum((0, 1))
        g["a_log"] += d_a_log.reshape(grid[2:])
        return d_x, d_start[..., 0]


@dataclass(frozen=True)
class S4DWriter(StateCell):
    """u = x W_in,  h_t = Ā ⊙ h_{t−1} + B̄ u_t,  Ā = exp(Δ A),  B̄ = (Ā − 1)/A,  A = −exp(log_a) + i a_im

    h is (E, N) complex, E = D/(2N) channels; the memory is [real parts, imaginary parts]. S4D-Lin's first values, A_n =
    −½ + i π n (arXiv 2206.11893), and Δ such that |Ā| = σ(b), the b of `retention`.
    """

    operation, weights = "s4d", ("w_in", "log_dt", "log_a", "a_im")

    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        N = self.memory_states
        E = width // (2 * N)
        return [ParameterSpec(prefix + "w_in", (inputs, E), initialisers.normal(inputs ** -0.5)),
                ParameterSpec(prefix + "log_dt", (E,), retention.s4d_log_dt(self.update_bias, self.t_max), decay=False),
                ParameterSpec(prefix + "log_a", (E, N), initialisers.constant(np.log(0.5)), decay=False),
                ParameterSpec(prefix + "a_im", (E, N), initialisers.multiples(np.pi, 0), decay=False)]

    def run(self, engine: Any, p: Scope, x: Array, start: Array) -> tuple[Array, S4DWriterCache]:
        E, N = p["log_a"].shape
        u, projected = engine.linear(x, p["w_in"])                       # (B, T, E)
        re, im = start[:, :E * N], start[:, E * N:]
        h0 = np.stack([np.concatenate([re, re], 1), np.concatenate([im, im], 1)], axis=2)          # (B, 2EN, 2)
        half, none = np.full(E * N, 0.5, u.dtype), np.zeros(E * N, u.dtype)
        # Two channels a state: y = 2 Re(c h) is Re h with c = 1/2, and Im h with c = -i/2.
        c = np.stack([np.concatenate([half, none]), np.concatenate([none, -half])], axis=1)
        h, scan = engine.s4d(self._twice(u, N), h0, self._twice(p["log_dt"], N), self._flat(p["log_a"]),
                             self._flat(p["a_im"]), c, np.zeros(2 * E * N, u.dtype))
        return h, S4DWriterCache(projected, scan)

    def run_backward(self, engine: Any, d_states: Array, cache: S4DWriterCache, d_last: Array | None, g: Scope
                     ) -> tuple[Array, Array]:
        d_x, d_h0, d_log_dt, d_log_a, d_a_im, *_ = engine.s4d_backward(with_last(d_states, d_last), cache.scan)
        E, N = g["log_a"].shape
        d_h0 = d_h0[:, :E * N] + d_h0[:, E * N:]             # both channels of a state start from it
        d_inputs, d_w, _ = engine.linear_backward(d_x.reshape(*d_x.shape[:2], 2, E, N).sum((2, 4)), cache.projected)
        g["w_in"] += d_w
        g["log_dt"] += d_log_dt.reshape(2, E, N).sum((0, 2))
        g["log_a"] += d_log_a.reshape(2, E, N).sum(0)
        g["a_im"] += d_a_im.reshape(2, E, N).sum(0)
        return d_inputs, np.concatenate([d_h0[..., 0], d_h0[..., 1]], axis=1)

    @staticmethod
    def _twice(values: Array, N: int) -> Array:              # (..., E) -> (..., 2EN)
        repeated = np.repeat(values, N, axis=-1)
        return np.concatenate([repeated, repeated], axis=-1)

    @staticmethod
    def _flat(values: Array) -> Array:                       # (E, N) -> (2EN, 1)
        return np.concatenate([values, values]).reshape(-1, 1)


def with_last(d_states: Array, d_last: Array | None) -> Array:
    """The states are the output, so what comes from beyond the segment is of the last of them."""
    if d_last is None:
        return d_states
    d_states = np.array(d_states)
    d_states[:, -1] += d_last
    return d_states
