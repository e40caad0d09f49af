"""Mistakes in attention whose three inputs are packed into one array"""

from itertools import permutations

import numpy as np

from minicrt.conformance.mistakes.operations import attention
from minicrt.conformance.mistakes.operations.attention import BACKWARD_MISTAKES, FORWARD_MISTAKES
from minicrt.conformance.mistakes.operations.faulty import Faulty

ORDERS = {f"packed {', '.join(order)}": ["qkv".index(name) for name in order] for order in permutations("qkv")
          if order != ("q", "k", "v")}
PACKING_MISTAKES = {name: f"qkv is taken for {name.removeprefix('packed ')} side by side; it is q, k, v."
                    for name in ORDERS} | {
    "packed head by head": "qkv is taken for q, k, v of the first head, then of the second; it is all of q first.",
    "packed feature by feature": "qkv is taken for (D, 3), feature by feature; it is (3, D), all of q first.",
}


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


def forward(c, defects):
    for name, part in zip("qkv", unpacked(c.qkv, c.heads, defects)):
        c.keep(name, part)
    return attention.forward(c, defects)


def backward(d_y, c, defects):
    d_q, d_k, d_v = attention.backward(d_y, c, defects)
    for name, gradient in {"d_q": d_q, "d_k": d_k, "d_v": d_v}.items():
        c.keep(name, gradient)
    if "packed as k, q, v" in defects:
        d_q, d_k = d_k, d_q
    if "packed by heads" in defects:
        return (packed((d_q, d_k, d_v), c.heads, frozenset({"packed head by head"})),)
    return (packed((d_q, d_k, d_v), c.heads, defects),)


WITHOUT_MEMORY = {name: sentence for name, sentence in FORWARD_MISTAKES.items() if name != "memory hidden"}
BACKWARD = {name: sentence for name, sentence in BACKWARD_MISTAKES.items()
            if name not in ("mask argument ignored", "keys in front get nothing")}

SELF_ATTENTION = (Faulty("self_attention", "y", ("qkv",), forward, backward, PACKING_MISTAKES | WITHOUT_MEMORY, {
    "packed as k, q, v": "The gradient puts k first, the input has q first.",
    "packed by heads": "The gradient is packed head by head as q, k, v; the input has all of q first.",
} | BACKWARD),)
