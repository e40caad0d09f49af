"""Cases of attention over [memory ; segment], and of attention by relative positions over [cache ; segment]"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values
from minicrt.ops import causal_mask


def attention(v: Values, batch: int = 2, queries: int = 5, keys: int = 5, width: int = 6, heads: int = 2
              ) -> dict[str, Any]:
    return {"q": v.real("q", batch, queries, width, factor=2), "k": v.real("k", batch, keys, width, factor=2),
            "v": v.real("v", batch, keys, width), "heads": heads}


def masked_attention(v: Values) -> dict[str, Any]:
    """Three heads; every query sees itself, and the other keys at random, those ahead of it among them."""
    mask = v.integers("mask", 4, 4, below=2).astype(bool) | np.eye(4, dtype=bool)
    return attention(v, 2, 4, 4, 6, 3) | {"mask": mask}


def zero_memory(v: Values) -> dict[str, Any]:
    inputs = attention(v, queries=4, keys=6)
    inputs["k"][:, :2] = inputs["v"][:, :2] = 0
    return inputs


def large_attention(v: Values) -> dict[str, Any]:
    """Every score is around 1024 and exact in float32: K = 4, and the first feature of a head gives 32 · 64 / √4."""
    inputs: dict[str, Any] = {"q": v.real("q", 2, 5, 8, bits=4), "k": v.real("k", 2, 5, 8, bits=4),
                              "v": v.real("v", 2, 5, 8), "heads": 2}
    inputs["q"][..., ::4], inputs["k"][..., ::4] = 32, 64
    return inputs


def self_attention(v: Values, batch: int = 2, length: int = 5, width: int = 6, heads: int = 2) -> dict[str, Any]:
    return {"qkv": v.real("qkv", batch, length, 3 * width, factor=2), "heads": heads}


def relative(v: Values, batch: int = 2, queries: int = 3, keys: int = 7, width: int = 6, heads: int = 2
             ) -> dict[str, Any]:
    return attention(v, batch, queries, keys, width, heads) | {
        "r": v.real("r", keys, width), "u": v.real("u", width), "w": v.real("w", width)}


def same_length(v: Values) -> dict[str, Any]:
    """Each query sees five keys: itself and four in front of it."""
    return relative(v, queries=3, keys=7) | {"mask": causal_mask(3, 7) & ~np.tri(3, 7, -1, dtype=bool)}


def large_relative(v: Values) -> dict[str, Any]:
    """As in `large_attention`; positions have nothing in the feature that makes the scores large."""
    inputs = large_attention(v) | {"r": v.real("r", 5, 8, bits=4), "u": v.real("u", 8, bits=4),
                                   "w": v.real("w", 8, bits=4)}
    inputs["r"][:, ::4] = inputs["u"][::4] = 0
    return inputs


SKETCHES = (
    Sketch("attention", "As many keys as queries, two heads, causal.", attention),
    Sketch("attention-memory", "Two keys in front of the queries, which every query sees.",
           lambda v: attention(v, queries=3, keys=5)),
    Sketch("attention-zero-memory", "The keys and values in front of the queries are 0.", zero_memory),
    Sketch("attention-mask", "A mask is given, and keys ahead of a query are seen; three heads.", masked_attention),
    Sketch("attention-one-head", "One head: K = D.", lambda v: attention(v, queries=4, keys=4, heads=1)),
    Sketch("attention-T1", "One query and one key: p is 1, and the scores' gradient 0.",
           lambda v: attention(v, queries=1, keys=1), cancels=True),
    Sketch("attention-T1-memory", "One query and three keys.", lambda v: attention(v, queries=1, keys=3)),
    Sketch("attention-B1", "A batch of one.", lambda v: attention(v, 1, 3, 5)),
    Sketch("attention-large", "Scores around 1024, whose exponential overflows unless they are shifted.",
           large_attention, cancels=True),
    Sketch("self_attention", "q, k and v side by side in one array.", self_attention),
    Sketch("self_attention-one-head", "One head: K = D.", lambda v: self_attention(v, length=4, heads=1)),
    Sketch("self_attention-T1", "One row: p is 1, and q and k get no gradient.",
           lambda v: self_attention(v, length=1), cancels=True),
    Sketch("self_attention-B1", "A batch of one.", lambda v: self_attention(v, 1)),
    Sketch("relative_attention", "A cache of four rows in front of three queries.", relative),
    Sketch("relative_attention-empty-cache", "As many keys as queries: the first segment.",
           lambda v: relative(v, queries=5, keys=5)),
    Sketch("relative_attention-same-length", "A mask lets each query see as many keys as any other.", same_length),
    Sketch("relative_attention-one-head", "One head: K = D.", lambda v: relative(v, heads=1)),
    Sketch("relative_attention-T1", "One query and one key, itself at distance 0: p is 1.",
           lambda v: relative(v, queries=1, keys=1), cancels=True),
    Sketch("relative_attention-T1-cache", "One query and a cache of three rows.",
           lambda v: relative(v, queries=1, keys=4)),
    Sketch("relative_attention-B1", "A batch of one.", lambda v: relative(v, 1)),
    Sketch("relative_attention-large", "Scores around 1024, whose exponential overflows unless they are shifted.",
           large_relative, cancels=True),
)
