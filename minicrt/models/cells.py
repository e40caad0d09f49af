"""The recurrent networks by name: one table for the memory's writer, the positions and the recurrent models

To try another cell, write it here and put it into CELLS, and its name among the choices of the configuration that is to
have it: `memory` of CRTConfig, `cell` of RecurrentConfig or LinearRecurrentConfig.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minicrt.models import initialisers, retention
from minicrt.models.cell import Cell, SkewParameter
from minicrt.models.parameters import Array, Initialiser, ParameterSpec, Scope
from minicrt.models.retention import Retention
from minicrt.models.state_cells import MambaWriter, S4DWriter

__all__ = ["CELLS", "GRU", "LRU", "LSTM", "NCGRU", "Cell", "MinGRU", "SkewParameter", "cell"]


@dataclass(frozen=True)
class GRU(Cell):
    """Matrices start at U(±1/√D) as in PyTorch; biases at zero but for the update gate's (`retention`)."""

    reset_after: bool = True
    update_bias: Retention = 0.0
    t_max: int = 0
    operation = "gru"

    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        specs = gated_specs(prefix, inputs, width, retention.gru_bias(self.update_bias, self.t_max))
        if self.reset_after:
            specs.append(ParameterSpec(prefix + "b_hn", (width,), initialisers.zeros, decay=False))
        return specs

    def arguments(self, engine: Any, p: Scope) -> tuple[Any, ...]:
        return p["w"], p["u"], p["b"], p["b_hn"] if self.reset_after else None, self.reset_after

    def run_backward(self, engine: Any, d_states: Array, cache: Any, d_last: Array | None, g: Scope
                     ) -> tuple[Array, Array]:
        d_x, d_start, d_w, d_u, d_b, d_b_hn = engine.gru_backward(d_states, cache, d_last)
        for name, gradient in (("w", d_w), ("u", d_u), ("b", d_b), ("b_hn", d_b_hn)):
            if gradient is not None:
                g[name] += gradient
        return d_x, d_start


class NCGRUCache(NamedTuple):
    scan: Any                                                # of ncgru
    cayley: dict[str, Any]                                   # of scaled_cayley, by the skew parameter's name


@dataclass(frozen=True)
class NCGRU(Cell):
    """U_c, and with orthogonal="candidate+reset" also U_r, is made orthogonal by the scaled Cayley transform."""

    orthogonal: str = "candidate"
    candidate: str = "modrelu"
    negatives: int = -1
    update_bias: Retention = 0.0
    t_max: int = 0
    operation = "ncgru"

    @property
    def bounded(self) -> bool:
        return self.candidate != "modrelu"

    @property
    def skew_names(self) -> list[str]:
        """In the order of the blocks r, z, n that they make"""
        return ["skew_candidate"] if self.orthogonal == "candidate" else ["skew_reset", "skew_candidate"]

    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        free = width * (width - 1) // 2
        skew = [ParameterSpec(prefix + name, (free,), initialisers.rotations(width), False, "orthogonal")
                for name in self.skew_names]
        bias = retention.gru_bias(self.update_bias, self.t_max)
        return gated_specs(prefix, inputs, width, bias, 3 - len(skew)) + skew

    def skew_parameters(self, prefix: str, width: int) -> list[SkewParameter]:
        negatives = width // 2 if self.negatives == -1 else self.negatives
        return [SkewParameter(prefix + name, width, negatives) for name in self.skew_names]

    def arguments(self, engine: Any, p: Scope) -> tuple[Any, ...]:
        return self._arguments(p, self._orthogonal(engine, p))

    def run(self, engine: Any, p: Scope, x: Array, start: Array) -> tuple[Array, Any]:
        made = self._orthogonal(engine, p)
        h, scan = engine.ncgru(x, start, *self._arguments(p, made))
        return h, NCGRUCache(scan, {name: cache for name, (_, cache) in made.items()})

    def _orthogonal(self, engine: Any, p: Scope) -> dict[str, tuple[Array, Any]]:
        """By the name of its skew parameter each orthogonal matrix and its cache"""
        return {skew.name: engine.scaled_cayley(p[skew.name], skew.negatives, skew.width)
                for skew in self.skew_parameters("", p["u"].shape[0])}

    def _arguments(self, p: Scope, made: dict[str, tuple[Array, Any]]) -> tuple[Any, ...]:
        reset = [made["skew_reset"][0]] if "skew_reset" in made else []
        u = np.concatenate([*reset, p["u"], made["skew_candidate"][0]], axis=1)          # (D, 3D): r, z, n
        return p["w"], u, p["b"], self.candidate

    def run_backward(self, engine: Any, d_states: Array, cache: NCGRUCache, d_last: Array | None, g: Scope
                     ) -> tuple[Array, Array]:
        d_x, d_start, d_w, d_u, d_b = engine.ncgru_backward(d_states, cache.scan, d_last)
        D = d_start.shape[1]
        blocks = {"skew_reset": d_u[:, :D], "skew_candidate": d_u[:, 2 * D:]}            # u = [u_r, u_z, u_n]
        for name, cayley in cache.cayley.items():
            g[name] += engine.scaled_cayley_backward(blocks[name], cayley)
        g["w"] += d_w
        g["u"] += d_u[:, D * ("skew_reset" in cache.cayley):2 * D]
        g["b"] += d_b
        return d_x, d_start


