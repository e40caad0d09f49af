"""Mistakes in the positions of a CRT and of a Transformer"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import CRT, SegmentModel, Transformer
from minicrt.models.parameters import Parameters
from minicrt.models.positions import PositionedModel, sinusoids

Array = np.ndarray

SENTENCES = {
    "positions: added twice": "Positions are added twice.",
    "positions: not added": "The positions' network runs and its state is carried, but p_t is not added to e_t.",
    "positions: interleaved": "Sines and cosines alternate; here all sines come first.",
    "positions: from 1": "Positions are counted from 1: every row of sinusoids is one too far; here the first is 0.",
}


def times(factor: float, added: str) -> tuple[Substitute, ...]:
    """x = e + `factor` p; `added` is the place of what is added to e."""
    def change(forward: Any, backward: Any) -> tuple[Any, Any]:
        return (lambda e, p: e + factor * p), backward
    operation = "gru" if added == "positions.h" else "linear"
    return (Substitute("add", change, lambda place: place == "x"),
            Substitute(operation, at=lambda place: place == added, arriving=lambda d_y: factor * d_y))


def interleaved(table: Array) -> Array:                      # (T, D): [sines, cosines] -> a sine, a cosine, a sine, …
    half = (table.shape[1] + 1) // 2
    order = np.argsort(np.concatenate([2 * np.arange(half), 2 * np.arange(table.shape[1] - half) + 1]))
    return table[:, order]


class TableInterleaved(PositionedModel):
    """Sinusoidal positions in another order of columns, in a CRT or a Transformer."""

    def positions(self, p: Parameters, e: Array, start: Array | None) -> tuple[Array, Any, Any]:
        x, last, cache = super().positions(p, e, start)
        table = sinusoids(*e.shape[1:])
        return x + (interleaved(table) - table), last, cache


class TableFromOne(PositionedModel):
    """Row t + 1 of the sinusoids stands at token t, in a CRT or a Transformer."""

    def positions(self, p: Parameters, e: Array, start: Array | None) -> tuple[Array, Any, Any]:
        x, last, cache = super().positions(p, e, start)
        table = sinusoids(e.shape[1] + 1, e.shape[2])
        return x + (table[1:] - table[:-1]), last, cache


class TableTwice(PositionedModel):
    """A learned or sinusoidal table is added a second time, in a CRT or a Transformer."""

    def positions(self, p: Parameters, e: Array, start: Array | None) -> tuple[Array, Any, Any]:
        x, last, cache = super().positions(p, e, start)
        return x + (x - e), last, cache

    def positions_backward(self, d_x: Array, d_last: Array | None, cache: Any, g: Parameters) -> tuple[Array, Any]:
        d_e, d_start = super().positions_backward(d_x, d_last, cache, g)
        if self.config.positions == "learned":
            g["positions.table"][:d_x.shape[1]] += d_x.sum(0)
        return d_e, d_start


def positions(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, CRT | Transformer):
        return []
    config: Any = model.config
    if config.positions == "recurrent":
        added = "positions.h" if config.positions_width == config.width else "positions.out"
        factors = {"positions: added twice": 2, "positions: not added": 0}
        return [ModelMistake(name, SENTENCES[name], substitutes=times(factor, added))
                for name, factor in factors.items()]
    models = {"positions: added twice": (config.positions != "none", TableTwice),
              "positions: interleaved": (config.positions == "sinusoidal", TableInterleaved),
              "positions: from 1": (config.positions == "sinusoidal", TableFromOne)}
    return [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
