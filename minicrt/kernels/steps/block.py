"""A Transformer block for one new row, and its two branches: `x` is changed in place"""

from minicrt.kernels.compiling import jit
from minicrt.kernels.steps.attention import attend, attend_by_distance
from minicrt.kernels.steps.feed_forward import add_branch
from minicrt.kernels.steps.normed import normed
from minicrt.kernels.steps.products import add_product, set_rows, set_zero


@jit
def self_attention(x, gain, bias, w_qkv, b_qkv, w_out, b_out, keys, values, row, heads, pre, qkv, scores,
                   q, mixed, branch):
    """pre-norm: x += A(LN(x));  post-norm: x = LN(x + A(x)). Row `row` of keys and values (B, S, D) is written, and
    the last five are to write into."""
    D = x.shape[1]
    set_rows(qkv, b_qkv)
    if pre:
        normed(x, gain, bias, branch)
        add_product(branch, w_qkv, qkv)
    else:
        add_product(x, w_qkv, qkv)
    for b in range(x.shape[0]):
        for j in range(D):
            q[b, j], keys[b, row, j], values[b, row, j] = qkv[b, j], qkv[b, D + j], qkv[b, 2 * D + j]
    attend(q, keys, values, 0, row + 1, heads, scores, mixed)
    set_rows(branch, b_out)
    add_product(mixed, w_out, branch)
    add_branch(x, branch, gain, bias, pre)


@jit
def relative_attention(x, gain, bias, w_q, w_kv, w_out, table, u, w, keys, values, first, row, heads, pre, q, kv,
                       scores, mixed, branch):
    """As self_attention, by distance over the rows from `first` on"""
    D = x.shape[1]
    set_zero(q)
    set_zero(kv)
    if pre:
        normed(x, gain, bias, branch)
        add_product(branch, w_q, q)
        add_product(branch, w_kv, kv)
    else:
        add_product(x, w_q, q)
        add_product(x, w_kv, kv)
    for b in range(x.shape[0]):
        for j in range(D):
            keys[b, row, j], values[b, row, j] = kv[b, j], kv[b, D + j]
    attend_by_distance(q, keys, values, table, u, w, first, row + 1, heads, scores, mixed)
    set_zero(branch)
    add_product(mixed, w_out, branch)
    add_branch(x, branch, gain, bias, pre)
