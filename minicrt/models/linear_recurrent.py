"""minGRU and LRU language models: residual blocks around a recurrence without a recurrent matrix (docs/spec.md, 2.3)"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from minicrt.configuration import require
from minicrt.models import initialisers
from minicrt.models.base import SegmentModel, State
from minicrt.models.block import ResidualCaches, norm, norm_backward, norm_specs, residual, residual_backward
from minicrt.models.cells import Cell, cell
from minicrt.models.language_config import LanguageModelConfig
from minicrt.models.parameters import Array, Parameters, ParameterSpec, Scope


@dataclass(frozen=True)
class LinearRecurrentConfig(LanguageModelConfig):
    """cell      minGRU, or LRU
    layers       L
    hidden       state values of a layer (of an LRU real and imaginary parts, so an even number); 0: the width
    inner        inner width of the feed-forward; 0: there is none
    activation   of the feed-forward
    """

    cell: Literal["mingru", "lru"] = "mingru"
    layers: int = 3
    hidden: int = 0
    inner: int = 512
    activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.layers >= 1, f"layers is {self.layers}, expected at least 1")
        require(self.hidden >= 0, f"hidden is {self.hidden}, expected 0 (= width) or more")
        require(self.inner >= 0, f"inner is {self.inner}, expected 0 (no feed-forward) or more")
        require(self.cell != "lru" or self.states % 2 == 0,
                f"an LRU needs an even number of state values (real and imaginary parts), got "
                f"{self.states}; set hidden")

    @property
    def states(self) -> int:
        return self.hidden or self.width

    @property
    def norm(self) -> str:
        """Of the feed-forward's residual branch"""
        return "pre"


class MixCache(NamedTuple):
    """Of an LRU's output; a minGRU's is that of linear"""

    c: Any                                                   # of linear
    x: Array                                                 # the layer's normed input, (B, T, D)
    gelu: Any
    out: Any                                                 # of linear
    glu: Any


class LayerCache(NamedTuple):
    parameters: Scope
    norm: Any                                                # of layer_norm
    cell: Any                                                # of the recurrence
    mix: Any                                                 # MixCache, or of linear
    mask: Any                                                # of dropout: None without
    feed_forward: ResidualCaches | None
    state_given: bool                                        # what it goes on from was in the state


class LinearRecurrentCache(NamedTuple):
    input_mask: Any                                          # of dropout: None without
    layers: list[LayerCache]
    norm: Any                                                # of the final norm


