"""One segment of the models that the CRT is compared with, one equation a line, as in `models`

A segment gives its loss and the state that goes on to the next one: of recurrent models that of each layer.
"""

import numpy as np

from minicrt.conformance.mutation.equations.attention import causal, relative_attention
from minicrt.conformance.mutation.equations.models import (
    blocks_of,
    cell_of,
    embedded,
    feed_forward,
    gru_cell,
    loss_of,
    norm,
    sinusoids,
)
from minicrt.conformance.mutation.equations.recurrent import lstm
from minicrt.conformance.mutation.equations.rowwise import gelu, glu, linear
from minicrt.conformance.mutation.functions import blocks, concatenated, detached, place, stacked


def lstm_layer(w, b, x, start):
    h_0, c_0 = blocks(start, 2)
    s = place(b + "s", lstm(x, concatenated([h_0, c_0]), w[b + "w"], w[b + "u"], w[b + "b"]))
    h, c = blocks(s, 2)
    return h, concatenated([h[:, -1], c[:, -1]])


def gru_layer(w, b, x, start, gru):
    h = place(b + "h", gru_cell(w, b, x, start, gru))
    return h, h[:, -1]


def recurrent(w, tokens, targets, states, layers, cell, gru, tied):
    x = embedded(w, tokens)
    after = []
    for layer in range(layers):
        b = f"layer.{layer}."
        start = states[layer]
        if cell == "lstm":
            x, last = lstm_layer(w, b, x, start)
        else:
            x, last = gru_layer(w, b, x, start, gru)
        after.append(last)
    z = place("z", x)
    return loss_of(w, z, targets, tied), after


def mixed(w, b, h, x, cell):
    if cell == "mingru":
        return place(b + "out", h @ w[b + "w_out"])
    h_re, h_im = blocks(h, 2)
    c_re, c_im = blocks(w[b + "c"].T, 2)
    y = place(b + "c", h_re @ c_re.T + h_im @ c_im.T)
    a = place(b + "gelu", gelu(y + x * w[b + "d"]))
    v = place(b + "out", linear(a, w[b + "w_out"], w[b + "b_out"]))
    return place(b + "glu", glu(v))


def linear_recurrent(w, tokens, targets, states, layers, cell, inner, activation, tied):
    x = embedded(w, tokens)
    after = []
    for layer in range(layers):
        b = f"layer.{layer}."
        start = states[layer]
        a = place(b + "norm_recurrence", norm(w, b + "norm_recurrence.", x))
        h = place(b + "h", cell_of(w, b, a, start, cell, 0))
        after.append(h[:, -1])
        x = place(b + "residual", x + mixed(w, b, h, a, cell))
        if inner:
            f = place(b + "norm_feed_forward", norm(w, b + "norm_feed_forward.", x))
            x = place(b + "feed_forward.residual", x + feed_forward(w, b, f, activation))
    z = place("norm_final", norm(w, "norm_final.", x))
    return loss_of(w, place("z", z), targets, tied), after


def window(queries, keys, most):
    hidden = keys - most
    return causal(queries, keys) & ~np.tri(queries, keys, max(hidden, 0) - queries, dtype=bool)


def distance_table(rows, width, clamp):
    distances = np.arange(rows)[::-1]
    if clamp:
        distances = np.minimum(distances, clamp)
    return sinusoids(rows, width)[distances]


def attend_by_distance(w, b, bias, x, old, r, heads, mask, pre):
    c = place(b + "attention.joined", concatenated([old, x], 1))
    a = place(b + "norm_attention", norm(w, b + "norm_attention.", c)) if pre else c
    q = place(b + "attention.q", a[:, old.shape[1]:] @ w[b + "attention.w_q"])
    k, v = blocks(place(b + "attention.kv", a @ w[b + "attention.w_kv"]), 2)
    r_h = place(b + "attention.r", r @ w[b + "attention.w_r"])
    y = place(b + "attention.heads", relative_attention(q, k, v, r_h, w[bias + "u"], w[bias + "v"], heads, mask))
    return place(b + "attention.out", y @ w[b + "attention.w_out"])


def transformer_xl(w, tokens, targets, cache, layers, heads, activation, pre, kept, same_length, clamp, shared, tied):
    x = embedded(w, tokens)
    earlier = detached(cache)
    length = earlier.shape[2] + x.shape[1]
    r = place("distances", distance_table(length, x.shape[2], clamp))
    mask = window(x.shape[1], length, kept) if same_length else causal(x.shape[1], length)
    hidden = [x]
    for layer in range(layers):
        b = f"blocks.{layer}."
        bias = "attention_bias.0." if shared else f"attention_bias.{layer}."
        x = place(b + "attention.residual", x + attend_by_distance(
            w, b, bias, x, earlier[:, layer], r, heads, mask, pre))
        if pre:
            f = place(b + "norm_feed_forward", norm(w, b + "norm_feed_forward.", x))
            x = place(b + "feed_forward.residual", x + feed_forward(w, b, f, activation))
        else:
            x = place(b + "norm_attention", norm(w, b + "norm_attention.", x))
            x = place(b + "feed_forward.residual", x + feed_forward(w, b, x, activation))
            x = place(b + "norm_feed_forward", norm(w, b + "norm_feed_forward.", x))
        hidden.append(x)
    z = place("norm_final", norm(w, "norm_final.", x)) if pre else x
    rows = concatenated([earlier, stacked(hidden)], 2)
    return loss_of(w, place("z", z), targets, tied), rows[:, :, -kept:]


def memory_mask(vectors, length):
    mask = causal(2 * vectors + length, 2 * vectors + length)
    mask[:vectors, :vectors] = True
    mask[vectors + length:] = True
    return mask


def placed(w, s, positions, vectors, longest):
    if positions == "none":
        return s
    length = s.shape[1] - vectors
    table = w["positions.table"] if positions == "learned" else sinusoids(2 * vectors + longest, s.shape[2])
    return place("x", s + concatenated([table[:length], table[vectors + longest:]], 0))


def rmt(w, tokens, targets, m, m_0, layers, heads, activation, pre, positions, vectors, longest, tied):
    e = embedded(w, tokens)
    s = place("joined", concatenated([m, e, m], 1))
    s = placed(w, s, positions, vectors, longest)
    s = blocks_of(w, s, layers, heads, memory_mask(vectors, e.shape[1]), activation, pre)
    y = place("norm_final", norm(w, "norm_final.", s)) if pre else s
    z = place("z", y[:, vectors:vectors + e.shape[1]])
    return loss_of(w, z, targets, tied), y[:, vectors + e.shape[1]:]
