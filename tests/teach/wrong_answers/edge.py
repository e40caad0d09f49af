"""Chapter 13"""

STUDENT = """
def attention_step(q, k, v, keys, values):
    n, K = keys.shape
    new_keys, new_values = np.zeros((n + 1, K)), np.zeros((n + 1, K))
    new_keys[:n], new_keys[n] = keys, k
    new_values[:n], new_values[n] = values, v
    weights = np.exp([key @ q / K ** 0.5 for key in new_keys])
    weights = weights / weights.sum()
    return sum(w * value for w, value in zip(weights, new_values)), new_keys, new_values

def state_bytes(n, L, D, T, item):
    row = 2 * L * D * item
    open_rows = np.array([m - T * ((m - 1) // T) for m in n])
    carried = 2 * D * item
    return row * n, carried + row * (open_rows + 1)

def quantise_columns(W):
    scales = abs(W).max(axis=0) / 127
    return np.round(W / scales), scales

def integer_product(x_values, x_scales, values, scales):
    total = np.einsum("bi,io->bo", x_values.astype(int), values.astype(int))
    return np.outer(x_scales, scales) * total
"""

WRONG = [
    ("attention_step", {"for key in new_keys]": "for key in keys]"}, "known", "does not see itself"),
    ("attention_step", {"new_keys[:n], new_keys[n]": "new_keys[1:], new_keys[0]",
                        "new_values[:n], new_values[n]": "new_values[1:], new_values[0]"}, "known", "in front"),
    ("attention_step", {"= keys, k": "= keys, v", "= values, v": "= values, k"}, "known", "exchanged"),
    ("attention_step", {" / K ** 0.5": ""}, "known", "By the root of which length"),
    ("attention_step", {"K ** 0.5": "(n + 1) ** 0.5"}, "known", "cache's length"),
    ("attention_step", {"K ** 0.5": "K"}, "known", "not by its root"),
    ("attention_step", {"weights / weights.sum()": "weights / weights.max()"}, "known", "add up to 1"),
    ("attention_step", {"new_keys, new_values = np.zeros((n + 1, K)), np.zeros((n + 1, K))":
                        "new_keys, new_values = np.zeros((n + 2, K)), np.zeros((n + 2, K))"}, "shape", "expected"),
    ("state_bytes", {"row * n,": "row * (n + 1),"}, "term", "after one token"),
    ("attention_step", {"zip(weights, new_values)": "zip(weights, new_keys)"}, "other", "what is mixed"),
    ("state_bytes", {"(m - 1) // T": "m // T"}, "known", "when n is just T"),
    ("state_bytes", {"(open_rows + 1)": "open_rows"}, "known", "memory's own row"),
    ("state_bytes", {"(open_rows + 1)": "(n + 1)"}, "known", "the whole text"),
    ("state_bytes", {"(open_rows + 1)": "(T + 1 + 0 * n)"}, "known", "room for a full segment"),
    ("state_bytes", {"carried = 2 * D * item": "carried = D * item"}, "known", "one is forgotten"),
    ("state_bytes", {"carried + row": "row"}, "known", "handed to the next segment"),
    ("state_bytes", {"row = 2 * L * D": "row = L * D"}, "known", "a key alone"),
    ("state_bytes", {"row = 2 * L * D": "row = 2 * D"}, "known", "how many layers"),
    ("state_bytes", {" * item": ""}, "known", "not bytes"),
    ("quantise_columns", {"abs(W).max(axis=0) / 127": "np.full(W.shape[1], abs(W).max() / 127)"}, "known",
     "one scale serves the whole matrix"),
    ("quantise_columns", {"abs(W)": "W"}, "known", "a negative one"),
    ("quantise_columns", {"abs(W)": "W", "np.round(W / scales)": "np.round(W / scales).clip(-127, 127)"}, "known",
     "cut off"),
    ("quantise_columns", {"np.round": "np.trunc"}, "known", "digits are cut off"),
    ("quantise_columns", {"np.round": "np.floor"}, "known", "rounded down"),
    ("quantise_columns", {"np.round": "np.ceil"}, "known", "rounded up"),
    ("quantise_columns", {"abs(W).max(axis=0)": "np.ptp(W, axis=0)"}, "known", "the whole range"),
    ("quantise_columns", {"abs(W).max(axis=0)": "np.ptp(W, axis=0) / 2"}, "known", "half of the range"),
    ("quantise_columns", {"max(axis=0)": "mean(axis=0)"}, "known", "the mean size of a column"),
    ("quantise_columns", {"abs(W).max(axis=0)": "W.std(axis=0)"}, "known", "the spread of a column"),
    ("quantise_columns", {"127": "128"}, "known", "room for 128"),
    ("quantise_columns", {"127": "255"}, "known", "one of the two signs"),
    ("quantise_columns", {"np.round(W / scales), scales": "np.round(W / scales), 1 / scales"}, "known", "turned round"),
    ("quantise_columns", {"np.round(W / scales)": "W / scales"}, "known", "nothing is rounded"),
    ("quantise_columns", {"max(axis=0)": "max(axis=1)[:, None]"}, "shape", "A scale for each column"),
    ("integer_product", {".astype(int)": ""}, "known", "100 · 100 does not fit"),
    ("integer_product", {".astype(int)": ".astype(np.int16)"}, "known", "int16"),
    ("integer_product", {"np.outer(x_scales, scales) * total": "total"}, "known", "no scale is left"),
    ("integer_product", {"np.outer(x_scales, scales) * total": "np.round(np.outer(x_scales, scales) * total)"},
     "known", "y is rounded"),
    ("integer_product", {"np.outer(x_scales, scales)": "scales"}, "known", "scales of x are left out"),
    ("integer_product", {"np.outer(x_scales, scales)": "x_scales[:, None]"}, "known", "scales of W are left out"),
    ("integer_product", {"* total": "** -1 * total"}, "known", "divided by the scales"),
    ("integer_product", {"np.outer(x_scales, scales)": "x_scales.mean() * scales"}, "known", "one scale serves all"),
]
