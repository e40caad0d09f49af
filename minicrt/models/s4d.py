"""The S4D language model: residual blocks around a diagonal state space that is the same at every token"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from minicrt.configuration import require
from minicrt.models import initialisers
from minicrt.models.block import norm, norm_backward, norm_specs, residual, residual_backward
from minicrt.models.parameters import Array, ParameterSpec, Scope
from minicrt.models.state_space import StateSpaceConfig, StateSpaceModel


@dataclass(frozen=True)
class S4DConfig(StateSpaceConfig):
    """inner        inner width of the feed-forward; 0: there is none
    activation   of the feed-forward
    form         how a segment is computed: "recurrence", step by step, or "convolution", by a Fourier transform: the
                 same function. Compiled, the recurrence is faster; a stream is always one
    """

    inner: int = 512
    activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu"
    form: Literal["recurrence", "convolution"] = "recurrence"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.inner >= 0, f"inner is {self.inner}, expected 0 (no feed-forward) or more")

    @property
    def norm(self) -> str:
        """Of the feed-forward's residual branch"""
        return "pre"


class MixCache(NamedTuple):
    scan: Any                                                # of s4d
    gelu: Any
    out: Any                                                 # of linear
    glu: Any


class S4DModel(StateSpaceModel):
    """x ← x + GLU(GELU(S4D(LN(x))) W_out + b_out), then x ← x + FeedForward(LN(x)), L times, and a final norm.

    State: "layer.l.h" (B, D, 2N), N complex numbers a channel, at first zeros. Source: Gu et al. 2022 (arXiv
    2206.11893); S4D-Lin's first values, A_n = −½ + i π n.
    """

    config: S4DConfig
    entries = ("h",)

    def entry_shape(self, entry: str) -> tuple[int, ...]:
        return self.config.width, 2 * self.config.states

    def mix(self, p: Scope, x: Array, carried: dict[str, Array]) -> tuple[Array, dict[str, Array], Any]:
        engine, transform = self.engine, self.config.form == "convolution" and x.shape[1] > 1
        y, scan = engine.s4d(x, carried["h"], *(p[name] for name in WEIGHTS), transform)
        y, gelu_cache = engine.gelu(y)
        y, out_cache = engine.linear(y, p["w_out"], p["b_out"])          # (B, T, 2D)
        y, glu_cache = engine.glu(y)
        return y, {"h": scan.last}, MixCache(scan, gelu_cache, out_cache, glu_cache)

    def mix_backward(self, p: Scope, d_y: Array, d_carried: dict[str, Array | None], cache: Any, g: Scope
                     ) -> tuple[Array, dict[str, Array]]:
        engine = self.engine
        d_y, d_w_out, d_b_out = engine.linear_backward(engine.glu_backward(d_y, cache.glu), cache.out)
        g["w_out"] += d_w_out
        g["b_out"] += d_b_out
        d_x, d_h, *d_weights = engine.s4d_backward(engine.gelu_backward(d_y, cache.gelu), cache.scan, d_carried["h"])
        for name, d_weight in zip(WEIGHTS, d_weights):
            g[name] += d_weight
        return d_x, {"h": d_h}

    def normed(self, p: Any, name: str, x: Array) -> tuple[Array, Any]:
        return norm(self, p, name, x)

    def normed_backward(self, d_y: Array, cache: Any, name: str, g: Any) -> Array:
        return norm_backward(self, d_y, cache, name, g)

    def feed(self, p: Scope, x: Array, rng: np.random.Generator | None) -> tuple[Array, Any]:
        return residual(self, p, "feed_forward", x, rng) if self.config.inner else (x, None)

    def feed_backward(self, d_x: Array, cache: Any, g: Scope) -> Array:
        return residual_backward(self, "feed_forward", d_x, cache, g) if self.config.inner else d_x

    def layer_specs(self, prefix: str) -> list[ParameterSpec]:
        D, N, F = self.config.width, self.config.states, self.config.inner
        specs = norm_specs(prefix + "norm_recurrence.", D) + [
            ParameterSpec(prefix + "log_dt", (D,), initialisers.between(np.log(1e-3), np.log(1e-1)), decay=False),
            ParameterSpec(prefix + "log_a", (D, N), initialisers.constant(np.log(0.5)), decay=False),
            ParameterSpec(prefix + "a_im", (D, N), initialisers.multiples(np.pi, 0), decay=False),
            ParameterSpec(prefix + "c", (D, 2 * N), initialisers.normal(0.5 ** 0.5), decay=False),
            ParameterSpec(prefix + "d", (D,), initialisers.normal(1.0), decay=False),
            ParameterSpec(prefix + "w_out", (D, 2 * D), initialisers.normal(self.onto * D ** -0.5)),
            ParameterSpec(prefix + "b_out", (2 * D,), initialisers.zeros, decay=False)]
        return specs + self._feed_forward_specs(prefix, D, F) if F else specs

    def _feed_forward_specs(self, prefix: str, D: int, F: int) -> list[ParameterSpec]:
        return norm_specs(prefix + "norm_feed_forward.", D) + [
            ParameterSpec(prefix + "feed_forward.w_in", (D, F), initialisers.normal(D ** -0.5)),
            ParameterSpec(prefix + "feed_forward.b_in", (F,), initialisers.zeros, decay=False),
            ParameterSpec(prefix + "feed_forward.w_out", (F, D), initialisers.normal(self.onto * F ** -0.5)),
            ParameterSpec(prefix + "feed_forward.b_out", (D,), initialisers.zeros, decay=False)]

    def final_specs(self) -> list[ParameterSpec]:
        return norm_specs("norm_final.", self.config.width)


WEIGHTS = ("log_dt", "log_a", "a_im", "c", "d")
