"""One segment of each model, one equation a line; `place` tells what a result is called in a golden case

w are the parameters by name. m_0, the first memory, is at hand in later segments too. A segment gives its loss and the
state that goes on to the next one.
"""

from minicrt.conformance.mutation.equations.adaptive import clustered_loss
from minicrt.conformance.mutation.equations.attention import scaled_cayley, self_attention
from minicrt.conformance.mutation.equations.gru import gru_after, gru_before, ncgru_modrelu, ncgru_tanh
from minicrt.conformance.mutation.equations.recurrent import lru, lstm, mingru
from minicrt.conformance.mutation.equations.rowwise import (
    embedding,
    layer_norm,
    linear,
    linear_gelu,
    linear_gelu_tanh,
    linear_relu,
)
from minicrt.conformance.mutation.equations.state_writers import mamba_states, s4d_states
from minicrt.conformance.mutation.functions import (
    CUTOFFS,
    DIV_VALUE,
    arange,
    below,
    chosen,
    concatenated,
    cos,
    detached,
    exp,
    largest,
    log,
    mean,
    place,
    power,
    sin,
    sqrt,
    stacked,
    total,
    where,
)
from minicrt.conformance.mutation.tails import cluster_matrix, word_matrix


def embedded(w, tokens):
    width = w["embedding"].shape[1]
    return place("embedding", embedding(tokens, w["embedding"], sqrt(width)))


def adaptive_loss(w, z, targets, tied):
    shortlist = CUTOFFS[0]
    table = w["embedding"]
    head = concatenated([table[:shortlist], w["output.clusters"]], 0) if tied else w["output.head"]
    tails = table[shortlist:].reshape(-1) if tied else w["output.tails"]
    bias = w["output.bias"]
    words = len(bias) - len(CUTOFFS)
    head_logits = place("head_logits", z @ head.T + bias[:len(head)])
    projected = z @ w["output.projection"]
    rare = word_matrix(tails, words, z.shape[-1], CUTOFFS, DIV_VALUE)
    tail_logits = place("tail_logits", projected @ rare.T + bias[len(head):])
    return clustered_loss(head_logits, tail_logits, targets, CUTOFFS, cluster_matrix(words, CUTOFFS))


def loss_of(w, z, targets, tied):
    if "output.projection" in w:
        return adaptive_loss(w, z, targets, tied)
    table = w["embedding"] if tied else w["output.weight"]
    logits = place("logits", z @ table.T + w["output.bias"])
    return cross_entropy(logits, targets)


def cross_entropy(logits, targets):
    scored = targets != -1
    count = max(scored.sum(), 1)
    shift = logits - largest(logits, -1)
    log_p = shift - log(total(exp(shift), -1, True))
    row_losses = where(scored, -chosen(log_p, targets), 0)
    return total(row_losses) / count


def norm(w, name, x):
    return layer_norm(x, w[name + "gain"], w[name + "bias"], 1e-5)


def attend(w, b, x, heads, mask):
    qkv = place(b + "attention.qkv", linear(x, w[b + "attention.w_qkv"], w[b + "attention.b_qkv"]))
    y = place(b + "attention.heads", self_attention(qkv, heads, mask))
    return place(b + "attention.out", linear(y, w[b + "attention.w_out"], w[b + "attention.b_out"]))


def inner(x, weight, bias, activation):
    if activation == "gelu":
        return linear_gelu(x, weight, bias)
    if activation == "gelu_tanh":
        return linear_gelu_tanh(x, weight, bias)
    return linear_relu(x, weight, bias)


def feed_forward(w, b, x, activation):
    f = place(b + "feed_forward.inner", inner(x, w[b + "feed_forward.w_in"], w[b + "feed_forward.b_in"], activation))
    return place(b + "feed_forward.out", linear(f, w[b + "feed_forward.w_out"], w[b + "feed_forward.b_out"]))


def pre_norm_block(w, b, x, heads, mask, activation):
    a = place(b + "norm_attention", norm(w, b + "norm_attention.", x))
    x = place(b + "attention.residual", x + attend(w, b, a, heads, mask))
    f = place(b + "norm_feed_forward", norm(w, b + "norm_feed_forward.", x))
    x = place(b + "feed_forward.residual", x + feed_forward(w, b, f, activation))
    return x


def post_norm_block(w, b, x, heads, mask, activation):
    x = place(b + "attention.residual", x + attend(w, b, x, heads, mask))
    x = place(b + "norm_attention", norm(w, b + "norm_attention.", x))
    x = place(b + "feed_forward.residual", x + feed_forward(w, b, x, activation))
    x = place(b + "norm_feed_forward", norm(w, b + "norm_feed_forward.", x))
    return x


def blocks_of(w, s, layers, heads, mask, activation, pre):
    for layer in range(layers):
        if pre:
            s = pre_norm_block(w, f"blocks.{layer}.", s, heads, mask, activation)
        else:
            s = post_norm_block(w, f"blocks.{layer}.", s, heads, mask, activation)
    return s


def sinusoids(length, width):
    half = (width + 1) // 2
    angles = arange(length)[:, None] * power(10000.0, -2 * arange(half) / width)
    return concatenated([sin(angles), cos(angles)])[:, :width]


