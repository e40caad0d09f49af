"""What minicrt computes with one layer's parameters: the output and every gradient, for the real libraries' to match"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from minicrt import ops
from minicrt.models.block import block, block_backward
from minicrt.models.initialisers import zeros
from minicrt.models.parameters import Parameters, ParameterSpec
from tests.conformance.conversions.drawing import parameters

Array = np.ndarray

HEADS = 2
SIZES = {"I": 3, "O": 5, "V": 7, "F": 5, "H": HEADS, "K": 2}
B, T, D = 2, 4, 4


@dataclass(frozen=True)
class Case:
    """y and the gradients of ⟨d_y, y⟩ with respect to x, the state at the start, and the parameters."""

    kind: str
    x: Array
    parameters: dict[str, Array]
    y: Array
    d_y: Array
    d_x: Array | None
    d_parameters: dict[str, Array]
    start: Array | None = None
    d_start: Array | None = None


def layer_case(kind: str, seed: int = 0, **settings: Any) -> Case:
    """`settings` are those of a block: activation, norm."""
    rng, p = np.random.default_rng(seed), parameters(kind, SIZES, seed + 1)
    x = rng.integers(0, SIZES["V"], (B, T)) if kind == "embedding" else rng.standard_normal(
        (B, T, SIZES["I"] if kind in ("linear", "gru", "lstm") else D))
    if kind in ("gru", "lstm"):
        start = rng.standard_normal((B, D if kind == "gru" else 2 * D))
        names = ("w", "u", "b", "b_hn")[:len(p)]
        y, cache = getattr(ops, kind)(x, start, *(p[name] for name in names))
        d_y = rng.standard_normal(y.shape)
        if kind == "lstm":
            d_y[..., D:] = 0                                 # of c the libraries give out the last alone
        d_x, d_start, *d_p = getattr(ops, kind + "_backward")(d_y, cache)
        return Case(kind, x, p, y, d_y, d_x, dict(zip(names, d_p)), start, d_start)
    if kind in ("attention", "block"):
        return _of_parts(kind, x, p, rng, **settings)
    if kind == "embedding":
        y, cache = ops.embedding(x, p["table"])
        d_y = rng.standard_normal(y.shape)
        return Case(kind, x, p, y, d_y, None, {"table": ops.embedding_backward(d_y, cache)})
    y, cache = getattr(ops, kind)(x, *p.values())
    d_y = rng.standard_normal(y.shape)
    d_x, *d_p = getattr(ops, kind + "_backward")(d_y, cache)
    return Case(kind, x, p, y, d_y, d_x, dict(zip(p, d_p)))


def _of_parts(kind: str, x: Array, p: dict[str, Array], rng: np.random.Generator, activation: str = "relu",
              norm: str = "post") -> Case:
    """A causal self-attention with its two linear layers, or a whole block."""
    if kind == "attention":
        qkv, qkv_cache = ops.linear(x, p["w_qkv"], p["b_qkv"])
        merged, cache = ops.self_attention(qkv, HEADS)
        y, out_cache = ops.linear(merged, p["w_out"], p["b_out"])
        d_y = rng.standard_normal(y.shape)
        d_merged, d_w_out, d_b_out = ops.linear_backward(d_y, out_cache)
        d_x, d_w_qkv, d_b_qkv = ops.linear_backward(ops.self_attention_backward(d_merged, cache), qkv_cache)
        return Case(kind, x, p, y, d_y, d_x, {"w_qkv": d_w_qkv, "b_qkv": d_b_qkv, "w_out": d_w_out, "b_out": d_b_out})
    model = SimpleNamespace(config=SimpleNamespace(heads=HEADS, activation=activation, norm=norm), engine=ops,
                            dropped=lambda y, rng: ops.dropout(y, 0.0, rng))
    table = Parameters([ParameterSpec(name, value.shape, zeros) for name, value in p.items()], np.float64)
    for name, value in p.items():
        table[name] = value
    gradients = table.zeros_like()
    y, cache = block(model, table.scope(""), x, None)
    d_y = rng.standard_normal(y.shape)
    d_x = block_backward(model, d_y, cache, gradients.scope(""))
    return Case(kind, x, p, y, d_y, d_x, {name: gradients[name] for name in gradients})
