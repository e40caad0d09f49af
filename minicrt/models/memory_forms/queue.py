"""A compressive queue: a row for the last segment, and the older the rows, the more segments they pool"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minicrt.models import initialisers
from minicrt.models.memory_forms.rows import RowsCRT
from minicrt.models.parameters import Array, Parameters, ParameterSpec

HANDED_ON = -3.0                                             # σ(−3): a row that keeps 5 % of what it held


class QueueCache(NamedTuple):
    attention: Any
    queue: Any                                               # of pooled_queue


class QueueCRT(RowsCRT):
    """The segment's outputs, as one query finds them, enter a queue in which each row hands on what it does not keep:

        u = softmax(q yᵀ/√D) y,   m_N^i = z^i ⊙ m_{N−1}^i + (1 − z^i) ⊙ m_{N−1}^{i−1},   m^0 = u,   z = σ(b)

    At first z grows along the queue from 0.05, a row that is just handed on, to what keeps for `memory_span` segments.
    """

    def write(self, p: Parameters, y: Array, m: Array) -> tuple[Array, QueueCache]:
        q = np.broadcast_to(p["memory.query"], (len(y), 1, y.shape[2]))
        u, attention = self.attend(q, y, y)
        new, queue = self.engine.pooled_queue(u[:, 0], m, p["memory.keep"])
        return new, QueueCache(attention, queue)

    def write_backward(self, d_new: Array, cache: QueueCache, g: Parameters) -> tuple[Array, Array]:
        d_u, d_m, d_keep = self.engine.pooled_queue_backward(d_new, cache.queue)
        d_q, d_keys, d_values = self.engine.attention_backward(d_u[:, None], cache.attention)
        g["memory.query"] += d_q.sum(0)
        g["memory.keep"] += d_keep
        return d_keys + d_values, d_m

    def form_specs(self) -> list[ParameterSpec]:
        M, D = self.config.memory_vectors, self.config.width
        return [self.start_spec(), ParameterSpec("memory.query", (1, D), initialisers.normal(1.0), decay=False),
                ParameterSpec("memory.keep", (M, D), partial(_along, self.config.memory_span), decay=False),
                *self.reading_specs()]


def _along(span: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """b^i evenly from −3 to log span, at which a row pools 1 + span segments"""
    return np.repeat(np.linspace(HANDED_ON, np.log(span), shape[0])[:, None], shape[1], axis=1)
