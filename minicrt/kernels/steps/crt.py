"""The Compact Recurrent Transformer for one new token, in one call (docs/spec.md, 2.2)

At small widths calls from Python take as long as the weights; what Python needs for them is not in the cache any more
when all the weights have gone through it. So there is one call, of few arrays.
"""

from minicrt.kernels.compiling import jit, part
from minicrt.kernels.steps.block import blocks
from minicrt.kernels.steps.normed import normed
from minicrt.kernels.steps.recurrences import gru, reset_before
from minicrt.kernels.steps.weights import matrix, rows, vector
from minicrt.kernels.vector_math import CONTRACT

# of the weights beside the blocks', and where each stands in `places`; b_hn and memory.0.u are a GRU's
NAMES = ("positions.w", "positions.u", "positions.b", "positions.b_hn", "norm_final.gain", "norm_final.bias",
         "memory.norm.gain", "memory.norm.bias", "memory.0.w", "memory.0.b", "memory.0.u", "memory.0.b_hn")
P_W, P_U, P_B, P_B_HN, GAIN, BIAS, M_GAIN, M_BIAS, M_W, M_B, M_U, M_B_HN = range(len(NAMES))
BLOCKS = len(NAMES)                                          # from here on those of the blocks
CELLS = ("gru", "ncgru with tanh", "ncgru with modrelu")


@jit
def step(e, p, h, read, weights, places, u, keys, values, row, heads, inner, activation, cell, normed_memory, pre, free,
         free_of_blocks, z):
    """(1) to (5): e -> z, and p and h in place; all (B, D), `read` is m W_r of the segment

    `weights`, `keys` and what is beside them are as in `blocks`. `places` has those of NAMES before those of the
    blocks. An NC-GRU's `u` (D, 3D) is made of weights. `cell` is its place in CELLS. `pre` is true, but as a constant
    Numba would compile the blocks a second time. `free` has 6 B D numbers to write into.
    """
    B, D = e.shape
    n = B * D
    x, y, c, a = rows(free, 0, B, D), rows(free, n, B, D), rows(free, 2 * n, B, D), rows(free, 3 * n, B, 3 * D)
    gru(e, p, matrix(weights, places[P_W], D, 3 * D), matrix(weights, places[P_U], D, 3 * D),   # (1)  p = gru(e, p)
        vector(weights, places[P_B], 3 * D), vector(weights, places[P_B_HN], D), a, c, p)
    add(e, p, x)
    blocks(x, weights, places[BLOCKS:], keys, values, row, heads, inner, activation, pre, free_of_blocks)    # (2, 3)
    normed(x, vector(weights, places[GAIN], D), vector(weights, places[BIAS], D), y)
    w, bias = matrix(weights, places[M_W], D, 3 * D), vector(weights, places[M_B], 3 * D)
    if cell == 0:                                            # (4)  h = rnn(y, h)
        gru(y, h, w, matrix(weights, places[M_U], D, 3 * D), bias, vector(weights, places[M_B_HN], D), a, c, h)
    else:
        reset_before(y, h, w, u, bias, cell == 2, a, c, h)
    seen = h
    if normed_memory:
        normed(h, vector(weights, places[M_GAIN], D), vector(weights, places[M_BIAS], D), x)
        seen = x
    readout(y, seen, read, z)                                # (5)  z = y + h + (1 + y) m W_r


@part
def add(e, p, x):
    for b in range(e.shape[0]):
        for j in range(e.shape[1]):
            x[b, j] = e[b, j] + p[b, j]


@part(fastmath=CONTRACT)
def readout(y, seen, read, z):
    one = y.dtype.type(1)
    for b in range(y.shape[0]):
        for j in range(y.shape[1]):
            z[b, j] = y[b, j] + seen[b, j] + (one + y[b, j]) * read[b, j]
