"""Mistakes in how blocks are wired: their order, their branches, a norm that both share, biases, the output's table"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.layers import at_zero
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.stacks import with_stack
from minicrt.models import LinearRecurrentModel, RecurrentModel, SegmentModel, TransformerXL
from minicrt.models.block import (
    BlockCache,
    ResidualCaches,
    feed_forward,
    feed_forward_backward,
    norm,
    norm_backward,
    self_attention,
    self_attention_backward,
)
from minicrt.models.parameters import Array, Parameters
from minicrt.models.state_space import StateSpaceModel

SENTENCES = {
    "blocks: in reverse": "The blocks are run in reverse order: the last one first.",
    "blocks: one norm for both branches": "One norm serves both branches of a block: norm_attention stands in front of "
                                          "the feed-forward too.",
    "blocks: parallel branches": "The two branches of a block are parallel, x + attention(LN(x)) + "
                                 "feed_forward(LN(x)); here the feed-forward reads what the attention has added to.",
    "blocks: residual of the normed rows": "A branch is added to the normed rows that it reads, x = LN(x) + f(LN(x)); "
                                           "here it is added to x.",
    "attention: no bias in qkv": "Queries, keys and values have no bias: b_qkv is left out.",
    "attention: no output bias": "The attention's output has no bias: b_out is left out.",
    "feed_forward: no biases": "The feed-forward has no biases: b_in and b_out are left out.",
    "output: table scaled": "The output's table is multiplied by √D, as the embedding's rows are; here it is not.",
}
BIASES = {"attention: no bias in qkv": ("attention.b_qkv",), "attention: no output bias": ("attention.b_out",),
          "feed_forward: no biases": ("feed_forward.b_in", "feed_forward.b_out")}


class InReverse(Pass):
    """The first block that is run has the last one's parameters."""

    def initial_parameters(self) -> Parameters:
        parameters = super().initial_parameters()
        values = {name: np.array(parameters[name]) for name in parameters}
        for name, other in reversed_names(parameters).items():
            parameters[name] = values[other]
        return parameters

    def parameter_gradients(self) -> dict[str, Array]:
        gradients = super().parameter_gradients()
        return gradients | {name: gradients[other] for name, other in reversed_names(self.parameters).items()}


def reversed_names(parameters: Parameters) -> dict[str, str]:
    """Of each parameter of a block its counterpart, counted from the other end"""
    names = [name for name in parameters if name.startswith("blocks.")]
    last = max(int(name.split(".")[1]) for name in names)
    return {name: f"blocks.{last - int(name.split('.')[1])}.{name.split('.', 2)[2]}" for name in names}


class OneNorm(Pass):
    """Both branches of a block have the attention's norm."""

    def initial_parameters(self) -> Parameters:
        parameters = super().initial_parameters()
        for name in second_norms(parameters):
            parameters[name] = parameters[name.replace("norm_feed_forward", "norm_attention")]
        return parameters

    def parameter_gradients(self) -> dict[str, Array]:
        gradients = super().parameter_gradients()
        for name in second_norms(self.parameters):
            gradients[name.replace("norm_feed_forward", "norm_attention")] += gradients[name]
            gradients[name] = np.zeros_like(gradients[name])
        return gradients


def second_norms(parameters: Parameters) -> list[str]:
    return [name for name in parameters if ".norm_feed_forward." in name]


def parallel(model: Any, p: Parameters, x: Array, rng: Any, mask: Array | None = None
             ) -> tuple[Array, list[BlockCache]]:
    """x + Attention(LN(x)) + FeedForward(LN(x)), L times"""
    caches = list[BlockCache]()
    for layer in range(model.config.layers):
        scope = p.scope(f"blocks.{layer}.")
        normed, norm_cache = norm(model, scope, "norm_attention.", x)
        y, attention = self_attention(model, scope, normed, mask)
        attended = model.engine.add(x, y)
        normed, second = norm(model, scope, "norm_feed_forward.", x)
        y, fed = feed_forward(model, scope, normed)
        x = model.engine.add(attended, y)
        caches.append(BlockCache(scope, ResidualCaches(norm_cache, attention, None), ResidualCaches(second, fed, None)))
    return x, caches


