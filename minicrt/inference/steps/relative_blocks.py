"""Transformer-XL's blocks one row at a time, in terms of the operations"""

from typing import Any

import numpy as np

from minicrt.models.block import norm, residual
from minicrt.models.parameters import Parameters, Scope

Array = np.ndarray


class RelativeBlocks:
    """L blocks over a new row, which sees the rows since `begin` and the cache, by distance.

    Keys and values of all of them are kept, and the projected table of distances, which no input changes.
    """

    def __init__(self, model: Any, parameters: Parameters, batch: int, room: int) -> None:
        self.model, L, D = model, model.config.layers, model.config.width
        self.scopes = [parameters.scope(f"blocks.{layer}.") for layer in range(L)]
        self.biases = [model.biases(parameters, layer) for layer in range(L)]
        table = model.table(room, parameters.dtype)                              # the last row is distance 0
        self.tables = [self.linear(table, p["attention.w_r"]) for p in self.scopes]
        self.keys, self.values = (np.zeros((L, batch, room, D), parameters.dtype) for _ in range(2))
        self.most = model.config.cached if model.config.same_length else room
        self.rows = 0

    def begin(self, cache: Array) -> None:                   # (B, L + 1, M, D): what the layers read before
        self.rows = cache.shape[2]
        for layer, p in enumerate(self.scopes):
            self.keep(layer, p, self.normed(p, cache[:, layer]), 0)

    def __call__(self, x: Array, outputs: Array) -> Array:   # (B, 1, D), and (B, L, D) to write into -> (B, 1, D)
        for layer, p in enumerate(self.scopes):
            x = self.attend(layer, p, x)
            x, _ = residual(self.model, p, "feed_forward", x, None)
            outputs[:, layer] = x[:, 0]
        self.rows += 1
        return x

    def attend(self, layer: int, p: Scope, x: Array) -> Array:
        """pre-norm: x + A(LN(x));  post-norm: LN(x + A(x)), as in TransformerXL.attend"""
        c = self.normed(p, x)
        self.keep(layer, p, c, self.rows)
        now = self.rows + 1
        first, q = max(now - self.most, 0), self.linear(c, p["attention.w_q"])
        heads, _ = self.model.engine.relative_attention(
            q, self.keys[layer, :, first:now], self.values[layer, :, first:now], self.tables[layer][first - now:],
            *self.biases[layer], self.model.config.heads)
        x = x + self.linear(heads, p["attention.w_out"])
        return norm(self.model, p, "norm_attention.", x)[0] if self.model.config.norm == "post" else x

    def keep(self, layer: int, p: Scope, c: Array, row: int) -> None:
        k, v = np.split(self.linear(c, p["attention.w_kv"]), 2, axis=-1)
        self.keys[layer, :, row:row + c.shape[1]], self.values[layer, :, row:row + c.shape[1]] = k, v

    def normed(self, p: Scope, x: Array) -> Array:
        return norm(self.model, p, "norm_attention.", x)[0] if self.model.config.norm == "pre" else x

    def linear(self, x: Array, weight: Array) -> Array:
        y, _ = self.model.engine.linear(x, weight)
        return y
