"""Slots: each asks the segment for what concerns it, and a gate says what of it is kept"""

import dataclasses
from typing import Any, NamedTuple

from minicrt.models import initialisers
from minicrt.models.cells import Cell, SkewParameter, cell
from minicrt.models.memory_forms.rows import RowsCRT
from minicrt.models.parameters import Array, Parameters, ParameterSpec

NETWORK = "memory.slot."


class SlotsCache(NamedTuple):
    norm: Any                                                # of m as it asks: None without
    query: Any                                               # of linear
    attention: Any
    cell: Any                                                # of the slots' network
    sparse: Any                                              # of sparse_write: None where all slots are written


class SlotsCRT(RowsCRT):
    """Each slot is a query over the segment's outputs, and one network for all slots is the gate:

        u^i = softmax((m̂^i W_s) yᵀ/√D) y,   m_N^i = RNN(u^i, m_{N−1}^i)                 i = 1 … M, one step a segment

    With memory_top_k = k only the k slots that would change most are written; the others stay as they are, bit by bit.
    After Locatello et al. 2020 (arXiv 2006.15055), with the softmax over the tokens.
    """

    def write(self, p: Parameters, y: Array, m: Array) -> tuple[Array, SlotsCache]:
        B, M, D = m.shape
        m_hat, norm = self.normed(p, m)
        q, query = self.engine.linear(m_hat, p["memory.w_query"])                        # (B, M, D)
        u, attention = self.attend(q, y, y)
        h, cell_cache = self.network.run(self.engine, p.scope(NETWORK), u.reshape(B * M, 1, D), m.reshape(B * M, D))
        new, sparse = h.reshape(B, M, D), None
        if self.config.memory_top_k:
            new, sparse = self.engine.sparse_write(new, m, self.config.memory_top_k)
        return new, SlotsCache(norm, query, attention, cell_cache, sparse)

    def write_backward(self, d_new: Array, cache: SlotsCache, g: Parameters) -> tuple[Array, Array]:
        (B, M, D), d_kept = d_new.shape, 0.0
        if cache.sparse is not None:
            d_new, d_kept = self.engine.sparse_write_backward(d_new, cache.sparse)
        d_u, d_m = self.network.run_backward(self.engine, d_new.reshape(B * M, 1, D), cache.cell, None,
                                             g.scope(NETWORK))
        d_q, d_keys, d_values = self.engine.attention_backward(d_u.reshape(B, M, D), cache.attention)
        d_m_hat, d_w_query, _ = self.engine.linear_backward(d_q, cache.query)
        g["memory.w_query"] += d_w_query
        return d_keys + d_values, d_m.reshape(B, M, D) + d_kept + self.normed_backward(d_m_hat, cache.norm, g)

    @property
    def network(self) -> Cell:
        """Its retention is counted in segments: it takes one step in each."""
        made: Any = cell(self.config.memory, self.config)
        return dataclasses.replace(made, t_max=max(2, self.config.memory_span))

    def form_specs(self) -> list[ParameterSpec]:
        D = self.config.width
        return [self.start_spec(), ParameterSpec("memory.w_query", (D, D), initialisers.normal(D ** -0.5)),
                *self.network.specs(NETWORK, D, D), *self.reading_specs()]

    def skew_parameters(self) -> list[SkewParameter]:
        return self.network.skew_parameters(NETWORK, self.config.width)
