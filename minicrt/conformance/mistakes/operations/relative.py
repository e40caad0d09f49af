"""Mistakes in relative attention"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.heads import (
    HEAD_MISTAKES,
    MASK_MISTAKES,
    SCALE_MISTAKES,
    SOFTMAX_BACKWARD_MISTAKES,
    joined,
    mask_of,
    merged,
    parted,
    probabilities,
    scale_of,
    scores_gradient,
    split,
)

# (of u, of w) in the bias of the content, and in that of the position
BIASES = {"u and w the other way round": ((0, 1), (1, 0)), "u missing": ((0, 0), (0, 1)), "w missing": ((1, 0), (0, 0)),
          "u for both": ((1, 0), (1, 0)), "w for both": ((0, 1), (0, 1)), "both for both": ((1, 1), (1, 1))}
# What is added to the row of r, and what becomes of rows that do not exist
SHIFTS = {f"distances one too {size}{remark}": (step, edge) for size, step in {"large": -1, "small": 1}.items()
          for remark, edge in {"": "zero", ", the last repeated": "clip", ", around the end": "wrap"}.items()}


def biases(defects):
    return next((BIASES[name] for name in BIASES if name in defects), ((1, 0), (0, 1)))


def places_of(S, J, defects):                                # -> three of (S, J)
    """For query i and key j, which score by row is taken: of which query, of which row of r, and whether it exists

    The row of distance d(i, j) is J − 1 − d = j + S − 1 − i. Many ports move rows by padding a column, reshaping to
    (J + 1, S) and cutting the first row off; cutting off another brings in the scores of another query.
    """
    i, j = np.arange(S)[:, None] + np.zeros((1, J), int), np.zeros((S, 1), int) + np.arange(J)
    if defects & {"cut at the wrong end", "not causal, shifted by reshaping"}:
        cut = 0 if "cut at the wrong end" in defects else S
        query, row = np.divmod(cut + i * J + j, J + 1)       # of what is padded; its row 0 is the column of zeros
        query, row = np.minimum(query, S - 1), row * (query < S)
        return query, np.maximum(row - 1, 0), row > 0
    row = j if "no shift" in defects else j + S - 1 - i
    step, edge = next((SHIFTS[name] for name in SHIFTS if name in defects), (0, "zero"))
    if "r in increasing order of distance" in defects:
        row, step = J - 1 - row, -step
    row = row + step
    there = (row >= 0) & (row < J) if edge == "zero" else np.ones((S, J), bool)
    return i, row % J if edge == "wrap" else np.clip(row, 0, J - 1), there


def forward(c, defects):
    heads = 1 if "one head" in defects else c.heads
    (uu, uw), (wu, ww) = biases(defects)
    S, J, D = c.q.shape[1], c.k.shape[1], c.q.shape[2]
    c.parts = [split(x, heads, defects) for x in (c.q + uu * c.u + uw * c.w, c.q + wu * c.u + ww * c.w, c.k, c.v,
                                                  c.r[None])]
    q_content, q_position, k, v, r = c.parts
    c.visible, (c.query, c.row, c.there) = mask_of(S, J, c.mask, defects), places_of(S, J, defects)
    c.scale = scale_of(k, D, J, defects)
    content = c.keep("content", np.einsum("bhik,bhjk->bhij", q_content, k))
    by_row = c.keep("by_row", np.einsum("bhik,xhjk->bhij", q_position, r))
    if "no positions" in defects:
        by_row = 0 * by_row
    c.there = c.there & (np.tri(S, J, J - S, dtype=bool) | c.visible)
    position = c.keep("position", np.where(c.there, by_row[:, :, c.query, c.row], 0))
    c.position_scale = 1 if "positions not scaled" in defects else c.scale
    scores = c.keep("scores", content * c.scale + position * c.position_scale)
    p = probabilities(c, scores, defects)
    return merged(np.einsum("bhij,bhjk->bhik", p, v), defects)


def backward(d_y, c, defects):
    q_content, q_position, k, v, r = c.parts
    B, H, S, J = c.p.shape
    g = parted(d_y, H, defects)
    d_v = np.einsum("bhij,bhik->bhjk", c.p, g)
    d_p = c.keep("d_p", np.einsum("bhik,bhjk->bhij", g, v))
    d_scores = scores_gradient(c, d_p, c.p, defects)
    missing = "scale missing" in defects
    d_content = d_scores * (1 if missing else c.scale)
    d_position = c.there * d_scores * (1 if missing else c.position_scale) * ("no positions" not in defects)
    row = c.row
    if "shift off by one" in defects:
        row = np.clip(row - 1, 0, J - 1)
    if "no shift back" in defects:
        row = np.arange(J)[None] + 0 * row
    taken = (c.query * J + row).reshape(-1, 1) == np.arange(S * J)       # (S J, S J): a key's score is that by row
    d_by_row = c.keep("d_by_row", (d_position.reshape(B, H, -1) @ taken).reshape(B, H, S, J))
    d_q_content = joined(np.einsum("bhij,bhjk->bhik", d_content, k), defects)
    d_q_position = joined(np.einsum("bhij,xhjk->bhik", d_by_row, r), defects)
    q = split(c.q, H, defects)
    d_k = np.einsum("bhij,bhik->bhjk", d_content, q if "keys without u" in defects else q_content)
    seen = q if "r without w" in defects else q_position
    d_r = np.einsum("bhij,bhik->bhjk", d_by_row, seen)
    d_r = d_r[:1] if "first row of the batch alone" in defects else d_r.sum(0, keepdims=True)
    (uu, uw), (wu, ww) = biases(defects)
    d_bias_content, d_bias_position = d_q_content.sum((0, 1)), d_q_position.sum((0, 1))
    d_u, d_w = uu * d_bias_content + wu * d_bias_position, uw * d_bias_content + ww * d_bias_position
    if "u and w exchanged" in defects:
        d_u, d_w = d_w, d_u
    d_q = d_q_content + d_q_position * ("position's share of q missing" not in defects)
    return d_q, joined(d_k, defects), joined(d_v, defects), joined(d_r, defects)[0], d_u, d_w


EDGES = {"zero": "", "clip": ", and where there is no such row the last one is taken",
         "wrap": ", and where there is no such row that of the other end is taken"}
SHIFT_MISTAKES = {name: "The relative shift is off by one: every distance is taken one too "
                        f"{'large' if step < 0 else 'small'}{EDGES[edge]}." for name, (step, edge) in SHIFTS.items()}

RELATIVE = (Faulty("relative_attention", "y", ("q", "k", "v", "r", "u", "w"), forward, backward, SHIFT_MISTAKES | {
    "not causal, shifted by reshaping": "The mask is left out: every query sees every key, and the shift by padding "
                                        "and reshaping puts scores of the next query ahead of it.",
    "cut at the wrong end": "The shift cuts the last row off in place of the first, after padding and reshaping.",
    "no shift": "The scores by position are not shifted: row j of r is taken for key j.",
    "r in increasing order of distance": "r is read in increasing order of distance, 0 … J − 1; its rows stand for "
                                         "J − 1 … 0.",
    "no positions": "The scores have no term of position: (q + w)·r is left out.",
    "positions not scaled": "1/√K is applied to the content's scores alone.",
    "u and w the other way round": "The biases u and w are exchanged: w is added for the content, u for the "
                                   "position.",
    "u missing": "The bias of content u is left out: q·k in place of (q + u)·k.",
    "w missing": "The bias of position w is left out: q·r in place of (q + w)·r.",
    "u for both": "u is added for the position too: (q + u)·r in place of (q + w)·r.",
    "w for both": "w is added for the content too: (q + w)·k in place of (q + u)·k.",
    "both for both": "u + w is added for content and position.",
} | SCALE_MISTAKES | MASK_MISTAKES | HEAD_MISTAKES, {
    "scale missing": "1/√K is forgotten in the backward pass.",
    "shift off by one": "The shift back puts every score's gradient one distance too far.",
    "no shift back": "The gradient of the shifted scores goes to r as if it had not been shifted.",
    "keys without u": "G_k = G_sᵀ q in place of G_sᵀ (q + u).",
    "r without w": "G_r = G_sᵀ q in place of G_sᵀ (q + w).",
    "first row of the batch alone": "G_r is not summed over the batch, which shares one table.",
    "u and w exchanged": "The gradients of the two biases stand in each other's place.",
    "position's share of q missing": "G_q lacks what comes back through the distances.",
} | SOFTMAX_BACKWARD_MISTAKES),)