class LinearRecurrentModel(SegmentModel):
    """x ← x + Mix(RNN(LN(x))), then x ← x + FeedForward(LN(x)), L times, and a final norm.

    minGRU:  Mix(h) = h W_out.    LRU:  Mix(h) = GLU(GELU(h C + x̂ ⊙ d) W_out + b_out), x̂ = LN(x) and h C = Re(C̃ h̃).
    State: "layer.l" (B, states), at first zeros.
    Sources: Feng et al. 2024 (arXiv 2410.01201); Orvieto et al. 2023 (arXiv 2303.06349).
    """

    config: LinearRecurrentConfig

    def __init__(self, config: LinearRecurrentConfig, engine: Any = None):
        super().__init__(config, engine)
        self.memory_entries = frozenset(self.state_shapes(1))

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        config, new_state, caches = self.config, State(), list[LayerCache]()
        x, input_mask = self.dropped(e, rng)
        for layer in range(config.layers):
            name = f"layer.{layer}"
            p = parameters.scope(name + ".")
            normed, norm_cache = norm(self, p, "norm_recurrence.", x)
            start = state.get(name, np.zeros((len(e), config.states), e.dtype))
            h, cell_cache = self.cell.run(self.engine, p, normed, start)                 # (B, T, states)
            new_state[name] = h[:, -1].copy()
            y, mix_cache = self.mix(p, h, normed)
            y, mask = self.dropped(y, rng)
            x = self.engine.add(x, y)
            x, fed = residual(self, p, "feed_forward", x, rng) if config.inner else (x, None)
            caches.append(LayerCache(p, norm_cache, cell_cache, mix_cache, mask, fed, name in state))
        z, norm_cache = norm(self, parameters, "norm_final.", x)
        return z, new_state, LinearRecurrentCache(input_mask, caches, norm_cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_old = State()
        d_x = norm_backward(self, d_z, cache.norm, "norm_final.", gradients)
        for layer in reversed(range(self.config.layers)):
            name = f"layer.{layer}"
            kept: LayerCache = cache.layers[layer]
            g = gradients.scope(name + ".")
            if kept.feed_forward is not None:
                d_x = residual_backward(self, "feed_forward", d_x, kept.feed_forward, g)
            d_h, d_normed = self._mix_backward(kept.parameters, self.engine.dropout_backward(d_x, kept.mask), kept.mix,
                                               g)
            d_in, d_start = self.cell.run_backward(self.engine, d_h, kept.cell, d_state.get(name), g)
            d_x = self.engine.add(d_x, norm_backward(self, d_in + d_normed, kept.norm, "norm_recurrence.", g))
            if kept.state_given:
                d_old[name] = d_start
        return self.engine.dropout_backward(d_x, cache.input_mask), d_old

    @property
    def cell(self) -> Cell:
        return cell(self.config.cell, self.config)

    def mix(self, p: Scope, h: Array, x: Array) -> tuple[Array, Any]:   # (B, T, states), (B, T, D) -> (B, T, D)
        engine = self.engine
        if self.config.cell == "mingru":
            return engine.linear(h, p["w_out"])
        y, c_cache = engine.linear(h, p["c"])
        y, gelu_cache = engine.gelu(y + x * p["d"])
        y, out_cache = engine.linear(y, p["w_out"], p["b_out"])          # (B, T, 2D)
        y, glu_cache = engine.glu(y)
        return y, MixCache(c_cache, x, gelu_cache, out_cache, glu_cache)

    def _mix_backward(self, p: Scope, d_y: Array, cache: Any, g: Scope) -> tuple[Array, Array | float]:  # d_h, d_x
        engine = self.engine
        if self.config.cell == "mingru":
            d_h, d_w_out, _ = engine.linear_backward(d_y, cache)
            g["w_out"] += d_w_out
            return d_h, 0.0
        d_y, d_w_out, d_b_out = engine.linear_backward(engine.glu_backward(d_y, cache.glu), cache.out)
        d_y = engine.gelu_backward(d_y, cache.gelu)                      # y = h c + x d
        d_h, d_c, _ = engine.linear_backward(d_y, cache.c)
        for name, gradient in (("w_out", d_w_out), ("b_out", d_b_out), ("c", d_c), ("d", (d_y * cache.x).sum((0, 1)))):
            g[name] += gradient
        return d_h, d_y * p["d"]

    def encoder_specs(self) -> list[ParameterSpec]:
        specs = list[ParameterSpec]()
        for layer in range(self.config.layers):
            specs += self._layer_specs(f"layer.{layer}.")
        return specs + norm_specs("norm_final.", self.config.width)

    def _layer_specs(self, prefix: str) -> list[ParameterSpec]:
        config, D, N, F = self.config, self.config.width, self.config.states, self.config.inner
        onto = (2 * config.layers) ** -0.5                               # as in a Transformer's block
        specs = norm_specs(prefix + "norm_recurrence.", D) + self.cell.specs(prefix, D, N)
        if config.cell == "mingru":
            specs.append(ParameterSpec(prefix + "w_out", (N, D), initialisers.normal(onto * N ** -0.5)))
        else:
            specs += [ParameterSpec(prefix + "c", (N, D), initialisers.normal(N ** -0.5)),
                      ParameterSpec(prefix + "d", (D,), initialisers.ones, decay=False),
                      ParameterSpec(prefix + "w_out", (D, 2 * D), initialisers.normal(onto * D ** -0.5)),
                      ParameterSpec(prefix + "b_out", (2 * D,), initialisers.zeros, decay=False)]
        if F:
            specs += norm_specs(prefix + "norm_feed_forward.", D)
            specs += [ParameterSpec(prefix + "feed_forward.w_in", (D, F), initialisers.normal(D ** -0.5)),
                      ParameterSpec(prefix + "feed_forward.b_in", (F,), initialisers.zeros, decay=False),
                      ParameterSpec(prefix + "feed_forward.w_out", (F, D), initialisers.normal(onto * F ** -0.5)),
                      ParameterSpec(prefix + "feed_forward.b_out", (D,), initialisers.zeros, decay=False)]
        return specs

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return {f"layer.{layer}": (batch, self.config.states) for layer in range(self.config.layers)}
