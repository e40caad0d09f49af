"""A memory of M rows that attention reads: what slots and the queue have in common"""

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np

from minicrt.models import initialisers
from minicrt.models.block import norm_specs
from minicrt.models.memory_forms.form import FormedCRT
from minicrt.models.parameters import Array, Parameters, ParameterSpec


class ReadingCache(NamedTuple):
    y: Array                                                 # (B, T, D)
    r: Array                                                 # (B, T, D)
    query: Any                                               # of linear
    value: Any                                               # of linear
    attention: Any
    norm: Any                                                # of m as it is read: None without


class RowsCache(NamedTuple):
    write: Any                                               # of the form's `write`
    reading: ReadingCache


class RowsCRT(FormedCRT):
    """The rows m^1 … m^M stand in front of the tokens, are read by every output, and are written once a segment:

        r_t = softmax((y_t W_q) m̂ᵀ/√D) m̂ W_v,   z_t = y_t + (1 + y_t) ⊙ r_t             m̂: m, normed where it has a norm
        m_N = write(y_1 … y_T, m_{N−1})
    """

    @abstractmethod
    def write(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Any]:
        """y (B, T, D), m_{N−1} (B, M, D) → m_N (B, M, D)"""

    @abstractmethod
    def write_backward(self, d_new: Array, cache: Any, g: Parameters) -> tuple[Array, Array]:
        """G_{m_N} → G_y, G_{m_{N−1}}"""

    def remember(self, p: Parameters, y: Array, m: Array) -> tuple[Array, Array, RowsCache]:
        z, reading = self.read(p, y, m)
        new, written = self.write(p, y, m)
        return z, new, RowsCache(written, reading)

    def remember_backward(self, d_z: Array, d_new: Array | None, cache: RowsCache, g: Parameters
                          ) -> tuple[Array, Array]:
        d_y, d_m = self.read_backward(d_z, cache.reading, g)
        if d_new is None:                                    # nothing reads what was written
            return d_y, d_m
        d_y_written, d_m_written = self.write_backward(d_new, cache.write, g)
        return d_y + d_y_written, d_m + d_m_written

    def read(self, p: Parameters, y: Array, m: Array) -> tuple[Array, ReadingCache]:
        m_hat, norm = self.normed(p, m)
        values, value = self.engine.linear(m_hat, p["memory.read.w_value"])              # (B, M, D)
        z, r, query, attention = self.asked(p, y, m_hat, values)
        return z, ReadingCache(y, r, query, value, attention, norm)

    def asked(self, p: Parameters, y: Array, m_hat: Array, values: Array) -> tuple[Array, Array, Any, Any]:
        """What reading takes for each output: z, r, and the caches of the two operations"""
        q, query = self.engine.linear(y, p["memory.read.w_query"])                       # (B, T, D)
        r, attention = self.attend(q, m_hat, values)
        return y + (1 + y) * r, r, query, attention

    def read_backward(self, d_z: Array, cache: ReadingCache, g: Parameters) -> tuple[Array, Array]:
        d_q, d_keys, d_values = self.engine.attention_backward((1 + cache.y) * d_z, cache.attention)
        d_y, d_w_query, _ = self.engine.linear_backward(d_q, cache.query)
        d_m, d_w_value, _ = self.engine.linear_backward(d_values, cache.value)
        g["memory.read.w_query"] += d_w_query
        g["memory.read.w_value"] += d_w_value
        return d_y + (1 + cache.r) * d_z, self.normed_backward(d_m + d_keys, cache.norm, g)

    def attend(self, q: Array, k: Array, v: Array) -> tuple[Array, Any]:
        """One head; every query sees every key."""
        return self.engine.attention(q, k, v, 1, np.ones((q.shape[1], k.shape[1]), bool))

    def front(self, p: Parameters, m: Array) -> tuple[Array, Any]:
        return self.normed(p, m)

    def front_backward(self, d_rows: Array, cache: Any, g: Parameters) -> Array:
        return self.normed_backward(d_rows, cache, g)

    def reading_specs(self) -> list[ParameterSpec]:
        """The norm of the rows, where they have one, and the two matrices that read them"""
        D = self.config.width
        norm = norm_specs("memory.norm.", D) if self.config.normed_memory else []
        return norm + [ParameterSpec(f"memory.read.w_{name}", (D, D), initialisers.normal(D ** -0.5))
                       for name in ("query", "value")]

    def start_spec(self) -> ParameterSpec:
        return ParameterSpec("memory.start", (self.config.memory_vectors, self.config.width), initialisers.normal(1.0),
                             decay=False)
