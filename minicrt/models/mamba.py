"""The Mamba language model: residual blocks around a selective scan"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minicrt.configuration import require
from minicrt.models import initialisers
from minicrt.models.parameters import Array, ParameterSpec, Scope
from minicrt.models.state_space import StateSpaceConfig, StateSpaceModel


@dataclass(frozen=True)
class MambaConfig(StateSpaceConfig):
    """expand       channels of the scan for each of the width: E = expand · width
    taps         K, the inputs that the causal convolution sees
    step_rank    R, of the matrix that makes Δ; 0: ⌈width/16⌉
    """

    expand: int = 2
    taps: int = 4
    step_rank: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("expand", "taps"):
            require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected at least 1")
        require(self.step_rank >= 0, f"step_rank is {self.step_rank}, expected 0 (= width/16, rounded up) or more")

    @property
    def channels(self) -> int:
        return self.expand * self.width

    @property
    def rank(self) -> int:
        return self.step_rank or -(-self.width // 16)


class SiluCache(NamedTuple):
    x: Array
    gate: Array                                              # σ(x)
    sigmoid: Any                                             # of sigmoid


class MixCache(NamedTuple):
    into: Any                                                # of linear
    convolution: Any                                         # of causal_convolution
    silu: SiluCache
    parts: Any                                               # of linear, that makes the step's parts, B and C
    step: Any                                                # of linear
    scan: Any                                                # of selective_scan
    y: Array                                                 # the scan's output, (B, T, E)
    gate: Array                                              # SiLU(r), (B, T, E)
    gate_silu: SiluCache
    out: Any                                                 # of linear


class Mamba(StateSpaceModel):
    """x ← x + Mix(RMSNorm(x)), L times, and a final RMS norm, where Mix(x̂) is

        [u, r] = x̂ W_in,   u ← SiLU(conv(u)),   [s, B, C] = u W_x,   a = s W_dt + b_dt
        y = scan(u; a, A, B, C, d),   Mix = (y ⊙ SiLU(r)) W_out

    State: "layer.l.inputs" (B, K − 1, E), what the convolution looks back to, and "layer.l.h" (B, E, N), at first
    zeros. Source: Gu and Dao 2023 (arXiv 2312.00752).
    """

    config: MambaConfig
    entries = ("inputs", "h")

    def entry_shape(self, entry: str) -> tuple[int, ...]:
        config = self.config
        return (config.taps - 1, config.channels) if entry == "inputs" else (config.channels, config.states)

    def mix(self, p: Scope, x: Array, carried: dict[str, Array]) -> tuple[Array, dict[str, Array], Any]:
        engine, E, R, N = self.engine, self.config.channels, self.config.rank, self.config.states
        both, into = engine.linear(x, p["w_in"])                         # (B, T, 2E)
        u, convolution = engine.causal_convolution(both[..., :E], carried["inputs"], p["w_convolution"],
                                                   p["b_convolution"])
        u, u_silu = self.silu(u)
        made, made_cache = engine.linear(u, p["w_x"])                    # (B, T, R + 2N)
        dt, dt_cache = engine.linear(made[..., :R], p["w_dt"], p["b_dt"])
        y, scan = engine.selective_scan(u, carried["h"], dt, p["a_log"], made[..., R:R + N], made[..., R + N:], p["d"])
        gate, gate_silu = self.silu(both[..., E:])
        out, out_cache = engine.linear(y * gate, p["w_out"])
        cache = MixCache(into, convolution, u_silu, made_cache, dt_cache, scan, y, gate, gate_silu, out_cache)
        return out, {"inputs": convolution.last, "h": scan.last}, cache

    def mix_backward(self, p: Scope, d_y: Array, d_carried: dict[str, Array | None], cache: MixCache, g: Scope
                     ) -> tuple[Array, dict[str, Array]]:
        engine = self.engine
        d_gated, d_w_out, _ = engine.linear_backward(d_y, cache.out)     # (y SiLU(r)) W_out
        d_r = self.silu_backward(d_gated * cache.y, cache.gate_silu)
        d_u, d_h, d_dt, d_a_log, d_b, d_c, d_d = engine.selective_scan_backward(d_gated * cache.gate, cache.scan,
                                                                                d_carried["h"])
        d_step, d_w_dt, d_b_dt = engine.linear_backward(d_dt, cache.step)
        d_through, d_w_x, _ = engine.linear_backward(np.concatenate([d_step, d_b, d_c], axis=-1), cache.parts)
        d_u = self.silu_backward(d_u + d_through, cache.silu)
        d_u, d_inputs, d_weight, d_bias = engine.causal_convolution_backward(d_u, cache.convolution,
                                                                             d_carried["inputs"])
        d_x, d_w_in, _ = engine.linear_backward(np.concatenate([d_u, d_r], axis=-1), cache.into)
        for name, gradient in (("w_in", d_w_in), ("w_convolution", d_weight), ("b_convolution", d_bias),
                               ("w_x", d_w_x), ("w_dt", d_w_dt), ("b_dt", d_b_dt), ("a_log", d_a_log), ("d", d_d),
                               ("w_out", d_w_out)):
            g[name] += gradient
        return d_x, {"inputs": d_inputs, "h": d_h}

    def silu(self, x: Array) -> tuple[Array, SiluCache]:
        """x σ(x)"""
        gate, cache = self.engine.sigmoid(x)
        return x * gate, SiluCache(x, gate, cache)

    def silu_backward(self, d_y: Array, cache: SiluCache) -> Array:
        return d_y * cache.gate + self.engine.sigmoid_backward(d_y * cache.x, cache.sigmoid)

    def normed(self, p: Any, name: str, x: Array) -> tuple[Array, Any]:
        return self.engine.rms_norm(x, p[name + "gain"])

    def normed_backward(self, d_y: Array, cache: Any, name: str, g: Any) -> Array:
        d_x, d_gain = self.engine.rms_norm_backward(d_y, cache)
        g[name + "gain"] += d_gain
        return d_x

    def layer_specs(self, prefix: str) -> list[ParameterSpec]:
        config, D, E = self.config, self.config.width, self.config.channels
        K, R, N = config.taps, config.rank, config.states
        normal = initialisers.normal
        table = [
            ("norm_recurrence.gain", (D,), initialisers.ones, False),
            ("w_in", (D, 2 * E), normal(D ** -0.5), True),
            ("w_convolution", (K, E), initialisers.uniform(K ** -0.5), False),
            ("b_convolution", (E,), initialisers.zeros, False),
            ("w_x", (E, R + 2 * N), normal(E ** -0.5), True),
            ("w_dt", (R, E), initialisers.uniform(R ** -0.5), True),
            ("b_dt", (E,), initialisers.steps(1e-3, 1e-1), False),
            ("a_log", (E, N), initialisers.logarithms, False),
            ("d", (E,), initialisers.ones, False),
            ("w_out", (E, D), normal(self.onto * E ** -0.5), True)]
        return [ParameterSpec(prefix + name, shape, initial, decay) for name, shape, initial, decay in table]

    def final_specs(self) -> list[ParameterSpec]:
        return [ParameterSpec("norm_final.gain", (self.config.width,), initialisers.ones, decay=False)]
