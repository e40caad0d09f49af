"""One segment of a CRT whose memory is slots, a queue or a matrix, one equation a line, as in `models`"""

from minicrt.conformance.mutation.equations.attention import softmax
from minicrt.conformance.mutation.equations.memories import delta_scan, pooled_queue, sparse_write
from minicrt.conformance.mutation.equations.models import blocks_of, cell_of, embedded, loss_of, norm, positioned
from minicrt.conformance.mutation.functions import concatenated, place, sqrt, transposed


def normed_rows(w, m, normed):
    return place("memory.norm", norm(w, "memory.norm.", m)) if normed else m


def looked_up(q, k, v):
    scores = q @ transposed(k) / sqrt(k.shape[-1])
    p = softmax(scores)
    return p @ v


def token_rows(w, s, behind, layers, heads, activation, pre):
    s = blocks_of(w, s, layers, heads, None, activation, pre)
    rows = s[:, behind:]
    return place("norm_final", norm(w, "norm_final.", rows)) if pre else rows


def behind_memory(w, x, m, layers, heads, activation, pre, normed):
    front = normed_rows(w, m, normed)
    s = place("joined", concatenated([front, x], 1))
    return token_rows(w, s, m.shape[1], layers, heads, activation, pre)


def read_rows(w, y, m, normed):
    m_hat = normed_rows(w, m, normed)
    values = place("memory.read.value", m_hat @ w["memory.read.w_value"])
    q = place("memory.read.query", y @ w["memory.read.w_query"])
    r = place("memory.read.heads", looked_up(q, m_hat, values))
    return y + (1 + y) * r


def write_slots(w, y, m, cell, negatives, most, normed):
    m_hat = normed_rows(w, m, normed)
    q = place("memory.query", m_hat @ w["memory.w_query"])
    u = place("memory.heads", looked_up(q, y, y))
    width = y.shape[-1]
    start = m.reshape(-1, width)
    h = place("memory.slot.h", cell_of(w, "memory.slot.", u.reshape(-1, 1, width), start, cell, negatives))
    new = h.reshape(m.shape)
    return place("memory.slot.written", sparse_write(new, m, most)) if most else new


def write_queue(w, y, m):
    u = place("memory.heads", looked_up(w["memory.query"], y, y))
    return place("memory.queue", pooled_queue(u[:, 0], m, w["memory.keep"]))


def crt_slots(w, tokens, targets, m, m_0, p_0, layers, heads, activation, pre, positions, gru, cell, negatives, most,
              normed, tied):
    e = embedded(w, tokens)
    x, p_last = positioned(w, e, p_0, positions, gru)
    y = behind_memory(w, x, m, layers, heads, activation, pre, normed)
    z = read_rows(w, y, m, normed)
    m_next = write_slots(w, y, m, cell, negatives, most, normed)
    z = place("z", z)
    return loss_of(w, z, targets, tied), m_next, p_last


def crt_queue(w, tokens, targets, m, m_0, p_0, layers, heads, activation, pre, positions, gru, normed, tied):
    e = embedded(w, tokens)
    x, p_last = positioned(w, e, p_0, positions, gru)
    y = behind_memory(w, x, m, layers, heads, activation, pre, normed)
    z = read_rows(w, y, m, normed)
    m_next = write_queue(w, y, m)
    z = place("z", z)
    return loss_of(w, z, targets, tied), m_next, p_last


def crt_matrix(w, tokens, targets, m, m_0, p_0, layers, heads, activation, pre, positions, gru, tied):
    e = embedded(w, tokens)
    x, p_last = positioned(w, e, p_0, positions, gru)
    y = token_rows(w, x, 0, layers, heads, activation, pre)
    q = place("memory.query", y @ w["memory.w_query"])
    k = place("memory.key", y @ w["memory.w_key"])
    v = place("memory.value", y @ w["memory.w_value"])
    b = place("memory.write", y @ w["memory.w_write"] + w["memory.b_write"])
    r, m_next = delta_scan(q, k, v, b[..., 0], m)
    r = place("memory.rule", r)
    z = place("z", y + (1 + y) * r)
    return loss_of(w, z, targets, tied), m_next, p_last