def gru_cell(w, name, x, h, cell):
    if cell == "gru_after":
        return gru_after(x, h, w[name + "w"], w[name + "u"], w[name + "b"], w[name + "b_hn"])
    return gru_before(x, h, w[name + "w"], w[name + "u"], w[name + "b"])


def ncgru_cell(w, name, x, h, cell, negatives):
    width = h.shape[1]
    u = w[name + "u"]
    if name + "skew_reset" in w:
        u_r = place(name + "U_reset", scaled_cayley(w[name + "skew_reset"], negatives, width))
        u = concatenated([u_r, u])
    u_n = place(name + "U_candidate", scaled_cayley(w[name + "skew_candidate"], negatives, width))
    u = concatenated([u, u_n])
    if cell == "ncgru_tanh":
        return ncgru_tanh(x, h, w[name + "w"], u, w[name + "b"])
    return ncgru_modrelu(x, h, w[name + "w"], u, w[name + "b"])


def cell_of(w, name, x, h, cell, negatives):
    if cell == "mingru":
        return mingru(x, h, w[name + "w"], w[name + "b"])
    if cell == "lru":
        return lru(x, h, w[name + "w"], w[name + "nu"], w[name + "theta"], w[name + "log_gamma"])
    if cell == "mamba":
        return mamba_states(w, name, x, h)
    if cell == "s4d":
        return s4d_states(w, name, x, h)
    if cell == "lstm":
        return lstm(x, h, w[name + "w"], w[name + "u"], w[name + "b"])
    if cell == "gru_after" or cell == "gru_before":
        return gru_cell(w, name, x, h, cell)
    return ncgru_cell(w, name, x, h, cell, negatives)


def recurrent_positions(w, e, p_0, gru):
    p_t = place("positions.h", gru_cell(w, "positions.", e, p_0, gru))
    added = place("positions.out", p_t @ w["positions.w_out"]) if "positions.w_out" in w else p_t
    return place("x", e + added), p_t[:, -1]


def positioned(w, e, p_0, positions, gru):
    if positions == "recurrent":
        return recurrent_positions(w, e, p_0, gru)
    if positions == "learned":
        return place("x", e + w["positions.table"][:e.shape[1]]), p_0
    if positions == "sinusoidal":
        return place("x", e + sinusoids(e.shape[1], e.shape[2])), p_0
    return e, p_0


def read(w, y, h, m, per_segment, normed):
    m_read = place("readout.memory.read", m.reshape(len(m), -1) @ w["memory.read"])
    z = y + (1 + y) * m_read[:, None]
    if per_segment:
        return z
    h_mean = 0
    for i in range(len(h)):
        h_i = place("readout.memory.norm", norm(w, "memory.norm.", h[i])) if normed else h[i]
        h_mean = h_mean + h_i / len(h)
    return z + h_mean


def crt(w, tokens, targets, m, m_0, p_0, layers, heads, activation, pre, positions, gru, cell, negatives, vectors,
        per_segment, reads, normed, tied):
    e = embedded(w, tokens)
    x, p_last = positioned(w, e, p_0, positions, gru)
    token = place("memory.norm", norm(w, "memory.norm.", m)) if normed else m
    s = place("joined", concatenated([token, x], 1))
    s = blocks_of(w, s, layers, heads, None, activation, pre)
    rows = s[:, vectors:]
    y = place("norm_final", norm(w, "norm_final.", rows)) if pre else rows
    written = mean(y, 1, True) if per_segment else y
    h = []
    for i in range(vectors):
        h_i = place(f"memory.{i}.h", cell_of(w, f"memory.{i}.", written, m[:, i], cell, negatives))
        h.append(h_i)
    last = []
    for i in range(vectors):
        last.append(h[i][:, -1])
    m_next = stacked(last)
    z = place("z", read(w, y, h, m, per_segment, normed)) if reads else place("z", y)
    return loss_of(w, z, targets, tied), m_next, written, m, p_last


def recalled(w, inputs, start, cell, negatives, vectors):
    again = below("recalled.", w)
    last = []
    for i in range(vectors):
        b = f"recalled.memory.{i}."
        h_0 = detached(start[:, i])
        h_i = place(b + "h", cell_of(again, b, detached(inputs), h_0, cell, negatives))
        last.append(h_i[:, -1])
    return stacked(last)


def crt_by_writer(w, tokens, targets, m, m_0, inputs, start, p_0, layers, heads, activation, pre, positions, gru, cell,
                  negatives, vectors, per_segment, reads, normed, tied):
    if inputs is not None:
        m = recalled(w, inputs, start, cell, negatives, vectors)
    return crt(w, tokens, targets, m, m_0, p_0, layers, heads, activation, pre, positions, gru, cell, negatives,
               vectors, per_segment, reads, normed, tied)


def transformer(w, tokens, targets, m, p_0, layers, heads, activation, pre, positions, gru, tied):
    e = embedded(w, tokens)
    x, p_last = positioned(w, e, p_0, positions, gru)
    s = blocks_of(w, x, layers, heads, None, activation, pre)
    y = place("norm_final", norm(w, "norm_final.", s)) if pre else s
    z = place("z", y)
    return loss_of(w, z, targets, tied), m, p_last