@dataclass(frozen=True)
class LSTM(Cell):
    """As the GRU's; the forget gate's bias starts at 1 (Gers et al. 2000). The state is [h, c]."""

    operation, weights, size = "lstm", ("w", "u", "b"), 2

    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        bounded = initialisers.uniform(width ** -0.5)
        return [ParameterSpec(prefix + "w", (inputs, 4 * width), bounded),
                ParameterSpec(prefix + "u", (width, 4 * width), bounded),
                ParameterSpec(prefix + "b", (4 * width,), initialisers.gate_bias(width, 1.0), decay=False)]


@dataclass(frozen=True)
class MinGRU(Cell):
    """Its gate z lets the new in, so the first bias that keeps is −b_z."""

    update_bias: Retention = 0.0
    t_max: int = 0
    operation, weights = "mingru", ("w", "b")

    @property
    def bounded(self) -> bool:
        return False

    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        bias = retention.mingru_bias(self.update_bias, self.t_max)
        return [ParameterSpec(prefix + "w", (inputs, 2 * width), initialisers.normal(inputs ** -0.5)),
                ParameterSpec(prefix + "b", (2 * width,), bias, decay=False)]


@dataclass(frozen=True)
class LRU(Cell):
    """`width` = 2N: N complex numbers. |λ| is spread evenly by area over the ring from 0.5 to 0.99, arg λ is drawn from
    (0, π/10), and γ = √(1 − |λ|²) keeps the states' size (arXiv 2303.06349, section 3.3, where |λ| is drawn too). With
    update_bias "chrono" or "log_uniform" |λ| is what a gate of that bias keeps a step."""

    update_bias: Retention = 0.0
    t_max: int = 0
    operation, weights = "lru", ("w", "nu", "theta", "log_gamma")

    @property
    def bounded(self) -> bool:
        return False

    def specs(self, prefix: str, inputs: int, width: int) -> list[ParameterSpec]:
        N, kept = width // 2, (self.update_bias, self.t_max)
        return [ParameterSpec(prefix + "w", (inputs, 2 * N), initialisers.normal((2 * inputs) ** -0.5)),
                ParameterSpec(prefix + "nu", (N,), retention.lru_nu(*kept), decay=False),
                ParameterSpec(prefix + "theta", (N,), initialisers.log_uniform(1e-3, np.pi / 10), decay=False),
                ParameterSpec(prefix + "log_gamma", (N,), retention.lru_log_gamma(*kept), decay=False)]


def gated_specs(prefix: str, inputs: int, width: int, bias: Initialiser, recurrent_blocks: int = 3
                ) -> list[ParameterSpec]:
    """w, u and b of three gates, u perhaps of fewer"""
    bounded = initialisers.uniform(width ** -0.5)
    return [ParameterSpec(prefix + "w", (inputs, 3 * width), bounded),
            ParameterSpec(prefix + "u", (width, recurrent_blocks * width), bounded),
            ParameterSpec(prefix + "b", (3 * width,), bias, decay=False)]


CELLS: dict[str, type[Cell]] = {"gru": GRU, "ncgru": NCGRU, "lstm": LSTM, "mingru": MinGRU, "lru": LRU,
                                "s4d": S4DWriter, "mamba": MambaWriter}


def cell(name: str, config: Any) -> Cell:
    """The cell of that name, with the options that it has in `config`."""
    kind = CELLS[name]
    return kind(**{field.name: getattr(config, field.name) for field in dataclasses.fields(kind)
                   if hasattr(config, field.name)})
