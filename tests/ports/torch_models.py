"""Every model in PyTorch, for autograd: Transformer, Transformer-XL, RMT, GRU, LSTM, minGRU and LRU models; the CRT is
in `torch_crt`.

Each takes the configuration, the parameters by name, embeddings and state, and returns z and the next state; written
from the papers' equations, and where PyTorch has the layer, it is PyTorch's that runs. No dropout.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.ports import torch_crt
from tests.ports import torch_ops as ops
from tests.ports.torch_crt import ACTIVATION, _attention, _branch, _feed_forward, linear_cell
from tests.ports.torch_memory_forms import formed
from tests.ports.torch_output import loss_of

Named = Mapping[str, Tensor]


def segment(model: Any, p: Named, tokens: Tensor, targets: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    """One segment: (loss, next state)."""
    config, kind = model.config, type(model).__name__
    if kind == "CRT":
        return torch_crt.segment(config, p, tokens, targets, state)
    if kind == "SensorModel":
        return sensors(model, p, tokens, targets, state)
    e = ops.embedding(tokens, p["embedding"]) * config.width**0.5
    z, after = ENCODERS[kind](config, p, e, state)
    return loss_of(config, p, z, targets), after


def sensors(model: Any, p: Named, readings: Tensor, targets: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    """A linear layer in, of the readings and of which are missing; numbers or classes out"""
    missing = readings.isnan()
    both = torch.cat([readings.nan_to_num(0.0), missing.to(readings.dtype)], 2)
    e, kind = ops.linear(both, p["input.weight"], p["input.bias"]), type(model.encoder).__name__
    z, after = torch_crt.encode(model.config, p, e, state, {}) if kind == "CRT" else \
        ENCODERS[kind](model.config, p, e, state)
    if model.task == "classification":
        return ops.linear_cross_entropy(z, p["output.weight"], p["output.bias"], targets), after
    y = ops.linear(z, p["output.weight"].T, p["output.bias"])
    return ops.mean_squared_error(y, targets, ~targets.isnan()), after


def _scoped(p: Named, prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix):]: value for name, value in p.items() if name.startswith(prefix)}


def _norm(p: Named, name: str, x: Tensor) -> Tensor:
    return ops.layer_norm(x, p[name + ".gain"], p[name + ".bias"])


def _final(config: Any, p: Named, x: Tensor) -> Tensor:
    return _norm(p, "norm_final", x) if config.norm == "pre" else x


def _table(config: Any, p: Named, rows: int, dtype: torch.dtype) -> Tensor | float:
    if config.positions == "none":
        return 0.0
    return p["positions.table"] if config.positions == "learned" else ops.sinusoids(rows, config.width, dtype)


def transformer(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    table = _table(config, p, e.shape[1], e.dtype)
    x = e + (table if isinstance(table, float) else table[:e.shape[1]])
    for layer in range(config.layers):
        block = _scoped(p, f"blocks.{layer}.")
        x = _branch(config, block, "attention", _attention, x, None)
        x = _branch(config, block, "feed_forward", _feed_forward, x, None)
    return _final(config, p, x), {}


def rmt(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    M, T, longest = config.memory_vectors, e.shape[1], config.segment_length
    m = state.get("memory", p["memory.start"].expand(len(e), -1, -1))
    x = torch.cat([m, e, m], 1)
    table = _table(config, p, 2 * M + longest, e.dtype)
    if not isinstance(table, float):
        x = x + torch.cat([table[:M + T], table[M + longest:2 * M + longest]])
    visible = torch.ones(2 * M + T, 2 * M + T, dtype=torch.bool).tril()
    visible[:M, :M] = True
    visible[M + T:] = True

    def attention(config: Any, block: Named, x: Tensor) -> Tensor:
        q, k, v = ops.linear(x, block["attention.w_qkv"], block["attention.b_qkv"]).chunk(3, -1)
        return ops.linear(ops.attention(q, k, v, config.heads, visible), block["attention.w_out"],
                          block["attention.b_out"])

    for layer in range(config.layers):
        block = _scoped(p, f"blocks.{layer}.")
        x = _branch(config, block, "attention", attention, x, None)
        x = _branch(config, block, "feed_forward", _feed_forward, x, None)
    x = _final(config, p, x)
    return x[:, M:M + T], {"memory": x[:, M + T:]}


def transformer_xl(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    (B, T, D), H = e.shape, config.heads
    old = state["cache"].detach() if "cache" in state else e.new_zeros(B, config.layers + 1, 0, D)
    J = old.shape[2] + T
    distance = torch.arange(T)[:, None] + J - T - torch.arange(J)[None]                  # of query i and key j
    shown = distance >= 0
    if config.same_length:
        beyond = J - config.cached
        shown &= torch.arange(J)[None] > torch.arange(T)[:, None] - (T - beyond if beyond > 0 else T)
    reach = distance.clamp(min=0)
    if config.clamp_length:
        reach = reach.clamp(max=config.clamp_length)
    angles = ops.sinusoids(J, D, e.dtype)
    x, hidden = e, [e]
    for layer in range(config.layers):
        block = _scoped(p, f"blocks.{layer}.")
        pair = 0 if config.shared_biases else layer
        u, w = (p[f"attention_bias.{pair}.{name}"].view(H, 1, -1) for name in ("u", "v"))
        c = torch.cat([old[:, layer], x], 1)
        c = _norm(block, "norm_attention", c) if config.norm == "pre" else c
        q = (c[:, J - T:] @ block["attention.w_q"]).unflatten(-1, (H, -1)).transpose(1, 2)
        k, v = ((part.unflatten(-1, (H, -1)).transpose(1, 2))
                for part in (c @ block["attention.w_kv"]).chunk(2, -1))
        r = (angles @ block["attention.w_r"]).unflatten(-1, (H, -1)).transpose(0, 1)[:, reach]       # (H, T, J, K)
        scores = (q + u) @ k.transpose(-1, -2) + torch.einsum("bhik,hijk->bhij", q + w, r)
        scores = (scores / (D // H)**0.5).masked_fill(~shown, -torch.inf)
        y = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2) @ block["attention.w_out"]
        x = x + y if config.norm == "pre" else _norm(block, "norm_attention", x + y)
        x = _branch(config, block, "feed_forward", _feed_forward, x, None)
        hidden.append(x)
    kept = torch.cat([old, torch.stack(hidden, 1)], 2).detach()
    after = {"cache": kept[:, :, max(kept.shape[2] - config.cached, 0):]} if config.cached else {}
    return _final(config, p, x), after


def recurrent(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    x, after = e, {}
    for layer in range(config.layers):
        name, cell = f"layer.{layer}", _scoped(p, f"layer.{layer}.")
        width = cell["u"].shape[0]
        if config.cell == "gru":
            start = state.get(name, x.new_zeros(len(x), width))
            x = ops.gru(x, start, cell["w"], cell["u"], cell["b"], cell["b_hn"])
            after[name] = x[:, -1]
            continue
        h, c = state.get(name, x.new_zeros(len(x), 2 * width)).chunk(2, -1)
        layer_of = torch.nn.LSTM(x.shape[2], width, batch_first=True, device="meta")
        weights = {"weight_ih_l0": cell["w"].T, "weight_hh_l0": cell["u"].T, "bias_ih_l0": cell["b"],
                   "bias_hh_l0": torch.zeros_like(cell["b"])}
        x, (h, c) = torch.func.functional_call(layer_of, weights, (x, (h[None].contiguous(), c[None].contiguous())))
        after[name] = torch.cat([h[0], c[0]], -1)
    return x, after


def linear_recurrent(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    x, after = e, {}
    for layer in range(config.layers):
        name, cell = f"layer.{layer}", _scoped(p, f"layer.{layer}.")
        h = state.get(name, x.new_zeros(len(x), config.states))
        normed = _norm(cell, "norm_recurrence", x)
        hs = linear_cell(config.cell, cell, "", normed, h)
        after[name] = hs[:, -1]
        if config.cell == "mingru":
            x = x + hs @ cell["w_out"]
        else:
            y = ops.gelu(hs @ cell["c"] + normed * cell["d"]) @ cell["w_out"] + cell["b_out"]
            x = x + F.glu(y)
        if config.inner:
            inner = ACTIVATION[config.activation](ops.linear(_norm(cell, "norm_feed_forward", x),
                                                             cell["feed_forward.w_in"], cell["feed_forward.b_in"]))
            x = x + ops.linear(inner, cell["feed_forward.w_out"], cell["feed_forward.b_out"])
    return _norm(p, "norm_final", x), after


def s4d(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    x, after = e, {}
    for layer in range(config.layers):
        name, own = f"layer.{layer}.h", _scoped(p, f"layer.{layer}.")
        start = state.get(name, x.new_zeros(len(x), config.width, 2 * config.states))
        u = _norm(own, "norm_recurrence", x)
        weights = [own[part] for part in ("log_dt", "log_a", "a_im", "c", "d")]
        y = ops.gelu(ops.s4d(u, start, *weights))
        after[name] = ops.s4d_state(u, start, *weights[:3])
        x = x + F.glu(ops.linear(y, own["w_out"], own["b_out"]))
        if config.inner:
            inner = ACTIVATION[config.activation](ops.linear(_norm(own, "norm_feed_forward", x),
                                                             own["feed_forward.w_in"], own["feed_forward.b_in"]))
            x = x + ops.linear(inner, own["feed_forward.w_out"], own["feed_forward.b_out"])
    return _norm(p, "norm_final", x), after


def mamba(config: Any, p: Named, e: Tensor, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    x, after, E, K = e, {}, config.channels, config.taps
    for layer in range(config.layers):
        name, own = f"layer.{layer}", _scoped(p, f"layer.{layer}.")
        inputs = state.get(f"{name}.inputs", x.new_zeros(len(x), K - 1, E))
        h = state.get(f"{name}.h", x.new_zeros(len(x), E, config.states))
        u, r = (ops.rms_norm(x, own["norm_recurrence.gain"]) @ own["w_in"]).chunk(2, -1)
        after[f"{name}.inputs"] = torch.cat([inputs, u], 1)[:, u.shape[1]:]
        u = F.silu(ops.causal_convolution(u, inputs, own["w_convolution"], own["b_convolution"]))
        step, b, c = (u @ own["w_x"]).split([config.rank, config.states, config.states], -1)
        dt = ops.linear(step, own["w_dt"], own["b_dt"])
        y, after[f"{name}.h"] = ops.selective_scan_and_state(u, h, dt, own["a_log"], b, c, own["d"])
        x = x + (y * F.silu(r)) @ own["w_out"]
    return ops.rms_norm(x, p["norm_final.gain"]), after


ENCODERS = {"S4DModel": s4d, "Mamba": mamba, "SlotsCRT": formed, "MatrixCRT": formed, "QueueCRT": formed,
            "Transformer": transformer, "TransformerXL": transformer_xl, "RMT": rmt, "RecurrentModel": recurrent,
            "LinearRecurrentModel": linear_recurrent}
