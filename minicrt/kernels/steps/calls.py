"""What Python calls of the parts of a step, where a model's step is more than one call

All are compiled with the same options, and so is `crt.step`: thus Numba compiles a part once for all of them.
"""

from minicrt.kernels.compiling import jit
from minicrt.kernels.steps import block, feed_forward, normed, products, recurrences, small_products
from minicrt.quantisation.forms import EightBits, FourBits


@jit
def blocks(x, weights, places, keys, values, row, heads, inner, activation, pre, free):
    block.blocks(x, weights, places, keys, values, row, heads, inner, activation, pre, free)


@jit
def relative_attention(x, gain, bias, w_q, w_kv, w_out, table, u, w, keys, values, first, row, heads, pre, q, kv,
                       scores, mixed, branch):
    block.relative_attention(x, gain, bias, w_q, w_kv, w_out, table, u, w, keys, values, first, row, heads, pre, q, kv,
                             scores, mixed, branch)


@jit
def feed_forward_branch(x, weights, at, activation, pre, inner, branch):
    feed_forward.feed_forward(x, weights, at, activation, pre, inner, branch)


@jit
def layer_norm(x, gain, bias, y):
    normed.normed(x, gain, bias, y)


@jit
def product(x, w, y):
    products.set_zero(y)
    products.add_product(x, w, y)


@jit
def scaled_rows(table, tokens, scale, e):
    products.scaled_rows(table, tokens, scale, e)


@jit
def rows_of_eight_bits(table, tokens, scale, e):
    small_products.rows_of_eight_bits(table, tokens, scale, e)


@jit
def rows_of_four_bits(table, tokens, scale, e):
    small_products.rows_of_four_bits(table, tokens, scale, e)


ROWS = {EightBits: rows_of_eight_bits, FourBits: rows_of_four_bits}


@jit
def products_with_rows(z, weight, bias, y):
    products.products_with_rows(z, weight, bias, y)


@jit
def scores(z, table, bias, y):
    small_products.scores(z, table, bias, y)


@jit
def gru(x, h, w, u, b, b_hn, a, c, h_next):
    recurrences.gru(x, h, w, u, b, b_hn, a, c, h_next)


@jit
def reset_before(x, h, w, u, b, modrelu, a, c, h_next):
    recurrences.reset_before(x, h, w, u, b, modrelu, a, c, h_next)


@jit
def lstm(x, s, w, u, b, a, h, s_next):
    recurrences.lstm(x, s, w, u, b, a, h, s_next)


@jit
def mingru(x, h, w, b, a, h_next):
    recurrences.mingru(x, h, w, b, a, h_next)


@jit
def lru(x, h, w, re, im, gamma, a, h_next):
    recurrences.lru(x, h, w, re, im, gamma, a, h_next)
