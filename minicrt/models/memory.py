"""The network that writes a memory vector: a recurrent network over what the Transformer put out"""

from typing import Any

import numpy as np

from minicrt.models import initialisers
from minicrt.models.cells import CELLS, gru_specs
from minicrt.models.crt_config import CRTConfig
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.segment_model import SkewParameter

LINEAR = ("mingru", "lru")


def writer_specs(prefix: str, config: CRTConfig) -> list[ParameterSpec]:
    D = config.width
    if config.memory == "gru":
        return gru_specs(prefix, D, D, config.reset_after, config.update_bias)
    if config.memory in LINEAR:
        return CELLS[config.memory].specs(prefix, D, D)
    bounded, free = initialisers.uniform(D ** -0.5), D * (D - 1) // 2
    orthogonal = [ParameterSpec(prefix + skew, (free,), initialisers.rotations(D), False, "orthogonal")
                  for skew in skew_names(config)]
    return [ParameterSpec(prefix + "w", (D, 3 * D), bounded),
            ParameterSpec(prefix + "u", (D, (3 - len(orthogonal)) * D), bounded),
            ParameterSpec(prefix + "b", (3 * D,), initialisers.gate_bias(D, config.update_bias), False)] + orthogonal


def skew_names(config: CRTConfig) -> list[str]:
    """The skew-symmetric parameters of an NC-GRU, in the order of the blocks r, z, n that they make."""
    if config.memory != "ncgru":
        return []
    return ["skew_candidate"] if config.orthogonal == "candidate" else ["skew_reset", "skew_candidate"]


def skew_parameter(prefix: str, name: str, config: CRTConfig) -> SkewParameter:
    return SkewParameter(prefix + name, config.width, config.negative_signs)


def write(engine: Any, parameters: Parameters, prefix: str, config: CRTConfig, y: Array, start: Array
          ) -> tuple[Array, Any]:                            # (B, T, D), (B, D) -> (B, T, D)
    """h_t = RNN(y_t, h_{t−1}), h_0 = start"""
    p = parameters.scope(prefix)
    if config.memory == "gru":
        h, cache = engine.gru(y, start, p["w"], p["u"], p["b"], p["b_hn"] if config.reset_after else None,
                              config.reset_after)
        return h, (cache, {})
    if config.memory in LINEAR:
        h, cache = CELLS[config.memory].run(engine, p, y, start)
        return h, (cache, {})
    made = {}                                                # the orthogonal blocks and their caches, by name
    for name in skew_names(config):
        skew = skew_parameter(prefix, name, config)
        made[name] = engine.scaled_cayley(p[name], skew.negatives, skew.width)
    reset = [made["skew_reset"][0]] if "skew_reset" in made else []
    u = np.concatenate([*reset, p["u"], made["skew_candidate"][0]], axis=1)              # (D, 3D): r, z, n
    h, cache = engine.ncgru(y, start, p["w"], u, p["b"], config.candidate)
    return h, (cache, {name: cayley_cache for name, (_, cayley_cache) in made.items()})


def write_backward(engine: Any, d_h: Array, d_last: Array | None, cache: Any, prefix: str, config: CRTConfig,
                   gradients: Parameters) -> tuple[Array, Array]:       # (B, T, D) -> d_y (B, T, D), d_start (B, D)
    """`d_last` (B, D) is the gradient of h_T as the next segment's memory."""
    g = gradients.scope(prefix)
    cache, cayley_caches = cache
    if config.memory in LINEAR:
        return CELLS[config.memory].run_backward(engine, d_h, cache, d_last, g)
    if config.memory == "gru":
        d_y, d_start, d_w, d_u, d_b, d_b_hn = engine.gru_backward(d_h, cache, d_last)
        if d_b_hn is not None:
            g["b_hn"] += d_b_hn
    else:
        D = config.width
        d_y, d_start, d_w, d_u, d_b = engine.ncgru_backward(d_h, cache, d_last)
        blocks = {"skew_reset": d_u[:, :D], "skew_candidate": d_u[:, 2 * D:]}            # u = [u_r, u_z, u_n]
        for name, cayley_cache in cayley_caches.items():
            g[name] += engine.scaled_cayley_backward(blocks[name], cayley_cache)
        d_u = d_u[:, D * ("skew_reset" in cayley_caches):2 * D]
    g["w"] += d_w
    g["u"] += d_u
    g["b"] += d_b
    return d_y, d_start
