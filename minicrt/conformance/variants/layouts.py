"""How a port reads parameters from where they are stored: blocks in another order, a matrix as (out, in)

Each way of reading is a linear map, and a gradient goes back by its transpose.
"""

from itertools import permutations

import numpy as np

READING_MISTAKES = {
    "w read as (out, in)": "The numbers of w are read as a matrix (out, in) and transposed; they are stored (in, out).",
    "bias missing": "The bias b is left out.",
}
RECURRENT_READING_MISTAKES = READING_MISTAKES | {
    "u read as (out, in)": "The numbers of u are read as a matrix (out, in) and transposed; they are stored (in, out).",
    "recurrent weights transposed": "Each gate's recurrent block is used transposed: h U_kᵀ in place of h U_k.",
}


def orders(stored, remarks):
    """{name of the mistake: which stored block is read as the first, the second, ...}, and its sentences"""
    found, sentences = {}, {}
    for order in permutations(stored):
        if order != tuple(stored):
            name = f"gate order {', '.join(order)}"
            found[name] = [order.index(gate) for gate in stored]
            remark = f" ({remarks[''.join(order)]})" if "".join(order) in remarks else ""
            sentences[name] = (f"The gate order is another: the blocks are read as {', '.join(order)}{remark}, they "
                               f"are stored {', '.join(stored)}.")
    return found, sentences


def reordered(a, order):                                     # (..., kD) -> (..., kD)
    blocks = np.split(a, len(order), axis=-1)
    return np.concatenate([blocks[k] for k in order], axis=-1)


def out_in(w):                                               # (I, O) -> (I, O)
    """The same numbers in memory, taken for (O, I) and transposed"""
    return w.reshape(w.shape[::-1]).T


def out_in_back(d_w):                                        # (I, O) -> (I, O)
    return d_w.T.reshape(d_w.shape)


def each_transposed(u):                                      # (D, kD) -> (D, kD)
    """Every (D, D) block transposed"""
    return np.concatenate([u[:, k:k + len(u)].T for k in range(0, u.shape[1], len(u))], axis=1)


def as_read(w, u, b, defects, gate_orders):
    """The parameters as the port reads them; `u` may be None."""
    for order in (gate_orders[name] for name in gate_orders if name in defects):
        w, b = reordered(w, order), reordered(b, order)
        u = None if u is None else reordered(u, order)
    if "w read as (out, in)" in defects:
        w = out_in(w)
    if "u read as (out, in)" in defects:
        u = out_in(u)
    if "recurrent weights transposed" in defects:
        u = each_transposed(u)
    if "bias missing" in defects:
        b = 0 * b
    return w, u, b


def as_stored(d_w, d_u, d_b, defects, gate_orders):
    """The gradients of what `as_read` returns, as gradients of what it was given"""
    if "bias missing" in defects:
        d_b = 0 * d_b
    if "recurrent weights transposed" in defects:
        d_u = each_transposed(d_u)
    if "u read as (out, in)" in defects:
        d_u = out_in_back(d_u)
    if "w read as (out, in)" in defects:
        d_w = out_in_back(d_w)
    for order in (gate_orders[name] for name in reversed(gate_orders) if name in defects):
        back = np.argsort(order)
        d_w, d_b = reordered(d_w, back), reordered(d_b, back)
        d_u = None if d_u is None else reordered(d_u, back)
    return d_w, d_u, d_b


def product(x, d_y):                                         # (B, T, I), (B, T, O) -> (I, O)
    """The gradient of W in y = x W, over all rows and steps"""
    return x.reshape(-1, x.shape[-1]).T @ d_y.reshape(-1, d_y.shape[-1])
