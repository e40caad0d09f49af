"""Mistakes in multi-head attention"""

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
    softmax,
    split,
)


def forward(c, defects):
    heads = 1 if "one head" in defects else c.heads
    c.parts = [split(x, heads, defects) for x in (c.q, c.k, c.v)]
    q, k, v = c.parts
    c.scale = scale_of(q, c.q.shape[-1], c.k.shape[1], defects)
    c.visible = mask_of(c.q.shape[1], c.k.shape[1], c.mask, defects)
    scores = c.keep("scores", np.einsum("bhik,bhjk->bhij", q, k) * c.scale)
    p = probabilities(c, scores, defects)
    return merged(np.einsum("bhij,bhjk->bhik", p, v), defects)


def backward(d_y, c, defects):
    q, k, v = c.parts
    H, D, queries, keys = q.shape[1], c.q.shape[-1], q.shape[2], k.shape[2]
    p, scale, square, offset = c.p, c.scale, queries == keys, keys - queries
    if "mask off by one" in defects or "mask argument ignored" in defects:
        seen = np.tri(queries, keys, offset + ("mask off by one" in defects), dtype=bool)
        if c.mask is not None and "mask argument ignored" not in defects:
            seen = c.mask
        p = softmax(c.scores, seen, defects)
    g = parted(d_y, H, defects)
    if "heads interleaved" in defects:
        g = d_y.reshape(*d_y.shape[:2], -1, H).transpose(0, 3, 1, 2)
    if "heads in reverse" in defects:
        g = g[:, ::-1]
    d_v = np.einsum("bhji,bhjk->bhik" if "p not transposed" not in defects or not square else "bhij,bhjk->bhik", p, g)
    d_p = c.keep("d_p", np.einsum("bhik,bhjk->bhij", g, v))
    d_scores = scores_gradient(c, d_p, p, defects)
    wrong = {"scale missing": 1, "scale of the full width": 1 / np.sqrt(D), "scale squared": scale**2}
    d_s = d_scores * next((wrong[name] for name in wrong if name in defects), scale)
    d_q = np.einsum("bhij,bhjk->bhik", d_s, k)
    d_k = np.einsum("bhij,bhik->bhjk", d_s, q)
    if "scale missing on the keys" in defects:
        d_k = d_k / scale
    if "queries and keys exchanged" in defects and square:
        d_q, d_k = d_k, d_q
    if "last key left out" in defects:
        d_k[:, :, -1] = 0
    if "keys in front get nothing" in defects and not square:
        d_k[:, :, :offset] = 0
    return joined(d_q, defects), joined(d_k, defects), joined(d_v, defects)


FORWARD_MISTAKES = SCALE_MISTAKES | MASK_MISTAKES | HEAD_MISTAKES
BACKWARD_MISTAKES = {
    "scale missing": "1/√K is forgotten in the backward pass.",
    "scale missing on the keys": "1/√K is applied to G_q but not to G_k.",
    "scale of the full width": "1/√D in place of 1/√K; right for one head alone.",
    "scale squared": "1/K: the scale is applied to the scores' gradient and to the product again.",
    "mask off by one": "A query sees one key more in the backward pass than in the forward pass.",
    "mask argument ignored": "The backward pass is causal, whatever mask was given.",
    "p not transposed": "G_v = p G in place of pᵀ G; of the right shape with as many keys as queries.",
    "queries and keys exchanged": "G_q and G_k in each other's place.",
    "heads interleaved": "G_y is split with feature i in head i mod H, the forward pass puts heads side by side.",
    "heads in reverse": "G_y's heads are taken in reverse order.",
    "last key left out": "The last key gets no gradient: a slice one too short.",
    "keys in front get nothing": "The memory's keys are cut off as if they were constants.",
} | SOFTMAX_BACKWARD_MISTAKES

ATTENTION = (Faulty("attention", "y", ("q", "k", "v"), forward, backward, FORWARD_MISTAKES, BACKWARD_MISTAKES),)
