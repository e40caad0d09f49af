"""The size of the terms that cancel, for gradients which may come out as (nearly) nothing"""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray
FAR = 1000.0                                                 # times the deviation


def natural_scales(operation: str, inputs: Mapping[str, Any], upstream: Array) -> dict[str, float]:
    """By tensor. A difference within rounding of its scale is no difference.

    layer_norm: with two features x̂ is ±1 but for eps, and ĝ − mean(ĝ) − x̂ mean(ĝ ⊙ x̂) is all but 0; with a mean far
    from 0 the terms of x − mean are many times the deviation.
    attention: with one key, or with p close to 0 and 1, G_p − Σ G_p p is.
    """
    if operation == "layer_norm":
        return layer_norm_scales(inputs["x"], inputs["gain"], inputs["eps"], upstream)
    if operation == "self_attention":
        q, k, v = np.split(inputs["qkv"], 3, axis=-1)
        parts = attention_scales({"q": q, "k": k, "v": v, "heads": inputs["heads"]}, upstream)
        return parts | {"d_qkv": max(parts["d_q"], parts["d_k"])}
    return attention_scales(inputs, upstream)


def layer_norm_scales(x: Array, gain: Array, eps: float, upstream: Array) -> dict[str, float]:
    """x̂ is at most √D; where x is thousands of times the deviation, all that is made of x − mean is of that size."""
    r, root = float(1 / np.sqrt(x.var(-1).min() + eps)), float(np.sqrt(x.shape[-1]))
    d_x, times = largest(gain) * largest(upstream) * r, largest(x) * r
    if times < FAR:
        return {"d_x": d_x}
    rows = x.size // x.shape[-1]
    return {"r": times * r, "x_hat": times * root, "y": times * root * largest(gain), "d_x": times * d_x,
            "d_gain": times * root * rows * largest(upstream)}


def attention_scales(inputs: Mapping[str, Any], upstream: Array) -> dict[str, float]:
    """G_s/√K is a sum over a head's K features of products with v; the rest are sums over keys or queries of it."""
    q, k = inputs["q"], inputs["k"]
    width = q.shape[-1] // inputs["heads"]
    d_scores = width * largest(upstream) * largest(inputs["v"]) / float(np.sqrt(width))
    batch, queries, keys = len(q), q.shape[1], k.shape[1]
    position = inputs.get("r", np.zeros(1))
    query = max(largest(q + inputs[bias]) if bias in inputs else largest(q) for bias in ("u", "w"))
    to_query = keys * d_scores * max(largest(k), largest(position))
    scales = {"d_scores": d_scores * float(np.sqrt(width)), "d_q": to_query, "d_k": queries * d_scores * query}
    if "r" in inputs:
        scales |= {"d_by_row": d_scores, "d_r": batch * queries * d_scores * query, "d_u": batch * queries * to_query,
                   "d_w": batch * queries * to_query}
    return scales


def largest(values: Array) -> float:
    return float(np.max(np.abs(values)))
