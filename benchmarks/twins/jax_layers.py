"""What the models in JAX have in common: embedding, blocks and the loss, each read from the parameters by name"""

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
from jax import Array

from benchmarks.twins import jax_ops as ops

Named = Mapping[str, Array]


class Layers:
    """The equations of one configuration; `parameters` and dropout's `factors` are those of the call."""

    def __init__(self, config: Any, parameters: Named, factors: Named | None = None):
        self.config, self.p, self.factors = config, parameters, factors or {}

    def drop(self, place: str, x: Array) -> Array:
        return x * self.factors[place] if place in self.factors else x

    def norm(self, name: str, x: Array) -> Array:
        return ops.layer_norm(x, self.p[f"{name}.gain"], self.p[f"{name}.bias"])

    def affine(self, name: str, suffix: str, x: Array) -> Array:
        return ops.linear(x, self.p[f"{name}.w_{suffix}"], self.p[f"{name}.b_{suffix}"])

    def embed(self, tokens: Array) -> Array:
        table = self.drop("embedding", self.p["embedding"])
        return jnp.sqrt(self.config.width).astype(table.dtype) * ops.embedding(tokens, table)

    def block(self, name: str, s: Array, mask: Array | None = None) -> Array:
        s = self.branch(name, "attention", s, lambda scope, inside: self.attend(scope, inside, mask))
        return self.branch(name, "feed_forward", s, self.feed_forward)

    def branch(self, name: str, branch: str, s: Array, sub: Callable[[str, Array], Array]) -> Array:
        norm = f"{name}.norm_{branch}"
        inside = self.norm(norm, s) if self.config.norm == "pre" else s
        s = s + self.drop(f"{name}.{branch}", sub(f"{name}.{branch}", inside))
        return s if self.config.norm == "pre" else self.norm(norm, s)

    def attend(self, name: str, s: Array, mask: Array | None = None) -> Array:
        q, k, v = jnp.split(self.affine(name, "qkv", s), 3, -1)
        return self.affine(name, "out", ops.attention(q, k, v, self.config.heads, mask))

    def feed_forward(self, name: str, s: Array) -> Array:
        return self.affine(name, "out", getattr(ops, self.config.activation)(self.affine(name, "in", s)))

    def final_norm(self, s: Array) -> Array:
        return self.norm("norm_final", s) if self.config.norm == "pre" else s

    @property
    def output(self) -> Array:
        return self.p["embedding"] if self.config.tied else self.p["output.weight"]

    def loss(self, z: Array, targets: Array) -> Array:
        return ops.linear_cross_entropy(z, self.output, self.p["output.bias"], targets)
