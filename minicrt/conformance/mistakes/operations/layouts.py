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
    """{name of the mistake: (which stored block is read as the first, the second, ..., in which parameters)}, and its
    sentences. An order with a remark, well known, may also be that of some of the parameters alone."""
    found, sentences = {}, {}
    for order in permutations(stored):
        listed, blocks = ", ".join(order), [order.index(gate) for gate in stored]
        remark = remarks.get("".join(order), "")
        for where in ("wub", "w", "u", "b") if remark else ("wub",):
            alone = f" in {where} alone" if where != "wub" else ""
            if order != tuple(stored):
                found[f"gate order {listed}{alone}"] = blocks, where
                sentences[f"gate order {listed}{alone}"] = (
                    f"The gate order is another{alone}: the blocks are read as {listed}"
                    + f" ({remark})" * bool(remark) + f", they are stored {', '.join(stored)}.")
    return found, sentences


def reordered(a, order):                                     # (..., kD) -> (..., kD)
    if a is None:                                            # there is no u
        return None
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
    for order, where in (gate_orders[name] for name in gate_orders if name in defects):
        w, u, b = (reordered(a, order) if name in where else a for name, a in zip("wub", (w, u, b)))
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
    for order, where in (gate_orders[name] for name in reversed(gate_orders) if name in defects):
        back = np.argsort(order)
        d_w, d_u, d_b = (reordered(a, back) if name in where else a for name, a in zip("wub", (d_w, d_u, d_b)))
    return d_w, d_u, d_b


def product(x, d_y):                                         # (B, T, I), (B, T, O) -> (I, O)
    """The gradient of W in y = x W, over all rows and steps"""
    return x.reshape(-1, x.shape[-1]).T @ d_y.reshape(-1, d_y.shape[-1])
