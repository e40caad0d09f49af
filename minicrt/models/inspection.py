"""Looking into a segment of a CRT"""

from typing import TYPE_CHECKING, Any

import numpy as np

from minicrt import ops

if TYPE_CHECKING:
    from minicrt.models.base import State
    from minicrt.models.parameters import Array, Parameters
    from minicrt.models.remembering import RememberingModel


def inspect(model: "RememberingModel", parameters: "Parameters", tokens: "Array", state: "State") -> dict[str, Any]:
    """What happens inside one segment, for looking at: no dropout, nothing is changed.

    "attention"  one array (B, H, S, S) a layer, S = M + T, rows the queries; the memory rows come first
                 (memory_position "first")
    "memory"     h (B, M, T, D), the memory after each token (per segment: (B, M, 1, D))
    "positions"  p (B, T, D_p), the recurrent positional states
    "state"      state′, to look into the next segment with
    """
    specification = type(model)(model.config, ops)           # it keeps the probabilities; a faster engine need not
    e, _ = specification.embed(parameters, tokens, state, None)
    _, new_state, cache = specification.encode(parameters, e, state, None, True)
    seen: dict[str, Any] = {"attention": [block.attention.branch.heads.p for block in cache.blocks.stack],
                            "state": new_state}
    written: Any = getattr(cache, "write", None)              # of memory vectors
    if written is not None:
        seen["memory"] = np.stack(written.h, axis=1)
    if cache.positions is not None:
        seen["positions"] = cache.positions.states
    return seen
