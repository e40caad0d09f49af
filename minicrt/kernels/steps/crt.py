"""The Compact Recurrent Transformer for one new token, in one call (docs/spec.md, 2.2)

At small widths calls from Python take as long as the weights; what Python needs for them is not in the cache any more
when all the weights have gone through it.
"""

from typing import Any, NamedTuple

from minicrt.kernels.compiling import jit
from minicrt.kernels.steps.block import blocks
from minicrt.kernels.steps.normed import normed
from minicrt.kernels.steps.recurrences import advance
from minicrt.kernels.vector_math import CONTRACT


class Weights(NamedTuple):
    positions: Any                                           # a GRU of `recurrences`
    layers: Any                                              # those of `blocks`
    gain: Any                                                # (D,), of the norm behind them
    bias: Any
    memory: Any                                              # a GRU or a ResetBefore
    memory_normed: bool                                      # whether the readout sees h through a norm
    memory_gain: Any                                         # (D,), of that norm
    memory_bias: Any


class Room(NamedTuple):
    """What a step writes into"""

    x: Any                                                   # (B, D)
    y: Any
    a: Any                                                   # (B, 3D)
    c: Any                                                   # (B, D)
    blocks: Any                                              # a Room of `block`


@jit(fastmath=CONTRACT)
def step(e, p, h, read, weights, row, heads, activation, pre, room, z):
    """(1) to (5): e -> z, and p and h in place; all (B, D), `read` is m W_r of the segment, `pre` as in `blocks`

    It is given `pre`, which is true, since for the constant Numba would compile the blocks a second time.
    """
    x, y, one = room.x, room.y, e.dtype.type(1)
    advance(weights.positions, e, p, room.a, room.c)         # (1)  p = gru(e, p)
    for b in range(e.shape[0]):
        for j in range(e.shape[1]):
            x[b, j] = e[b, j] + p[b, j]
    blocks(x, weights.layers, row, heads, activation, pre, room.blocks)          # (2, 3)
    normed(x, weights.gain, weights.bias, y)
    advance(weights.memory, y, h, room.a, room.c)            # (4)  h = rnn(y, h)
    seen = h
    if weights.memory_normed:
        normed(h, weights.memory_gain, weights.memory_bias, x)
        seen = x
    for b in range(e.shape[0]):                              # (5)  z = y + h + (1 + y) m W_r
        for j in range(e.shape[1]):
            z[b, j] = y[b, j] + seen[b, j] + (one + y[b, j]) * read[b, j]
