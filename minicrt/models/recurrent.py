"""GRU and LSTM language models: a plain stack of recurrent layers (docs/spec.md, 2.3)"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from minicrt.configuration import require
from minicrt.models.base import SegmentModel, State
from minicrt.models.cells import Cell, cell
from minicrt.models.language_config import LanguageModelConfig
from minicrt.models.parameters import Array, Parameters, ParameterSpec


@dataclass(frozen=True)
class RecurrentConfig(LanguageModelConfig):
    """cell   the network of every layer
    layers    L
    hidden    width of all layers but the last, which has the embedding's, so that the output can be tied; 0: the same
    """

    cell: Literal["lstm", "gru"] = "lstm"
    layers: int = 2
    hidden: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.layers >= 1, f"layers is {self.layers}, expected at least 1")
        require(self.hidden >= 0, f"hidden is {self.hidden}, expected 0 (= width) or more")


class LayerCache(NamedTuple):
    input_mask: Any                                          # of dropout: None without
    cell: Any                                                # of the layer's network
    state_given: bool                                        # what it goes on from was in the state


class RecurrentModel(SegmentModel):
    """h^l_t = RNN_l(h^{l−1}_t, h^l_{t−1}), h^0 = e, z = h^L, dropout between the layers.

    State: "layer.l" (B, ·), what layer l goes on from: h, of an LSTM [h, c]; at first zeros.
    The output reads h, which is small at first and no larger than 1, with no norm in between. With a table of small
    entries the first steps of Adam, which try to make frequent words likely, drive h to ±1, where it tells nothing and
    takes no gradient; so here the table starts four times as large as in a comparator whose output reads
    a norm.
    Source: Zaremba et al. 2014 (arXiv 1409.2329); GRU by `reset_after`.
    """

    input_size, output_size = 2.0, 4.0
    config: RecurrentConfig

    def __init__(self, config: RecurrentConfig, engine: Any = None):
        super().__init__(config, engine)
        self.memory_entries = frozenset(self.state_shapes(1))

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        caches, new_state = list[LayerCache](), State()
        x = e
        for layer, width in enumerate(self._widths()):
            x, mask = self.dropped(x, rng)
            name, size = f"layer.{layer}", self.cell.size * width
            start = state.get(name, np.zeros((len(e), size), e.dtype))
            states, cache = self.cell.run(self.engine, parameters.scope(name + "."), x, start)            # (B, T, size)
            new_state[name] = states[:, -1].copy()
            x = np.ascontiguousarray(states[..., :width])
            caches.append(LayerCache(mask, cache, name in state))
        return x, new_state, caches

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_old, d_x = State(), d_z
        for layer in reversed(range(self.config.layers)):
            kept: LayerCache = cache[layer]
            name, width = f"layer.{layer}", d_x.shape[2]
            unread = np.zeros((*d_x.shape[:2], (self.cell.size - 1) * width), d_x.dtype)         # an LSTM's c
            d_states = np.concatenate([d_x, unread], axis=2)
            d_x, d_start = self.cell.run_backward(self.engine, d_states, kept.cell, d_state.get(name),
                                                  gradients.scope(name + "."))
            d_x = self.engine.dropout_backward(d_x, kept.input_mask)
            if kept.state_given:
                d_old[name] = d_start
        return d_x, d_old

    def encoder_specs(self) -> list[ParameterSpec]:
        specs, inputs = list[ParameterSpec](), self.config.width
        for layer, width in enumerate(self._widths()):
            specs += self.cell.specs(f"layer.{layer}.", inputs, width)
            inputs = width
        return specs

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        size = self.cell.size
        return {f"layer.{layer}": (batch, size * width) for layer, width in enumerate(self._widths())}

    @property
    def cell(self) -> Cell:
        return cell(self.config.cell, self.config)

    def _widths(self) -> list[int]:
        return [self.config.hidden or self.config.width] * (self.config.layers - 1) + [self.config.width]
