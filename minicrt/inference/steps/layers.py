"""The layers of a model one row at a time, in terms of the operations: rows before are kept where a layer needs them

`compiled_layers` has the same, compiled. `batch` is the number of streams.
"""

from typing import Any, cast

import numpy as np

from minicrt.engines import Engine
from minicrt.inference.steps.relative_blocks import RelativeBlocks
from minicrt.models.block import block, residual
from minicrt.models.cells import Cell
from minicrt.models.parameters import Parameters, Scope

__all__ = ["Blocks", "Embedding", "FeedForward", "Linear", "Mix", "Norm", "Output", "Recurrence", "RelativeBlocks"]

Array = np.ndarray


class Embedding:
    """e = √D E[token], for a token of each stream; `scale` is √D"""

    def __init__(self, p: Parameters, scale: float) -> None:
        self.table, self.scale = p["embedding"], scale

    def __call__(self, tokens: Array, e: Array) -> None:     # (B,), and (B, D) to write into
        np.take(self.table, tokens, 0, e, mode="clip")       # they are checked before
        e *= self.scale


class Linear:
    """y = x W, for a row of each stream"""

    def __init__(self, engine: Any, batch: int, p: Parameters | Scope, name: str) -> None:
        self.engine, self.weight = engine, p[name]

    def __call__(self, x: Array) -> Array:                   # (B, 1, I) -> (B, 1, O)
        y, _ = self.engine.linear(x, self.weight)
        return y


class Norm:
    """Layer norm of a row of each stream"""

    def __init__(self, engine: Any, batch: int, p: Parameters | Scope, prefix: str) -> None:
        self.engine, self.gain, self.bias = engine, p[prefix + "gain"], p[prefix + "bias"]

    def __call__(self, x: Array) -> Array:                   # (B, 1, D) -> (B, 1, D)
        y, _ = self.engine.layer_norm(x, self.gain, self.bias)
        return y


class Output:
    """logits = z Eᵀ + b, for a row of each stream"""

    def __init__(self, engine: Any, batch: int, p: Parameters, name: str) -> None:
        self.engine, self.weight, self.bias = engine, p[name], p["output.bias"]

    def __call__(self, z: Array) -> Array:                   # (B, 1, D) -> (B, V)
        logits, _ = self.engine.linear(z[:, 0], self.weight.T, self.bias)
        return logits


class Recurrence:
    """A recurrent network's next state; what it computes of its weights alone (NC-GRU's Cayley transform), once"""

    def __init__(self, engine: Any, batch: int, cell: Cell, p: Scope) -> None:
        self.operation, self.arguments = getattr(engine, cell.operation), cell.arguments(engine, p)

    def __call__(self, x: Array, state: Array) -> Array:     # (B, 1, I), (B, size · D) -> (B, size · D)
        states, _ = self.operation(x, state, *self.arguments)
        return states[:, -1]


class StateSpace:
    """A state space's next state, by the whole of `Cell.run`: more than one operation of its weights"""

    def __init__(self, engine: Any, cell: Cell, p: Scope) -> None:
        self.engine, self.cell, self.p = engine, cell, p

    def __call__(self, x: Array, state: Array) -> Array:     # (B, 1, D), (B, D) -> (B, D)
        states, _ = self.cell.run(self.engine, self.p, x, state)
        return states[:, -1].copy()


class Mix:
    """What a linear-recurrent model makes of a recurrence's state, `LinearRecurrentModel.mix`"""

    def __init__(self, model: Any, batch: int, p: Scope) -> None:
        self.model, self.p = model, p

    def __call__(self, h: Array, x: Array) -> Array:         # (B, 1, N), (B, 1, D) -> (B, 1, D)
        y, _ = self.model.mix(self.p, h, x)
        return y


class FeedForward:
    """The feed-forward branch of a block, and the sum and norm around it"""

    def __init__(self, model: Any, batch: int, p: Scope) -> None:
        self.model, self.p = model, p

    def __call__(self, x: Array) -> Array:                   # (B, 1, D) -> (B, 1, D)
        y, _ = residual(self.model, self.p, "feed_forward", x, None)
        return y


class Blocks:
    """L blocks over new rows, which see the rows since `begin`: their keys and values are kept.

    `block` itself is what runs: it takes this for its model, and finds here an engine whose self-attention remembers.
    """

    def __init__(self, model: Any, parameters: Parameters, batch: int, room: int) -> None:
        self.config, self.engine = model.config, cast(Engine, Remembering(model.engine, self))
        L, D = model.config.layers, model.config.width
        self.scopes = [parameters.scope(f"blocks.{layer}.") for layer in range(L)]
        self.keys, self.values = (np.zeros((L, batch, room, D), parameters.dtype) for _ in range(2))
        self.rows, self.layer = 0, 0

    def begin(self) -> None:
        self.rows = 0

    def __call__(self, x: Array, mask: Array | None = None) -> Array:            # (B, R, D) -> (B, R, D)
        """`mask` (R, rows so far + R), True where a new row may look, in place of the causal one"""
        for layer, p in enumerate(self.scopes):
            self.layer = layer
            x, _ = block(self, p, x, None, mask)
        self.rows += x.shape[1]
        return x

    def attend(self, qkv: Array, mask: Array | None) -> Array:                   # (B, R, 3D) -> (B, R, D)
        q, k, v = np.split(qkv, 3, axis=-1)
        old, now = self.rows, self.rows + qkv.shape[1]
        self.keys[self.layer, :, old:now], self.values[self.layer, :, old:now] = k, v
        keys, values = self.keys[self.layer, :, :now], self.values[self.layer, :, :now]
        y, _ = self.engine.attention(q, keys, values, self.config.heads, mask)
        return y

    def dropped(self, x: Array, rng: np.random.Generator | None) -> tuple[Array, None]:
        return x, None


class Remembering:
    """An engine whose self-attention sees the rows before as well"""

    def __init__(self, engine: Any, blocks: Blocks) -> None:
        self.engine, self.blocks = engine, blocks

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def self_attention(self, qkv: Array, heads: int, mask: Array | None = None) -> tuple[Array, None]:
        return self.blocks.attend(qkv, mask), None
