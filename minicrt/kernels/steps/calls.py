"""What Python calls of the parts of a step, where a model's step is more than one call

What other kernels call too is compiled once for all of them, these and `crt.step`, and so is called here.
"""

from minicrt.kernels.compiling import jit
from minicrt.kernels.steps import block, feed_forward, normed, products, recurrences, small_products
from minicrt.quantisation.forms import EightBits, FourBits


@jit
def blocks(x, weights, places, keys, values, row, heads, inner, activation, pre, free):
    block.blocks(x, weights, places, keys, values, row, heads, inner, activation, pre, free)


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
def gru(x, h, w, u, b, b_hn, a, c, h_next):
    recurrences.gru(x, h, w, u, b, b_hn, a, c, h_next)


@jit
def reset_before(x, h, w, u, b, modrelu, a, c, h_next):
    recurrences.reset_before(x, h, w, u, b, modrelu, a, c, h_next)


relative_attention = jit(block.relative_attention)
scaled_rows, products_with_rows, scores = map(jit, (products.scaled_rows, products.products_with_rows,
                                                    small_products.scores))
lstm, mingru, lru = jit(recurrences.lstm), jit(recurrences.mingru), jit(recurrences.lru)
ROWS = {EightBits: jit(small_products.rows_of_eight_bits), FourBits: jit(small_products.rows_of_four_bits)}
