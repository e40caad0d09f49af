"""Post-norm blocks under a final norm, which nn.TransformerEncoder makes unless it is told norm_first"""

import dataclasses
from typing import Any

import numpy as np

from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import CRT, SegmentModel, State, Transformer
from minicrt.models.block import blocks, blocks_backward, final_norm, final_norm_backward
from minicrt.models.crt_caches import BlocksCache
from minicrt.models.parameters import Array, Parameters
from minicrt.models.transformer import TransformerCache

NAME = "norm: post with a final norm"
SENTENCE = "The norms stand after the sums, LN(x + f(x)), and the final norm is there; here it is pre-norm."


class PostNormed:
    """A model as its blocks see it, with post-norm."""

    def __init__(self, model: Any):
        self.engine, self.dropped = model.engine, model.dropped
        self.config = dataclasses.replace(model.config, norm="post")


class PostNormedCRT(CRT):
    def blocks(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, Any]:
        s, stack = blocks(PostNormed(self), p, s, rng)
        _, raw = self.parted(s)
        y, norm_cache = final_norm(self, p, raw)
        return y, BlocksCache(stack, raw, norm_cache)

    def blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        d_raw = final_norm_backward(self, d_y, cache.norm, g)
        vectors = 0 if self.config.memory == "none" else self.config.memory_vectors
        unread = np.zeros((len(d_raw), vectors, d_raw.shape[2]), d_raw.dtype)
        return blocks_backward(PostNormed(self), self.joined(unread, d_raw), cache.stack, g)


class PostNormedTransformer(Transformer):
    def encode(self, parameters: Parameters, e: Array, state: State, rng: Any, with_gradient: bool
               ) -> tuple[Array, State, Any]:
        x, _, _ = self.positions(parameters, e, None)
        x, mask = self.dropped(x, rng)
        y, stack = blocks(PostNormed(self), parameters, x, rng)
        z, norm_cache = final_norm(self, parameters, y)
        return z, State(), TransformerCache(mask, stack, norm_cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_y = final_norm_backward(self, d_z, cache.norm, gradients)
        d_x = self.engine.dropout_backward(blocks_backward(PostNormed(self), d_y, cache.stack, gradients),
                                           cache.input_mask)
        d_e, _ = self.positions_backward(d_x, None, None, gradients)
        return d_e, State()


def post_norm(model: SegmentModel) -> list[ModelMistake]:
    if not isinstance(model, CRT | Transformer) or model.config.norm == "post":
        return []
    return [ModelMistake(NAME, SENTENCE, models=(PostNormedCRT if isinstance(model, CRT) else PostNormedTransformer,))]