def parallel_backward(model: Any, d_x: Array, caches: list[BlockCache], g: Parameters) -> Array:
    for layer in reversed(range(len(caches))):
        kept, scope = caches[layer], g.scope(f"blocks.{layer}.")
        d_fed = feed_forward_backward(model, d_x, kept.feed_forward.branch, scope)
        d_fed = norm_backward(model, d_fed, kept.feed_forward.norm, "norm_feed_forward.", scope)
        d_attended = self_attention_backward(model, d_x, kept.attention.branch, scope)
        d_attended = norm_backward(model, d_attended, kept.attention.norm, "norm_attention.", scope)
        d_x = d_x + d_fed + d_attended
    return d_x


def of_the_normed(model: Any, p: Parameters, x: Array, rng: Any, mask: Array | None = None
                  ) -> tuple[Array, list[BlockCache]]:
    """x ← LN(x) + f(LN(x)), in both branches of every block"""
    caches = list[BlockCache]()
    for layer in range(model.config.layers):
        scope = p.scope(f"blocks.{layer}.")
        normed, norm_cache = norm(model, scope, "norm_attention.", x)
        y, attention = self_attention(model, scope, normed, mask)
        normed, second = norm(model, scope, "norm_feed_forward.", model.engine.add(normed, y))
        y, fed = feed_forward(model, scope, normed)
        x = model.engine.add(normed, y)
        caches.append(BlockCache(scope, ResidualCaches(norm_cache, attention, None), ResidualCaches(second, fed, None)))
    return x, caches


def of_the_normed_backward(model: Any, d_x: Array, caches: list[BlockCache], g: Parameters) -> Array:
    for layer in reversed(range(len(caches))):
        kept, scope = caches[layer], g.scope(f"blocks.{layer}.")
        d_normed = d_x + feed_forward_backward(model, d_x, kept.feed_forward.branch, scope)
        d_x = norm_backward(model, d_normed, kept.feed_forward.norm, "norm_feed_forward.", scope)
        d_normed = d_x + self_attention_backward(model, d_x, kept.attention.branch, scope)
        d_x = norm_backward(model, d_normed, kept.attention.norm, "norm_attention.", scope)
    return d_x


STACKS = {"blocks: parallel branches": (parallel, parallel_backward),
          "blocks: residual of the normed rows": (of_the_normed, of_the_normed_backward)}


def scaled_table(scale: float) -> Substitute:
    """logits = z (scale E)ᵀ + b"""
    def change(forward: Any, backward: Any) -> tuple[Any, Any]:
        def scaled(d_loss: Any, cache: Any) -> Any:
            d_z, d_table, d_bias = backward(d_loss, cache)
            return d_z, scale * d_table, d_bias
        return forward, scaled
    return Substitute("linear_cross_entropy", change, taken=lambda z, table, *rest: (z, scale * table, *rest))


def wiring(model: SegmentModel) -> list[ModelMistake]:
    return [ModelMistake(name, SENTENCES[name], **what) for name, what in _found(model)]


def _found(model: SegmentModel) -> Iterator[tuple[str, dict[str, Any]]]:
    config: Any = model.config
    if config.tied:
        yield "output: table scaled", {"substitutes": (scaled_table(config.width ** 0.5),)}
    if isinstance(model, RecurrentModel | LinearRecurrentModel | StateSpaceModel):
        return
    if config.layers > 1:
        yield "blocks: in reverse", {"passes": (InReverse,)}
    if config.inner:
        yield "blocks: one norm for both branches", {"passes": (OneNorm,)}
    for name, stack in STACKS.items() if config.inner else ():
        if models := with_stack(model, *stack):
            yield name, {"models": models}
    names = {spec.name for spec in model.specs()}
    for name, leaves in BIASES.items():
        biases = [f"blocks.{i}.{leaf}" for i in range(config.layers) for leaf in leaves]
        if names >= set(biases) and not isinstance(model, TransformerXL):
            yield name, {"passes": tuple(at_zero(bias) for bias in biases)}
