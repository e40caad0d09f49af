"""The CRTs with richer memories in PyTorch, for autograd, as in `torch_models`"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from tests.ports import torch_ops as ops
from tests.ports.torch_crt import LINEAR, _attention, _branch, _feed_forward, _normed, _positions, linear_cell

Named = Mapping[str, Tensor]


def formed(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    after: dict[str, Tensor] = {}
    x = e + _positions(config, p, e, state, after)
    m = state.get("memory", p["memory.start"].expand(len(e), -1, -1))
    front = 0 if config.memory_form == "matrix" else config.memory_vectors
    rows = torch.cat([_normed(config, p, m), x], 1) if front else x
    for layer in range(config.layers):
        scope = f"blocks.{layer}."
        block = {name[len(scope):]: value for name, value in p.items() if name.startswith(scope)}
        rows = _branch(config, block, "attention", _attention, rows, None)
        rows = _branch(config, block, "feed_forward", _feed_forward, rows, None)
    if config.norm == "pre":
        rows = ops.layer_norm(rows, p["norm_final.gain"], p["norm_final.bias"])
    y = rows[:, front:]
    if config.memory_form == "matrix":
        q, k, v = (y @ p[f"memory.w_{part}"] for part in ("query", "key", "value"))
        strength = (y @ p["memory.w_write"] + p["memory.b_write"])[..., 0]
        r, after["memory"] = ops.delta_rule_and_state(q, k, v, strength, m)
        return y + (1 + y) * r, after
    m_hat = _normed(config, p, m)
    r = looked_up(y @ p["memory.read.w_query"], m_hat, m_hat @ p["memory.read.w_value"])
    after["memory"] = {"slots": slots, "queue": queue}[config.memory_form](config, p, y, m)
    return y + (1 + y) * r, after


def looked_up(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.nn.functional.scaled_dot_product_attention(q, k, v)


def slots(config: Any, p: Named, y: Tensor, m: Tensor) -> Tensor:
    """Each slot by itself"""
    asked = _normed(config, p, m) @ p["memory.w_query"]
    new = torch.stack([network(config, p, looked_up(asked[:, i:i + 1], y, y), m[:, i])
                       for i in range(config.memory_vectors)], 1)
    return ops.sparse_write(new, m, config.memory_top_k) if config.memory_top_k else new


def network(config: Any, p: Named, u: Tensor, m: Tensor) -> Tensor:      # (B, 1, D), (B, D) -> (B, D)
    own, name = {key[len("memory.slot."):]: value for key, value in p.items() if "memory.slot." in key}, config.memory
    if name in LINEAR:
        return linear_cell(name, p, "memory.slot.", u, m)[:, 0]
    if name == "gru":
        return ops.gru(u, m, own["w"], own["u"], own["b"], own.get("b_hn"), config.reset_after)[:, 0]
    made = ops.scaled_cayley(own["skew_candidate"], config.negative_signs, config.width)
    return ops.ncgru(u, m, own["w"], torch.cat([own["u"], made], 1), own["b"], config.candidate)[:, 0]


def queue(config: Any, p: Named, y: Tensor, m: Tensor) -> Tensor:
    u = looked_up(p["memory.query"].expand(len(y), -1, -1), y, y)
    return ops.pooled_queue(u[:, 0], m, p["memory.keep"])
