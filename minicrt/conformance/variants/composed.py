"""Mistakes where operations are joined: a linear layer with its activation, attention with its packed projections"""

from types import SimpleNamespace

import numpy as np

from minicrt import ops
from minicrt.conformance.variants.attention import attention
from minicrt.conformance.variants.family import Family
from minicrt.conformance.variants.rowwise import linear


def linear_activation(d_y, c, defect):
    a, _ = ops.linear(c.x, c.weight, None if defect == "bias missing in the slope" else c.bias)
    at = c.y if defect == "slope at the output" else a
    _, cache = getattr(ops, c.activation)(at)
    d_a = getattr(ops, c.activation + "_backward")(d_y, cache)
    if defect == "slope missing":
        d_a = d_y
    d_x, d_weight, d_bias = linear(d_a, c, "")
    if defect == "bias before the activation's slope":
        d_bias = d_y.reshape(-1, d_y.shape[-1]).sum(0)
    return d_x, d_weight, d_bias


def self_attention(d_y, c, defect):
    D = c.qkv.shape[-1] // 3
    q, k, v = c.qkv[..., :D], c.qkv[..., D:2 * D], c.qkv[..., 2 * D:]
    d_q, d_k, d_v = attention(d_y, SimpleNamespace(q=q, k=k, v=v, heads=c.heads, mask=None), "")
    if defect == "packed as k, q, v":
        d_q, d_k = d_k, d_q
    if defect == "packed by heads":
        blocks = [np.split(d, c.heads, axis=-1) for d in (d_q, d_k, d_v)]
        return np.concatenate([block for head in zip(*blocks) for block in head], axis=-1)
    return np.concatenate([d_q, d_k, d_v], axis=-1)


COMPOSED = (
    Family("linear_activation", linear_activation, {
        "slope missing": "The activation is passed over: G_a = G_y.",
        "slope at the output": "f′ is taken at y in place of x W + b.",
        "bias missing in the slope": "f′ is taken at x W, without the bias.",
        "bias before the activation's slope": "G_b sums G_y in place of G_a.",
    }),
    Family("self_attention", self_attention, {
        "packed as k, q, v": "The gradient puts k first, the input has q first.",
        "packed by heads": "The gradient is packed head by head as q, k, v; the input has all of q first.",
    }),
)
