"""What language models of state spaces share: residual layers whose states go from segment to segment"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from minicrt.configuration import require
from minicrt.models.base import LanguageModelConfig, SegmentModel, State
from minicrt.models.parameters import Array, Parameters, ParameterSpec, Scope


@dataclass(frozen=True)
class StateSpaceConfig(LanguageModelConfig):
    """layers       L
    states       N, of each channel
    """

    layers: int = 3
    states: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("layers", "states"):
            require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}, expected at least 1")


class LayerCache(NamedTuple):
    norm: Any                                                # of the layer's norm
    mix: Any                                                 # of the model's `mix`
    mask: Any                                                # of dropout: None without
    feed_forward: Any                                        # of the model's `feed`
    given: frozenset[str]                                    # the entries that were in the state


class EncoderCache(NamedTuple):
    input_mask: Any                                          # of dropout: None without
    parameters: list[Scope]
    layers: list[LayerCache]
    norm: Any                                                # of the final norm


class StateSpaceModel(SegmentModel):
    """x ← x + Mix(norm(x)), L times, each with a feed-forward behind it where the model has one, and a final norm.

    A subclass says what Mix is, which norm, and which entries a layer's state has (`entries`): "layer.l.entry" of the
    model's state, at first zeros.
    """

    config: StateSpaceConfig
    entries: ClassVar[tuple[str, ...]]

    def __init__(self, config: StateSpaceConfig, engine: Any = None):
        super().__init__(config, engine)
        self.memory_entries = frozenset(self.state_shapes(1))

    @abstractmethod
    def entry_shape(self, entry: str) -> tuple[int, ...]:
        """Of one stream"""

    @abstractmethod
    def mix(self, p: Scope, x: Array, carried: dict[str, Array]) -> tuple[Array, dict[str, Array], Any]:
        """(B, T, D) and the layer's state → (B, T, D), the next state, and the cache"""

    @abstractmethod
    def mix_backward(self, p: Scope, d_y: Array, d_carried: dict[str, Array | None], cache: Any, g: Scope
                     ) -> tuple[Array, dict[str, Array]]:
        """→ d_x and the gradient of the state; the parameters' gradients are added into g"""

    @abstractmethod
    def normed(self, p: Any, name: str, x: Array) -> tuple[Array, Any]: ...

    @abstractmethod
    def normed_backward(self, d_y: Array, cache: Any, name: str, g: Any) -> Array: ...

    def feed(self, p: Scope, x: Array, rng: np.random.Generator | None) -> tuple[Array, Any]:
        """x with a feed-forward's output added, where there is one"""
        return x, None

    def feed_backward(self, d_x: Array, cache: Any, g: Scope) -> Array:
        return d_x

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        after, scopes, caches = State(), list[Scope](), list[LayerCache]()
        x, input_mask = self.dropped(e, rng)
        for layer in range(self.config.layers):
            names = {entry: f"layer.{layer}.{entry}" for entry in self.entries}
            p = parameters.scope(f"layer.{layer}.")
            normed, norm_cache = self.normed(p, "norm_recurrence.", x)
            carried = {entry: state.get(name, np.zeros((len(e), *self.entry_shape(entry)), e.dtype))
                       for entry, name in names.items()}
            y, carried, mix_cache = self.mix(p, normed, carried)
            after.update({names[entry]: carried[entry] for entry in self.entries})
            y, mask = self.dropped(y, rng)
            x, fed = self.feed(p, self.engine.add(x, y), rng)
            scopes.append(p)
            caches.append(LayerCache(norm_cache, mix_cache, mask, fed, frozenset(names.values()) & state.keys()))
        z, norm_cache = self.normed(parameters, "norm_final.", x)
        return z, after, EncoderCache(input_mask, scopes, caches, norm_cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_old = State()
        d_x = self.normed_backward(d_z, cache.norm, "norm_final.", gradients)
        for layer in reversed(range(self.config.layers)):
            kept: LayerCache = cache.layers[layer]
            names, g = {entry: f"layer.{layer}.{entry}" for entry in self.entries}, gradients.scope(f"layer.{layer}.")
            d_x = self.feed_backward(d_x, kept.feed_forward, g)
            d_y = self.engine.dropout_backward(d_x, kept.mask)
            d_carried = {entry: d_state.get(name) for entry, name in names.items()}
            d_normed, d_start = self.mix_backward(cache.parameters[layer], d_y, d_carried, kept.mix, g)
            d_x = self.engine.add(d_x, self.normed_backward(d_normed, kept.norm, "norm_recurrence.", g))
            d_old.update({names[entry]: d_start[entry] for entry in self.entries if names[entry] in kept.given})
        return self.engine.dropout_backward(d_x, cache.input_mask), d_old

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return {f"layer.{layer}.{entry}": (batch, *self.entry_shape(entry)) for layer in range(self.config.layers)
                for entry in self.entries}

    @property
    def onto(self) -> float:
        """What matrices that write to the residual stream are smaller by, as in a Transformer's block"""
        return (2 * self.config.layers) ** -0.5

    @abstractmethod
    def layer_specs(self, prefix: str) -> list[ParameterSpec]: ...

    @abstractmethod
    def final_specs(self) -> list[ParameterSpec]: ...

    def encoder_specs(self) -> list[ParameterSpec]:
        specs = [spec for layer in range(self.config.layers) for spec in self.layer_specs(f"layer.{layer}.")]
        return specs + self.final_specs()
