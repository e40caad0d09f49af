"""Looking into a clip of a model of video"""

from typing import TYPE_CHECKING, Any

import numpy as np

from minicrt import ops

if TYPE_CHECKING:
    from minicrt.models.base import State
    from minicrt.models.parameters import Array, Parameters
    from minicrt.models.video.vit import ViT


def inspect(model: "ViT", parameters: "Parameters", clip: "Array", state: "State") -> dict[str, Any]:
    """What happens inside one clip, for looking at: no dropout, nothing is changed.

    "attention"  one dict a block; joint: "all" (B, H, S, S), S = R + T N rows, the R that belong to no place (memory,
                 class token) first; divided: "time" (B, N, H, T, T) and "frames" (B, T, H, R + N, R + N)
    "token"      one array (B, T, N) a block: how much the class token, mean over the heads, looks at each patch; with
                 divided attention the patches of a step and the R rows share 1, and there is none without that token
    "memory"     h (B, M, T + 1, D), the memory after each time step and after what is classified (per segment:
                 (B, M, 1, D)), where there is one
    "positions"  p (B, T, D_p), the recurrent positional states, where there are
    "state"      state′, to look into the next clip with
    """
    specification = type(model)(model.config, ops)           # it keeps the probabilities; a faster engine need not
    e, _ = specification.embed(parameters, clip, state, None)
    _, new_state, cache = specification.encode(parameters, e, state, None, True)
    R, T, N = cache.grid
    seen: dict[str, Any] = {"attention": [], "state": new_state}
    for block in cache.blocks:
        p = [branch.branch.attention.heads.p for branch in block.branches[:-1]]
        if model.config.attention == "joint":
            seen["attention"].append({"all": p[0]})
            looks = p[0][:, :, R - 1, R:].mean(1).reshape(-1, T, N)
        else:
            time, frames = (each.reshape(-1, count, *each.shape[1:]) for each, count in zip(p, (N, T)))
            seen["attention"].append({"time": time, "frames": frames})
            looks = frames[:, :, :, R - 1, R:].mean(2)
        if model.has_token:
            seen.setdefault("token", []).append(looks)
    if cache.memory is not None:
        seen["memory"] = np.stack(cache.memory.write.h, axis=1)
    if cache.embedded.positions is not None:
        seen["positions"] = cache.embedded.positions.states
    return seen
