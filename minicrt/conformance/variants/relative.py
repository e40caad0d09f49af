"""Mistakes in relative attention"""

import numpy as np

from minicrt.conformance.variants.attention import merged, split
from minicrt.conformance.variants.family import Family


def relative_attention(d_y, c, defect):
    B, S, D = c.q.shape
    J = c.k.shape[1]
    q_u, q_w, k, v = (split(x, c.heads) for x in (c.q + c.u, c.q + c.w, c.k, c.v))
    r = split(c.r[None], c.heads)
    rows = np.arange(J)[None] + S - 1 - np.arange(S)[:, None]            # the row of r for query i and key j
    seen = np.tri(S, J, J - S, dtype=bool) if c.mask is None else c.mask
    by_row = np.einsum("bhik,xhjk->bhij", q_w, r)
    content = np.einsum("bhik,bhjk->bhij", q_u, k)
    scale = 1 / np.sqrt(D // c.heads)
    index = np.broadcast_to(np.clip(rows, 0, J - 1), content.shape)
    s = np.where(seen, (content + np.take_along_axis(by_row, index, -1)) * scale, -np.inf)
    p = np.exp(s - s.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    g = split(d_y, c.heads)
    d_v = np.einsum("bhij,bhik->bhjk", p, g)
    d_p = np.einsum("bhik,bhjk->bhij", g, v)
    d_s = p * (d_p - (d_p * p).sum(-1, keepdims=True)) * (1 if defect == "scale missing" else scale)
    shift = {"shift off by one": 1, "no shift back": None}.get(defect, 0)
    back = np.arange(J)[None] + 0 * rows if shift is None else np.clip(rows - shift, 0, J - 1)
    d_by_row = np.zeros_like(d_s)
    for i in range(S):
        for j in range(J):
            if seen[i, j]:
                if defect == "assigned, not added":
                    d_by_row[:, :, i, back[i, j]] = d_s[:, :, i, j]
                else:
                    d_by_row[:, :, i, back[i, j]] += d_s[:, :, i, j]
    d_q_u = np.einsum("bhij,bhjk->bhik", d_s, k)
    d_q_w = np.einsum("bhij,xhjk->bhik", d_by_row, r)
    d_k = np.einsum("bhij,bhik->bhjk", d_s, split(c.q, c.heads) if defect == "keys without u" else q_u)
    d_r = np.einsum("bhij,bhik->hjk", d_by_row, split(c.q, c.heads) if defect == "r without w" else q_w)
    if defect == "first row of the batch alone":
        d_r = np.einsum("hij,hik->hjk", d_by_row[0], q_w[0])
    d_u, d_w = merged(d_q_u).sum((0, 1)), merged(d_q_w).sum((0, 1))
    if defect == "u and w exchanged":
        d_u, d_w = d_w, d_u
    d_q = merged(d_q_u) if defect == "position's share of q missing" else merged(d_q_u + d_q_w)
    return d_q, merged(d_k), merged(d_v), merged(d_r[None])[0], d_u, d_w


RELATIVE = (
    Family("relative_attention", relative_attention, {
        "scale missing": "1/√K is forgotten in the backward pass.",
        "shift off by one": "The shift back puts every score's gradient one distance too far.",
        "no shift back": "The gradient of the shifted scores goes to r as if it had not been shifted.",
        "keys without u": "G_k = G_sᵀ q in place of G_sᵀ (q + u).",
        "r without w": "G_r = G_sᵀ q in place of G_sᵀ (q + w).",
        "first row of the batch alone": "G_r is not summed over the batch, which shares one table.",
        "u and w exchanged": "The gradients of the two biases stand in each other's place.",
        "position's share of q missing": "G_q lacks what comes back through the distances.",
    }),
)
