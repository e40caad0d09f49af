"""Mistakes in what a Transformer-XL's queries are made of, how far away keys are taken to be, and how many are seen"""

from typing import Any

import numpy as np

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.positions import tensor2tensor
from minicrt.models import SegmentModel, TransformerXL
from minicrt.models.positions import sinusoids

Array = np.ndarray

SENTENCES = {
    "distances: from 1": "Distances are counted from 1: a query's own row has 1, and all others one more.",
    "distances: D/2 − 1": "The sinusoids' frequencies are 10000^(−k/(D/2 − 1)), as in Tensor2Tensor, in place of "
                          "10000^(−2k/D).",
    "queries: not normed": "The norm acts on keys and values alone: queries are made of x as it is.",
    "same_length: one key more": "Every query sees one key more than same_length allows: the mask is off by one.",
    "same_length: one key fewer": "Every query sees one key fewer than same_length allows: the mask is off by one.",
}


class TableFromOne(TransformerXL):
    def table(self, rows: int, dtype: Any) -> Array:
        return sinusoids(rows + 1, self.config.width)[distances(self, rows) + 1]


class TableOfOtherFrequencies(TransformerXL):
    def table(self, rows: int, dtype: Any) -> Array:
        return tensor2tensor(rows, self.config.width)[distances(self, rows)]


def distances(model: TransformerXL, rows: int) -> Array:
    falling = np.arange(rows)[::-1]
    return np.minimum(falling, model.config.clamp_length) if model.config.clamp_length else falling


class UnnormedQueries(TransformerXL):
    """Pre-norm: q = x W_q, [k, v] = LN([old ; x]) W_kv"""

    engine: Any
    _d_query: Any = 0.0

    def attend(self, p: Any, x: Array, *arguments: Any) -> tuple[Array, Any]:
        engine, self.engine = self.engine, QueriesOf(self.engine, p["attention.w_q"], x)
        try:
            return super().attend(p, x, *arguments)
        finally:
            self.engine = engine

    def context_backward(self, d_c: Array, cache: Any, g: Any) -> Array:
        d_c = super().context_backward(d_c, cache, g)
        d_query, self._d_query = self._d_query, 0.0
        d_c[:, cache.cached:] += d_query
        return d_c

    def linear_back(self, d_y: Array, cache: Any, weight: str, g: Any) -> Array:
        d_x = super().linear_back(d_y, cache, weight, g)
        if weight != "attention.w_q":
            return d_x
        self._d_query = d_x
        return np.zeros_like(d_x)


class QueriesOf:
    """An engine whose linear layer reads `x` where it has the weight of the queries"""

    def __init__(self, engine: Any, weight: Array, x: Array) -> None:
        self._engine, self._weight, self._x = engine, weight, x

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def linear(self, x: Array, weight: Array, *bias: Any) -> Any:
        queries = np.may_share_memory(weight, self._weight)
        return self._engine.linear(self._x if queries else x, weight, *bias)


class OneKeyMore(TransformerXL):
    more = 1

    def mask(self, T: int, cached: int) -> Array | None:
        hidden = max(T + cached - self.config.cached - self.more, 0)
        return np.tri(T, T + cached, cached, dtype=bool) & ~np.tri(T, T + cached, hidden - T, dtype=bool)


class OneKeyFewer(OneKeyMore):
    more = -1


def distances_and_queries(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, TransformerXL):
        return []
    config = model.config
    models = {
        "distances: from 1": (True, TableFromOne),
        "distances: D/2 − 1": (True, TableOfOtherFrequencies),
        "queries: not normed": (config.norm == "pre", UnnormedQueries),
        "same_length: one key more": (config.same_length, OneKeyMore),
        "same_length: one key fewer": (config.same_length, OneKeyFewer),
    }
    return [ModelMistake(name, SENTENCES[name], models=(made,)) for name, (applies, made) in models.items() if applies]
