"""Chapter 13: on the edge"""

import numpy as np


def attention_step(q, k, v, keys, values):      # (K,) each, (n, K) twice
    """One head of attention for one more token, with what is kept of those before.

    returns its output y (K,), and keys and values (n + 1, K), its own at the end
    """
    all_keys = np.concatenate([keys, k[None]], axis=0)
    all_values = np.concatenate([values, v[None]], axis=0)
    s = all_keys @ q / np.sqrt(len(q))
    e = np.exp(s - s.max())
    p = e / e.sum()
    y = p @ all_values
    return y, all_keys, all_values


def state_bytes(n, L, D, T, item):              # n (N,) -> two arrays (N,)
    """Bytes that a Transformer and a CRT keep after n tokens: L layers of width D.

    The CRT has segments of T tokens, a memory token, and a GRU for its positions;
    a number takes `item` bytes
    """
    transformer = 2 * L * D * n * item
    inside = (n - 1) % T + 1
    rows = inside + 1
    crt = (2 * D + 2 * L * D * rows) * item
    return transformer, crt


def quantise_columns(W):                        # (I, O) -> (I, O), (O,)
    """Whole numbers from -127 to 127, a scale a column: W is nearly values * scales."""
    largest = np.abs(W).max(0)
    scales = largest / 127
    values = np.rint(W / scales)
    return values, scales


def integer_product(x_values, x_scales, values, scales):
    """y = x @ W where x is x_scales[:, None] * x_values, and W is scales * values.

    x_values (B, I) and values (I, O) are int8, x_scales (B,), scales (O,);
    the sums are of whole numbers
    """
    sums = x_values.astype(np.int32) @ values.astype(np.int32)
    return sums * x_scales[:, None] * scales
