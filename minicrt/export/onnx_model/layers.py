"""The layers of a model as operators: (B, R, D) for R rows of B texts"""

import numpy as np

from minicrt.export.design import Design
from minicrt.export.onnx_model.graph import Graph
from minicrt.export.onnx_model.small_weights import matrix

Cache = tuple[str, str]                                      # keys and values of a layer, (B, H, rows, K) each


def linear(g: Graph, made: Design, x: str, weight: str, bias: str = "") -> str:
    """x W + b"""
    y = g.node("MatMul", x, matrix(g, weight, made.matrix(weight), made.inputs(weight)), name=f"{weight}.product")
    return g.node("Add", y, g.weight(bias, made.weight(bias)), name=f"{bias}.sum") if bias else y


def output(g: Graph, made: Design, z: str) -> str:
    """z Oᵀ + b"""
    return g.node("Gemm", z, table(g, made, made.output), g.weight("output.bias", made.weight("output.bias")), transB=1)


def table(g: Graph, made: Design, name: str) -> str:
    """A matrix with a row for each token; small ones are kept as (D, V)"""
    kept = made.matrix(name)
    return g.weight(name, kept) if isinstance(kept, np.ndarray) else matrix(g, name, kept, made.config.width, True)


def norm(g: Graph, made: Design, x: str, prefix: str) -> str:
    gain, bias = (g.weight(prefix + name, made.weight(prefix + name)) for name in ("gain", "bias"))
    return g.node("LayerNormalization", x, gain, bias, name=f"{prefix}y", axis=-1, epsilon=1e-5)


def final_norm(g: Graph, made: Design, x: str) -> str:
    """With pre-norm; with post-norm the last block has done it."""
    return norm(g, made, x, "norm_final.") if made.pre_norm else x


def blocks(g: Graph, made: Design, x: str, past: list[Cache] | None) -> tuple[str, list[Cache]]:
    """L blocks over new rows, which see the past ones and themselves. Without a past, rows see those before them."""
    caches = []
    for layer in range(made.config.layers):
        x, cache = block(g, made, x, f"blocks.{layer}.", past[layer] if past else None)
        caches.append(cache)
    return x, caches


def block(g: Graph, made: Design, x: str, prefix: str, past: Cache | None) -> tuple[str, Cache]:
    """x ← x + Attention(LN(x)), then x ← x + FeedForward(LN(x)); post-norm: x ← LN(x + Attention(x)), and so on."""
    def before(name: str, x: str) -> str:
        return norm(g, made, x, f"{prefix}norm_{name}.") if made.pre_norm else x

    def after(name: str, x: str) -> str:
        return x if made.pre_norm else norm(g, made, x, f"{prefix}norm_{name}.")

    y, cache = attention(g, made, before("attention", x), prefix + "attention.", past)
    x = after("attention", g.node("Add", x, y))
    y = feed_forward(g, made, before("feed_forward", x), prefix + "feed_forward.")
    return after("feed_forward", g.node("Add", x, y)), cache


def attention(g: Graph, made: Design, x: str, prefix: str, past: Cache | None) -> tuple[str, Cache]:
    """softmax(q kᵀ/√K) v W_out + b_out,  [q, k, v] = x W_qkv + b_qkv"""
    H, D = made.config.heads, made.config.width
    qkv = linear(g, made, x, prefix + "w_qkv", prefix + "b_qkv")
    qkv = g.node("Reshape", qkv, g.integers(0, 0, 3 * H, D // H))
    qkv = g.node("Transpose", qkv, perm=[0, 2, 1, 3])                                    # (B, 3H, R, K)
    q, k, v = g.nodes("Split", qkv, names=[prefix + name for name in "qkv"], axis=1, num_outputs=3)
    if past:
        k, v = (g.node("Concat", old, new, axis=2) for old, new in zip(past, (k, v)))
    scores = g.node("MatMul", q, g.node("Transpose", k, perm=[0, 1, 3, 2]))
    scores = g.node("Mul", scores, g.number((D // H) ** -0.5), name=prefix + "scores")
    if past is None and made.front > 1:                      # a memory row sees those before it
        scores = g.node("Add", scores, g.weight("mask", causal(made.front)))
    p = g.node("Softmax", scores, name=prefix + "p", axis=-1)
    heads = g.node("Transpose", g.node("MatMul", p, v), perm=[0, 2, 1, 3])               # (B, R, H, K)
    heads = g.node("Reshape", heads, g.integers(0, 0, D), name=prefix + "heads")
    return linear(g, made, heads, prefix + "w_out", prefix + "b_out"), (k, v)


def causal(rows: int) -> np.ndarray:                         # -> (R, R), to be added to scores
    return np.where(np.tri(rows, dtype=bool), 0, -np.inf).astype(np.float32)


def feed_forward(g: Graph, made: Design, x: str, prefix: str) -> str:
    """f(x W_in + b_in) W_out + b_out"""
    inner = linear(g, made, x, prefix + "w_in", prefix + "b_in")
    if made.config.activation == "relu":
        inner = g.node("Relu", inner)
    else:
        inner = g.node("Gelu", inner, approximate="tanh" if made.config.activation == "gelu_tanh" else "none")
    return linear(g, made, inner, prefix + "w_out", prefix + "b_out")
