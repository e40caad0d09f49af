"""Norms in other places of a block: post-norm under a final norm, which nn.TransformerEncoder makes unless it is told
norm_first, and norms of the branches alone"""

import dataclasses
from typing import Any

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.stacks import with_stack
from minicrt.models import SegmentModel
from minicrt.models.block import BRANCHES, blocks, blocks_backward, norm, norm_backward
from minicrt.models.parameters import Array, Parameters

NAME = "norm: post with a final norm"
SENTENCE = "The norms stand after the sums, LN(x + f(x)), and the final norm is there; here it is pre-norm."


OF_BRANCH = "norm: of the branch alone"
OF_BRANCH_SENTENCE = ("The norm is of the branch alone, x + LN(f(x)); here it is {}.", {
    "pre": "in front of it, x + f(LN(x))", "post": "of the sum, LN(x + f(x))"})


class PostNormed:
    """A model as its blocks see it, with post-norm."""

    def __init__(self, model: Any):
        self.engine, self.dropped = model.engine, model.dropped
        self.config = dataclasses.replace(model.config, norm="post")


def post_normed(model: Any, p: Parameters, x: Array, rng: Any, mask: Array | None = None) -> tuple[Array, Any]:
    return blocks(PostNormed(model), p, x, rng, mask)


def post_normed_backward(model: Any, d_y: Array, caches: Any, g: Parameters) -> Array:
    return blocks_backward(PostNormed(model), d_y, caches, g)


def branch_normed(model: Any, p: Parameters, x: Array, rng: Any, mask: Array | None = None) -> tuple[Array, Any]:
    caches = []
    for layer in range(model.config.layers):
        own = p.scope(f"blocks.{layer}.")
        for name, (branch, _) in BRANCHES.items():
            y, branch_cache = branch(model, own, x, *([mask] if name == "attention" else []))
            y, norm_cache = norm(model, own, f"norm_{name}.", y)
            x = model.engine.add(x, y)
            caches.append((layer, name, branch_cache, norm_cache))
    return x, caches


def branch_normed_backward(model: Any, d_x: Array, caches: Any, g: Parameters) -> Array:
    for layer, name, branch_cache, norm_cache in reversed(caches):
        own = g.scope(f"blocks.{layer}.")
        d_y = norm_backward(model, d_x, norm_cache, f"norm_{name}.", own)
        d_x = model.engine.add(d_x, BRANCHES[name][1](model, d_y, branch_cache, own))
    return d_x


def post_norm(model: SegmentModel) -> list[ModelMistake]:
    models = with_stack(model, post_normed, post_normed_backward)
    found = [ModelMistake(NAME, SENTENCE, models=models)] if models else []
    models = with_stack(model, branch_normed, branch_normed_backward, ("pre", "post"))
    if models:
        config: Any = model.config
        sentence, right = OF_BRANCH_SENTENCE
        found.append(ModelMistake(OF_BRANCH, sentence.format(right[config.norm]), models=models))
    return found
