"""Mistakes in sparse writing and in the pooled queue"""

import numpy as np

from minicrt.conformance.mistakes.operations.faulty import Faulty
from minicrt.conformance.mistakes.operations.functions import logistic


def written_rows(c, defects):                                # -> (B, M, 1) bool
    change = ((c.new - c.old).real ** 2).sum(-1)
    if "rows of the largest values" in defects:
        change = (c.new.real ** 2).sum(-1)
    if "the least changed" in defects:
        change = -change
    if "largest single change" in defects:
        change = np.abs((c.new - c.old).real).max(-1)
    if "sum of sizes" in defects:
        change = np.abs((c.new - c.old).real).sum(-1)
    most = min(c.most + ("one more" in defects), change.shape[1])
    if "chosen for the whole batch" in defects:
        change = np.repeat(change.sum(0, keepdims=True), len(change), axis=0)
    if "the first rows" in defects:
        change = np.broadcast_to(-np.arange(change.shape[1], dtype=float), change.shape)
    written = np.zeros(change.shape, bool)
    np.put_along_axis(written, np.argsort(-change, axis=1, kind="stable")[:, :most], True, 1)
    return written[..., None]


def write_forward(c, defects):
    c.written = np.ones_like(c.new[..., :1], bool) if "all written" in defects else written_rows(c, defects)
    return np.where(c.written, c.new, 0 if "the others forgotten" in defects else c.old)


def write_backward(d_y, c, defects):
    d_new, d_old = np.where(c.written, d_y, 0), np.where(c.written, 0, d_y)
    if "gradient into all that is new" in defects:
        d_new = 1.0 * d_y
    if "old rows detached" in defects or "the others forgotten" in defects:
        d_old = 0 * d_y
    return d_new, d_old


SPARSE_WRITE = (Faulty("sparse_write", "y", ("new", "old"), write_forward, write_backward, {
    "all written": "All rows are written; here those that change most alone.",
    "the others forgotten": "Rows that are not written become 0; here they stay as they are.",
    "the least changed": "The rows that change least are written; here those that change most.",
    "rows of the largest values": "The rows of the largest new values are written; here those that change most.",
    "largest single change": "Rows are ranked by the largest change of one feature; here by the sum of squares.",
    "sum of sizes": "Rows are ranked by the sum of their features' absolute changes; here by the sum of squares.",
    "chosen for the whole batch": "The same rows are written in the whole batch; here each of its rows has its own.",
    "the first rows": "The first rows are written, whatever changes.",
    "one more": "One row more is written than asked for.",
}, {
    "gradient into all that is new": "The gradient goes into what was not written too.",
    "old rows detached": "No gradient goes into the rows that stay as they are.",
}),)


def queue_forward(c, defects):
    keep = c.keep("z", keep_of(c, defects))
    rows = [c.u[:, None], c.m[:, :-1]]
    before = np.concatenate([c.m[:, 1:], c.u[:, None]] if "turned round" in defects else rows, axis=1)
    if "all rows take u" in defects:
        before = np.broadcast_to(c.u[:, None], c.m.shape)
    c.before = before
    let_in = np.ones_like(keep) if "pool not weighted" in defects else 1 - keep
    if "nothing kept" in defects:
        return before + 0 * c.m
    return keep * c.m + let_in * before


def keep_of(c, defects):
    keep = c.b if "sigmoid missing" in defects else logistic(c.b)
    return 1 - keep if "keep and let in exchanged" in defects else keep


def queue_backward(d_y, c, defects):
    keep, M, z = c.kept["z"], c.m.shape[1], logistic(c.b)
    let_in = np.ones_like(keep) if "pool not weighted" in defects else 1 - keep
    slope = np.ones_like(z) if "sigmoid missing" in defects or "slope missing" in defects else z * (1 - z)
    slope = -slope if "keep and let in exchanged" in defects else slope
    d_before, d_m = let_in * d_y, keep * d_y
    d_keep = (d_y * (c.m if "pool not weighted" in defects or "through what is kept alone" in defects
                     else c.m - c.before)).sum(0)
    if "nothing kept" in defects:
        d_before, d_m, d_keep = 1.0 * d_y, 0 * d_y, 0 * d_keep
    if "all rows take u" in defects:
        return d_before.sum(1), d_m, d_keep * slope
    d_m = np.array(d_m)
    if "turned round" in defects:
        d_m[:, 1:] += d_before[:, :M - 1]
        return d_before[:, -1], d_m, d_keep * slope
    if "handed on without gradient" not in defects:
        d_m[:, :-1] += d_before[:, 1:]
    return d_before[:, 0], d_m, d_keep * slope


POOLED_QUEUE = (Faulty("pooled_queue", "y", ("u", "m", "b"), queue_forward, queue_backward, {
    "sigmoid missing": "z is b itself: its sigmoid is left out.",
    "keep and let in exchanged": "z lets in what comes; here it keeps what is there.",
    "pool not weighted": "What comes is added in full, z m + m^{i−1}; here it is weighted by 1 − z.",
    "nothing kept": "Rows are handed on as they are, and nothing is pooled.",
    "all rows take u": "Every row pools u itself; here a row pools what the row in front of it held.",
    "turned round": "The queue runs the other way: u enters at the last row.",
}, {
    "slope missing": "G_b is G_z: the slope z (1 − z) is forgotten.",
    "through what is kept alone": "G_z is Σ G_y m^i; what comes has the weight 1 − z, and gives − m^{i−1}.",
    "handed on without gradient": "G_m lacks what the next row takes of it.",
}),)
