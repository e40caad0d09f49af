"""Pre-norm models whose blocks are put together in another way, under the same final norm

A stack is a pair of functions: forward(model, p, x, rng) -> (y, caches) and backward(model, d_y, caches, g) -> d_x.
"""

from typing import Any

import numpy as np

from minicrt.models import CRT, SegmentModel, State, Transformer
from minicrt.models.block import final_norm, final_norm_backward
from minicrt.models.crt_caches import BlocksCache
from minicrt.models.parameters import Array, Parameters
from minicrt.models.transformer import TransformerCache


def with_stack(model: SegmentModel, forward: Any, backward: Any, norms: tuple[str, ...] = ("pre",)
               ) -> tuple[type, ...]:
    """The model's class with another stack of blocks; none where the model has no such stack."""
    if not isinstance(model, CRT | Transformer) or model.config.norm not in norms:
        return ()
    kind = StackedCRT if isinstance(model, CRT) else StackedTransformer
    return (type(kind.__name__, (kind,), {"stack": forward, "stack_backward": backward}),)


class StackedCRT(CRT):
    stack: Any
    stack_backward: Any

    def blocks(self, p: Parameters, s: Array, rng: Any) -> tuple[Array, Any]:
        s, caches = self.stack(p, s, rng)
        _, raw = self.parted(s)
        y, norm_cache = final_norm(self, p, raw)
        return y, BlocksCache(caches, raw, norm_cache)

    def blocks_backward(self, d_y: Array, cache: Any, g: Parameters) -> Array:
        d_raw = final_norm_backward(self, d_y, cache.norm, g)
        vectors = 0 if self.config.memory == "none" else self.config.memory_vectors
        unread = np.zeros((len(d_raw), vectors, d_raw.shape[2]), d_raw.dtype)
        return self.stack_backward(self.joined(unread, d_raw), cache.stack, g)


class StackedTransformer(Transformer):
    stack: Any
    stack_backward: Any

    def encode(self, parameters: Parameters, e: Array, state: State, rng: Any, with_gradient: bool
               ) -> tuple[Array, State, Any]:
        x, _, _ = self.positions(parameters, e, None)
        x, mask = self.dropped(x, rng)
        y, caches = self.stack(parameters, x, rng)
        z, norm_cache = final_norm(self, parameters, y)
        return z, State(), TransformerCache(mask, caches, norm_cache)

    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        d_y = final_norm_backward(self, d_z, cache.norm, gradients)
        d_x = self.engine.dropout_backward(self.stack_backward(d_y, cache.stack, gradients), cache.input_mask)
        d_e, _ = self.positions_backward(d_x, None, None, gradients)
        return d_e, State()
