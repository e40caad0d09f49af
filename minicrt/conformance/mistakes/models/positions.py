"""Mistakes in the positions of a CRT and of a Transformer"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import CRT, SegmentModel, Transformer
from minicrt.models.parameters import Parameters
from minicrt.models.positions import PositionCaches, PositionedModel, position_cell, sinusoids

Array = np.ndarray

SENTENCES = {
    "positions: added twice": "Positions are added twice.",
    "positions: not added": "The positions' network runs and its state is carried, but p_t is not added to e_t.",
    "positions: without e": "x_t is p_t alone: the embedding is not added to it.",
    "positions: one step early": "p_{t−1} is added to e_t in place of p_t, which has read e_t.",
    "positions: of unscaled embeddings": "The positions' network reads E[token] without the factor √D; what its states "
                                         "are added to has it.",
    "positions: D/2 − 1": "The sinusoids' frequencies are 10000^(−k/(D/2 − 1)), as in Tensor2Tensor, in place of "
                          "10000^(−2k/D).",
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


def without_embedding() -> tuple[Substitute, ...]:
    """x = p; backwards the sum of both gradients of e is that through the positions' network alone."""
    def second(forward: Any, backward: Any) -> tuple[Any, Any]:
        return (lambda first, second: second), backward
    return (Substitute("add", second, lambda place: place in ("x", "d_positions.h")),)


class AddsStateBefore(PositionedModel):
    """x_t = e_t + p_{t−1} W_p"""

    def positions(self, p: Parameters, e: Array, start: Array | None) -> tuple[Array, Any, Any]:
        first = np.zeros((len(e), self.config.positions_width)) if start is None else start
        states, recurrence = position_cell(self.config).run(self.engine, p.scope("positions."), e, first)
        added, out = np.concatenate([first[:, None], states[:, :-1]], axis=1), None
        if "positions.w_out" in p:
            added, out = self.engine.linear(added, p["positions.w_out"])
        return self.engine.add(e, added), states[:, -1].copy(), PositionCaches(states, recurrence, out)

    def positions_backward(self, d_x: Array, d_last: Array | None, cache: Any, g: Parameters) -> tuple[Array, Any]:
        d_added = d_x
        if cache.out is not None:
            d_added, d_w_out, _ = self.engine.linear_backward(d_x, cache.out)
            g["positions.w_out"] += d_w_out
        d_states = np.concatenate([d_added[:, 1:], np.zeros_like(d_added[:, :1])], axis=1)
        d_e, d_start = position_cell(self.config).run_backward(self.engine, d_states, cache.recurrence, d_last,
                                                               g.scope("positions."))
        return self.engine.add(d_x, d_e), d_start + d_added[:, 0]


class OfUnscaled(PositionedModel):
    """The positions' network reads e/√D"""

    def positions(self, p: Parameters, e: Array, start: Array | None) -> tuple[Array, Any, Any]:
        first = np.zeros((len(e), self.config.positions_width)) if start is None else start
        states, recurrence = position_cell(self.config).run(self.engine, p.scope("positions."), e / self.scale, first)
        added, out = states, None
        if "positions.w_out" in p:
            added, out = self.engine.linear(states, p["positions.w_out"])
        return self.engine.add(e, added), states[:, -1].copy(), PositionCaches(states, recurrence, out)

    def positions_backward(self, d_x: Array, d_last: Array | None, cache: Any, g: Parameters) -> tuple[Array, Any]:
        d_e, d_start = super().positions_backward(d_x, d_last, cache, g)
        return d_x + (d_e - d_x) / self.scale, d_start


def tensor2tensor(length: int, width: int) -> Array:         # -> (T, D)
    """Sinusoids whose last frequency is 1/10000"""
    half = (width + 1) // 2
    angles = np.arange(length)[:, None] * 10000.0 ** (-np.arange(half) / max(half - 1, 1))
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :width]


class TableOfOtherFrequencies(PositionedModel):
    def positions(self, p: Parameters, e: Array, start: Array | None) -> tuple[Array, Any, Any]:
        x, last, cache = super().positions(p, e, start)
        return x + (tensor2tensor(*e.shape[1:]) - sinusoids(*e.shape[1:])), last, cache


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
        changes = {"positions: added twice": times(2, added), "positions: not added": times(0, added),
                   "positions: without e": without_embedding()}
        others = {"positions: one step early": AddsStateBefore, "positions: of unscaled embeddings": OfUnscaled}
        return [*(ModelMistake(name, SENTENCES[name], substitutes=change) for name, change in changes.items()),
                *(ModelMistake(name, SENTENCES[name], models=(made,)) for name, made in others.items())]
    models = {"positions: added twice": (config.positions != "none", TableTwice),
              "positions: D/2 − 1": (config.positions == "sinusoidal", TableOfOtherFrequencies),
              "positions: interleaved": (config.positions == "sinusoidal", TableInterleaved),
              "positions: from 1": (config.positions == "sinusoidal", TableFromOne)}
    return [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
