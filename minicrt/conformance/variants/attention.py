"""Mistakes in multi-head attention, and in attention with its three inputs packed into one"""

from itertools import permutations

import numpy as np

from minicrt.conformance.variants.family import Family
from minicrt.conformance.variants.heads import (
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
    c.scale = scale_of(q, c.q.shape[-1], defects)
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


BACKWARD = {
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

ORDERS = {f"packed {', '.join(order)}": ["qkv".index(name) for name in order] for order in permutations("qkv")
          if order != ("q", "k", "v")}
PACKING_MISTAKES = {name: f"qkv is taken for {name.removeprefix('packed ')} side by side; it is q, k, v."
                    for name in ORDERS} | {
    "packed head by head": "qkv is taken for q, k, v of the first head, then of the second; it is all of q first.",
    "packed feature by feature": "qkv is taken for (D, 3), feature by feature; it is (3, D), all of q first.",
}

SHARED = SCALE_MISTAKES | MASK_MISTAKES | HEAD_MISTAKES
WITHOUT_MEMORY = {name: sentence for name, sentence in SHARED.items() if name != "memory hidden"}
OF_A_MASK_OR_A_MEMORY = ("mask argument ignored", "keys in front get nothing")


def unpacked(qkv, heads, defects):                           # (B, S, 3D) -> three of (B, S, D)
    B, S, W = qkv.shape
    if "packed head by head" in defects:
        parts = qkv.reshape(B, S, heads, 3, -1).transpose(3, 0, 1, 2, 4).reshape(3, B, S, W // 3)
    elif "packed feature by feature" in defects:
        parts = qkv.reshape(B, S, W // 3, 3).transpose(3, 0, 1, 2)
    else:
        parts = qkv.reshape(B, S, 3, W // 3).transpose(2, 0, 1, 3)
    for order in (ORDERS[name] for name in ORDERS if name in defects):
        parts = parts[np.argsort(order)]
    return parts


def packed(parts, heads, defects):                           # three of (B, S, D) -> (B, S, 3D)
    B, S, D = parts[0].shape
    parts = np.stack(parts)
    for order in (ORDERS[name] for name in reversed(ORDERS) if name in defects):
        parts = parts[order]
    if "packed head by head" in defects:
        return parts.reshape(3, B, S, heads, -1).transpose(1, 2, 3, 0, 4).reshape(B, S, 3 * D)
    if "packed feature by feature" in defects:
        return parts.transpose(1, 2, 3, 0).reshape(B, S, 3 * D)
    return parts.transpose(1, 2, 0, 3).reshape(B, S, 3 * D)


def self_forward(c, defects):
    for name, part in zip("qkv", unpacked(c.qkv, c.heads, defects)):
        c.keep(name, part)
    return forward(c, defects)


def self_backward(d_y, c, defects):
    d_q, d_k, d_v = backward(d_y, c, defects)
    for name, gradient in {"d_q": d_q, "d_k": d_k, "d_v": d_v}.items():
        c.keep(name, gradient)
    if "packed as k, q, v" in defects:
        d_q, d_k = d_k, d_q
    if "packed by heads" in defects:
        return (packed((d_q, d_k, d_v), c.heads, frozenset({"packed head by head"})),)
    return (packed((d_q, d_k, d_v), c.heads, defects),)


ATTENTION = (
    Family("attention", "y", ("q", "k", "v"), forward, backward, SHARED, BACKWARD),
    Family("self_attention", "y", ("qkv",), self_forward, self_backward, PACKING_MISTAKES | WITHOUT_MEMORY, {
        "packed as k, q, v": "The gradient puts k first, the input has q first.",
        "packed by heads": "The gradient is packed head by head as q, k, v; the input has all of q first.",
    } | {name: sentence for name, sentence in BACKWARD.items() if name not in OF_A_MASK_OR_A_MEMORY}),
)
