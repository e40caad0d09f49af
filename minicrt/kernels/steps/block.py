"""Transformer blocks for one new row, and their two branches: `x` is changed in place"""

from minicrt.kernels.compiling import part
from minicrt.kernels.steps.attention import attend, attend_by_distance
from minicrt.kernels.steps.feed_forward import NAMES as FEEDING
from minicrt.kernels.steps.feed_forward import add_branch, begin_branch, feed_forward
from minicrt.kernels.steps.products import add_product, set_rows, set_zero
from minicrt.kernels.steps.weights import matrix, rows, vector

NAMES = ("norm_attention.gain", "norm_attention.bias", "attention.w_qkv", "attention.b_qkv", "attention.w_out",
         "attention.b_out")                                  # of self-attention; and where each stands in `at`:
GAIN, BIAS, W_QKV, B_QKV, W_OUT, B_OUT = range(len(NAMES))
ATTENTION, BLOCK = len(NAMES), len(NAMES) + len(FEEDING)                   # rows of places


@part
def blocks(x, weights, places, keys, values, row, heads, inner, activation, pre, free):
    """All of them. `weights` are a model's in one piece; `places` (BLOCK · L, ·) says where NAMES and those of the
    feed-forward branch are in it, block by block; keys and values are (L, B, S, D); `free` has `room_for` numbers to
    write into."""
    B, D = x.shape
    n = B * D
    qkv, q = rows(free, 0, B, 3 * D), rows(free, 3 * n, B, D)
    mixed, branch = rows(free, 4 * n, B, D), rows(free, 5 * n, B, D)
    a, scores = rows(free, 6 * n, B, inner), free[6 * n + B * inner:]
    for block in range(keys.shape[0]):
        at = places[BLOCK * block:]
        self_attention(x, weights, at, keys[block], values[block], row, heads, pre, qkv, q, scores, mixed, branch)
        feed_forward(x, weights, at[ATTENTION:], activation, pre, a, branch)


def room_for(B, D, inner, S):
    return B * (6 * D + inner) + S


@part
def self_attention(x, weights, at, keys, values, row, heads, pre, qkv, q, scores, mixed, branch):
    """pre-norm: x += A(LN(x));  post-norm: x = LN(x + A(x)). Row `row` of the keys and values is written; the last five
    are to write into."""
    D, gain, bias = x.shape[1], vector(weights, at[GAIN], x.shape[1]), vector(weights, at[BIAS], x.shape[1])
    set_rows(qkv, vector(weights, at[B_QKV], 3 * D))
    add_product(begin_branch(x, branch, gain, bias, pre), matrix(weights, at[W_QKV], D, 3 * D), qkv)
    for b in range(x.shape[0]):
        for j in range(D):
            q[b, j], keys[b, row, j], values[b, row, j] = qkv[b, j], qkv[b, D + j], qkv[b, 2 * D + j]
    attend(q, keys, values, 0, row + 1, heads, scores, mixed)
    set_rows(branch, vector(weights, at[B_OUT], D))
    add_product(mixed, matrix(weights, at[W_OUT], D, D), branch)
    add_branch(x, branch, gain, bias, pre)


@part
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
