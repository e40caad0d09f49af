"""Transformer blocks for one new row, and their two branches: `x` is changed in place"""

from typing import Any, NamedTuple

from minicrt.kernels.compiling import jit
from minicrt.kernels.steps.attention import attend, attend_by_distance
from minicrt.kernels.steps.feed_forward import add_branch, begin_branch, feed_forward
from minicrt.kernels.steps.products import add_product, set_rows, set_zero


class Attention(NamedTuple):
    """The weights of self-attention, and the rows that it keeps; a matrix is an array or one of small integers"""

    gain: Any                                                # (D,)
    bias: Any
    w_qkv: Any                                               # (D, 3D)
    b_qkv: Any
    w_out: Any                                               # (D, D)
    b_out: Any
    keys: Any                                                # (B, S, D)
    values: Any


class Room(NamedTuple):
    """What the blocks write into"""

    qkv: Any                                                 # (B, 3D)
    q: Any                                                   # (B, D)
    scores: Any                                              # (S,)
    mixed: Any                                               # (B, D)
    inner: Any                                               # (B, F)
    branch: Any                                              # (B, D)


@jit
def blocks(x, layers, row, heads, activation, pre, room):
    """All of them; `layers` has an Attention and the Weights of a feed-forward branch for each."""
    for layer in range(len(layers)):
        attention, feeding = layers[layer]
        self_attention(x, attention, row, heads, pre, room)
        feed_forward(x, feeding, activation, pre, room.inner, room.branch)


@jit
def self_attention(x, weights, row, heads, pre, room):
    """pre-norm: x += A(LN(x));  post-norm: x = LN(x + A(x)). Row `row` of the keys and values is written."""
    D, keys, values, qkv, q, branch = x.shape[1], weights.keys, weights.values, room.qkv, room.q, room.branch
    set_rows(qkv, weights.b_qkv)
    add_product(begin_branch(x, branch, weights.gain, weights.bias, pre), weights.w_qkv, qkv)
    for b in range(x.shape[0]):
        for j in range(D):
            q[b, j], keys[b, row, j], values[b, row, j] = qkv[b, j], qkv[b, D + j], qkv[b, 2 * D + j]
    attend(q, keys, values, 0, row + 1, heads, room.scores, room.mixed)
    set_rows(branch, weights.b_out)
    add_product(room.mixed, weights.w_out, branch)
    add_branch(x, branch, weights.gain, weights.bias, pre)


@jit
def relative_attention(x, gain, bias, w_q, w_kv, w_out, table, u, w, keys, values, first, row, heads, pre, q, kv,
                       scores, mixed, branch):
    """As self_attention, by distance over the rows from `first` on; the last five are to write into."""
    D = x.shape[1]
    begun = begin_branch(x, branch, gain, bias, pre)
    set_zero(q)
    set_zero(kv)
    add_product(begun, w_q, q)
    add_product(begun, w_kv, kv)
    for b in range(x.shape[0]):
        for j in range(D):
            keys[b, row, j], values[b, row, j] = kv[b, j], kv[b, D + j]
    attend_by_distance(q, keys, values, table, u, w, first, row + 1, heads, scores, mixed)
    set_zero(branch)
    add_product(mixed, w_out, branch)
    add_branch(x, branch, gain, bias, pre)
