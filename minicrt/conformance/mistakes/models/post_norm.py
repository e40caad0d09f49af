"""Post-norm blocks under a final norm, which nn.TransformerEncoder makes unless it is told norm_first"""

import dataclasses
from typing import Any

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.conformance.mistakes.models.stacks import with_stack
from minicrt.models import SegmentModel
from minicrt.models.block import blocks, blocks_backward
from minicrt.models.parameters import Array, Parameters

NAME = "norm: post with a final norm"
SENTENCE = "The norms stand after the sums, LN(x + f(x)), and the final norm is there; here it is pre-norm."


class PostNormed:
    """A model as its blocks see it, with post-norm."""

    def __init__(self, model: Any):
        self.engine, self.dropped = model.engine, model.dropped
        self.config = dataclasses.replace(model.config, norm="post")


def post_normed(model: Any, p: Parameters, x: Array, rng: Any) -> tuple[Array, Any]:
    return blocks(PostNormed(model), p, x, rng)


def post_normed_backward(model: Any, d_y: Array, caches: Any, g: Parameters) -> Array:
    return blocks_backward(PostNormed(model), d_y, caches, g)


def post_norm(model: SegmentModel) -> list[ModelMistake]:
    models = with_stack(model, post_normed, post_normed_backward)
    return [ModelMistake(NAME, SENTENCE, models=models)] if models else []
