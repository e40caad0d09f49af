"""The layers of a model one row at a time, compiled: names and meaning are those of `layers`

Each has what it writes into from the start, so a step takes no memory; what it returns is good until its next call.
Weights are not copied, all streams of a model share them; what is computed of weights alone, each stream has. Those of
a quantised run are read as the small integers that they are; in float32 are Transformer-XL's W_r, which is needed once,
NC-GRU's u, which is made, and what RMT's memory rows go through.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicrt.inference.steps import layers
from minicrt.kernels.steps import block, calls, feed_forward
from minicrt.models.cells import Cell
from minicrt.models.parameters import Parameters, Scope

Array = np.ndarray


class Embedding(layers.Embedding):
    def __init__(self, p: Parameters, scale: float) -> None:
        self.stored, self.scale = p.stored("embedding"), p.dtype.type(scale)
        self.run = calls.ROWS.get(type(self.stored), calls.scaled_rows)

    def __call__(self, tokens: Array, e: Array) -> None:
        self.run(self.stored, tokens, self.scale, e)


class Linear(layers.Linear):
    def __init__(self, engine: Any, batch: int, p: Parameters | Scope, name: str) -> None:
        self.weight = p.stored(name)
        a_row = self.weight[0] if isinstance(self.weight, np.ndarray) else self.weight.scales
        self.y = np.empty((batch, 1, len(a_row)), a_row.dtype)

    def __call__(self, x: Array) -> Array:
        calls.product(row_of(x), self.weight, row_of(self.y))
        return self.y


class Norm(layers.Norm):
    def __init__(self, engine: Any, batch: int, p: Parameters | Scope, prefix: str) -> None:
        super().__init__(engine, batch, p, prefix)
        self.y = np.empty((batch, 1, len(self.gain)), self.gain.dtype)

    def __call__(self, x: Array) -> Array:
        calls.layer_norm(row_of(x), self.gain, self.bias, row_of(self.y))
        return self.y


class Output(layers.Output):
    def __init__(self, engine: Any, batch: int, p: Parameters, name: str) -> None:
        self.weight, self.bias = p.stored(name), p["output.bias"]
        self.logits = np.empty((batch, len(self.bias)), self.bias.dtype)
        self.run = calls.products_with_rows if isinstance(self.weight, np.ndarray) else calls.scores

    def __call__(self, z: Array) -> Array:
        self.run(row_of(z), self.weight, self.bias, self.logits)
        return self.logits


class Recurrence(layers.Recurrence):
    def __init__(self, engine: Any, batch: int, cell: Cell, p: Scope) -> None:
        self.weights = weights_of(engine, cell, p)
        self.run = STEPS[cell.operation](batch, *self.weights)
        self.spare: Array | None = None

    def __call__(self, x: Array, state: Array) -> Array:
        """The state that was given is written into at the call after: two arrays take turns."""
        after = np.empty_like(state) if self.spare is None else self.spare
        self.run(row_of(x), state, after)
        self.spare = state
        return after


def weights_of(engine: Any, cell: Cell, p: Scope) -> tuple[Any, ...]:
    """What the cell's operation takes, as it is kept; NC-GRU's u is made, once, and in floating point."""
    if not cell.skew_parameters("", 1):
        return cell.arguments(engine, p.as_stored())
    _, u, *rest = cell.arguments(engine, p)
    return (p.stored("w"), np.ascontiguousarray(u), *rest)


def gru_step(batch: int, w: Any, u: Any, b: Array, b_hn: Array | None, reset_after: bool) -> Any:
    if not reset_after:
        return reset_before_step(batch, w, u, b, "tanh")
    a, c = scratch(batch, b, len(b)), scratch(batch, b, len(b) // 3)
    return lambda x, h, after: calls.gru(x, h, w, u, b, b_hn, a, c, after)


def reset_before_step(batch: int, w: Any, u: Any, b: Array, candidate: str) -> Any:
    a, c = scratch(batch, b, len(b)), scratch(batch, b, len(b) // 3)
    return lambda x, h, after: calls.reset_before(x, h, w, u, b, candidate == "modrelu", a, c, after)


def lstm_step(batch: int, w: Any, u: Any, b: Array) -> Any:
    a, h = scratch(batch, b, len(b)), scratch(batch, b, len(b) // 4)
    return lambda x, s, after: calls.lstm(x, s, w, u, b, a, h, after)


def mingru_step(batch: int, w: Any, b: Array) -> Any:
    a = scratch(batch, b, len(b))
    return lambda x, h, after: calls.mingru(x, h, w, b, a, after)


def lru_step(batch: int, w: Any, nu: Array, theta: Array, log_gamma: Array) -> Any:
    a = scratch(batch, nu, 2 * len(nu))
    eigenvalue, gamma = np.exp(-np.exp(nu) + 1j * np.exp(theta)), np.exp(log_gamma)
    re, im = (np.ascontiguousarray(part, nu.dtype) for part in (eigenvalue.real, eigenvalue.imag))
    return lambda x, h, after: calls.lru(x, h, w, re, im, gamma, a, after)


STEPS: dict[str, Callable[..., Any]] = {
    "gru": gru_step, "ncgru": reset_before_step, "lstm": lstm_step, "mingru": mingru_step, "lru": lru_step}


class Mix(layers.Mix):
    def __init__(self, model: Any, batch: int, p: Scope) -> None:
        super().__init__(model, batch, p)
        self.c = Linear(model.engine, batch, p, "c") if "c" in p else None       # of an LRU
        self.out = Linear(model.engine, batch, p, "w_out")

    def __call__(self, h: Array, x: Array) -> Array:
        if self.c is None:
            return self.out(h)
        engine, p = self.model.engine, self.p
        y, _ = engine.gelu(self.c(h) + x * p["d"])
        y, _ = engine.glu(self.out(y) + p["b_out"])
        return y


class FeedForward(layers.FeedForward):
    def __init__(self, model: Any, batch: int, p: Scope) -> None:
        super().__init__(model, batch, p)
        self.weights, self.places = p.in_one_piece(), places(p, feed_forward.NAMES)
        self.x, self.branch = (np.empty((batch, 1, model.config.width), p["feed_forward.b_in"].dtype) for _ in range(2))
        self.inner = np.empty((batch, model.config.inner), self.x.dtype)

    def __call__(self, x: Array) -> Array:
        self.x[...] = x
        calls.feed_forward_branch(row_of(self.x), self.weights, self.places, activation_of(self.model),
                                  pre_norm(self.model), self.inner, row_of(self.branch))
        return self.x


class Blocks(layers.Blocks):
    def __init__(self, model: Any, parameters: Parameters, batch: int, room: int) -> None:
        super().__init__(model, parameters, batch, room)
        D, F, dtype = model.config.width, model.config.inner, parameters.dtype
        self.x, self.free = np.empty((batch, 1, D), dtype), np.empty(block.room_for(batch, D, F, room), dtype)
        self.weights = parameters.in_one_piece()
        self.places = np.concatenate([places(p, (*block.NAMES, *feed_forward.NAMES)) for p in self.scopes])
        self.inner, self.activation, self.pre, self.heads = F, activation_of(model), pre_norm(model), model.config.heads

    def __call__(self, x: Array, mask: Array | None = None) -> Array:
        if mask is not None or x.shape[1] > 1:               # RMT's rows, once a segment
            return super().__call__(x, mask)
        self.x[...] = x
        calls.blocks(row_of(self.x), self.weights, self.places, self.keys, self.values, self.rows, self.heads,
                     self.inner, self.activation, self.pre, self.free)
        self.rows += 1
        return self.x


class RelativeBlocks(layers.RelativeBlocks):
    def __init__(self, model: Any, parameters: Parameters, batch: int, room: int) -> None:
        super().__init__(model, parameters, batch, room)
        D, dtype = model.config.width, parameters.dtype
        self.x, self.kv = np.empty((batch, 1, D), dtype), np.empty((batch, 2 * D), dtype)
        self.scores, self.inner = np.empty(room, dtype), np.empty((batch, model.config.inner), dtype)
        self.q, self.mixed, self.branch = (np.empty((batch, D), dtype) for _ in range(3))
        self.attentions = [(*norm_weights(p, "norm_attention."), *(p.stored(f"attention.{name}") for name in (
            "w_q", "w_kv", "w_out")), np.ascontiguousarray(table), *biases, keys, values)
            for p, table, biases, keys, values in zip(self.scopes, self.tables, self.biases, self.keys, self.values)]
        self.weights = parameters.in_one_piece()
        self.feed_forwards = [places(p, feed_forward.NAMES) for p in self.scopes]

    def __call__(self, x: Array, outputs: Array) -> Array:
        self.x[...] = x
        row, first, pre = row_of(self.x), max(self.rows + 1 - self.most, 0), pre_norm(self.model)
        activation = activation_of(self.model)
        for layer, (attention, feeding) in enumerate(zip(self.attentions, self.feed_forwards)):
            calls.relative_attention(row, *attention, first, self.rows, self.model.config.heads, pre, self.q, self.kv,
                                     self.scores, self.mixed, self.branch)
            calls.feed_forward_branch(row, self.weights, feeding, activation, pre, self.inner, self.branch)
            outputs[:, layer] = row
        self.rows += 1
        return self.x


def places(p: Parameters | Scope, names: Sequence[str]) -> Array:               # -> (names, 1); of small ones 3
    """Where they are in `in_one_piece`; for one that this model has not, where the first is"""
    return np.array([p.place(name if name in p else names[0]) for name in names], np.int64)


def row_of(x: Array) -> Array:                               # (B, 1, D) -> (B, D), in one piece
    return np.ascontiguousarray(x).reshape(len(x), x.shape[2])


def scratch(batch: int, like: Array, width: int) -> Array:
    return np.empty((batch, width), like.dtype)


def norm_weights(p: Scope, prefix: str) -> tuple[Array, Array]:
    return p[prefix + "gain"], p[prefix + "bias"]


def activation_of(model: Any) -> int:
    return feed_forward.ACTIVATIONS.index(model.config.activation)


def pre_norm(model: Any) -> bool:
    return model.config.norm == "pre"
