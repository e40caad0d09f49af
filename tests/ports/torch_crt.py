"""The Compact Recurrent Transformer in PyTorch, for autograd: an oracle for `minicrt.models.crt` over every switch.

It takes the configuration, the parameters by name, the state and the tensors of one segment, and returns the loss,
the next state and the logits. What a window of segments holds constant is detached here; the window's edge is the
caller's (pass detached tensors).
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from tests.ports import torch_ops as ops
from tests.ports.torch_output import loss_of

Named = Mapping[str, Tensor]
ACTIVATION: dict[str, Callable[[Tensor], Tensor]] = {"gelu": ops.gelu, "gelu_tanh": ops.gelu_tanh, "relu": ops.relu}
LINEAR = {"mingru": ("w", "b"), "lru": ("w", "nu", "theta", "log_gamma")}     # the cells without a recurrent matrix


def segment(config: Any, p: Named, tokens: Tensor, targets: Tensor, state: Named,
            factors: Named | None = None) -> tuple[Tensor, dict[str, Tensor]]:
    """One segment: (loss, next state). `factors` are dropout's, by the place where they act."""
    f = factors or {}
    table = p["embedding"]
    looked_up = table * f["embedding"] if "embedding" in f else table
    z, after = encode(config, p, ops.embedding(tokens, looked_up) * config.width**0.5, state, f)
    z = ops.dropout(z, f["output"]) if "output" in f else z
    return loss_of(config, p, z, targets), after


def encode(config: Any, p: Named, e: Tensor, state: Named, f: Named) -> tuple[Tensor, dict[str, Tensor]]:
    """One segment's embeddings: (z, next state)."""
    after: dict[str, Tensor] = {}

    # 1. positions
    x = e + _positions(config, p, e, state, after)
    x = ops.dropout(x, f["input"]) if "input" in f else x

    # 2. memory tokens
    start = _memory(config, p, state, len(e))                          # (B, M, D) or None
    rows = x
    if start is not None:
        memory_tokens = _normed(config, p, start)
        first = config.memory_position == "first"
        rows = torch.cat([memory_tokens, x] if first else [x, memory_tokens], 1)

    # 3. blocks
    for layer in range(config.layers):
        scope = f"blocks.{layer}."
        block = {name[len(scope):]: value for name, value in p.items() if name.startswith(scope)}
        rows = _branch(config, block, "attention", _attention, rows, f.get(scope + "attention"))
        rows = _branch(config, block, "feed_forward", _feed_forward, rows, f.get(scope + "feed_forward"))
    if config.norm == "pre":
        rows = ops.layer_norm(rows, p["norm_final.gain"], p["norm_final.bias"])
    y = rows
    if start is not None:
        count, length = config.memory_vectors, e.shape[1]
        y = rows[:, count:] if config.memory_position == "first" else rows[:, :length]

    # 4. and 5. the memory's update and the readout
    z = y
    if start is not None:
        per_token = config.memory_update == "per_token"
        written = y if per_token else y.mean(1, keepdim=True)
        h = _write(config, p, written, start)                               # (B, M, T or 1, D)
        after["memory"] = h[:, :, -1]
        if config.memory_gradient == "writer":
            after["writer_inputs"], after["writer_start"] = written.detach(), start.detach()
        if config.readout == "memory":
            z = y + (1 + y) * (start.flatten(1) @ p["memory.read"])[:, None]
            z = z + _normed(config, p, h).mean(1) if per_token else z
    return z, after


def _positions(config: Any, p: Named, e: Tensor, state: Named, after: dict[str, Tensor]) -> Tensor | float:
    batch, length, width = e.shape
    if config.positions == "none":
        return 0.0
    if config.positions == "learned":
        return p["positions.table"][:length]
    if config.positions == "sinusoidal":
        return ops.sinusoids(length, width, e.dtype)
    start = state.get("positions") if config.position_carry else None
    if start is None:
        start = e.new_zeros(batch, config.position_width or width)
    h = ops.gru(e, start, p["positions.w"], p["positions.u"], p["positions.b"], p.get("positions.b_hn"),
                config.reset_after)
    if config.position_carry:
        after["positions"] = h[:, -1]
    return h @ p["positions.w_out"] if "positions.w_out" in p else h


def _memory(config: Any, p: Named, state: Named, batch: int) -> Tensor | None:
    """m of the last segment (B, M, D): carried, written again from constants (the writer's gradient), or initial."""
    if config.memory == "none":
        return None
    if "memory" not in state:
        return p["memory.start"].expand(batch, -1, -1)
    if "writer_inputs" in state:
        return _write(config, p, state["writer_inputs"].detach(), state["writer_start"].detach())[:, :, -1]
    return state["memory"]


def _write(config: Any, p: Named, inputs: Tensor, start: Tensor) -> Tensor:
    """The memory networks run over `inputs` (B, T, D), one for each memory vector: (B, M, T, D)."""
    cells = []
    for i in range(config.memory_vectors):
        if config.memory in STATE_SPACES:
            cells.append(STATE_SPACES[config.memory](p, f"memory.{i}.", inputs, start[:, i]))
            continue
        if config.memory in LINEAR:
            cells.append(linear_cell(config.memory, p, f"memory.{i}.", inputs, start[:, i]))
            continue
        w, u, b = (p[f"memory.{i}.{name}"] for name in ("w", "u", "b"))
        if config.memory == "gru":
            h = ops.gru(inputs, start[:, i], w, u, b, p.get(f"memory.{i}.b_hn"), config.reset_after)
        else:
            negatives = config.width // 2 if config.negatives < 0 else config.negatives
            candidate = ops.scaled_cayley(p[f"memory.{i}.skew_candidate"], negatives, config.width)
            blocks = [u, candidate]
            if config.orthogonal == "candidate+reset":
                blocks.insert(0, ops.scaled_cayley(p[f"memory.{i}.skew_reset"], negatives, config.width))
            h = ops.ncgru(inputs, start[:, i], w, torch.cat(blocks, 1), b, config.candidate)
        cells.append(h)
    return torch.stack(cells, 1)


def mamba_states(p: Named, prefix: str, x: Tensor, start: Tensor) -> Tensor:
    """The state (E, N) of Mamba's scan at every step, in a row: (B, T, D)"""
    a = -p[prefix + "a_log"].exp()
    channels, states = a.shape
    u, s, b = (x @ p[prefix + "w_x"]).split([channels, channels, states], -1)
    delta = torch.nn.functional.softplus(s + p[prefix + "b_dt"], threshold=700)
    h, found = start.view(-1, *a.shape), []
    for t in range(x.shape[1]):
        h = torch.exp(delta[:, t, :, None] * a) * h + torch.einsum("be,bn->ben", delta[:, t] * u[:, t], b[:, t])
        found.append(h.flatten(1))
    return torch.stack(found, 1)


def s4d_states(p: Named, prefix: str, x: Tensor, start: Tensor) -> Tensor:
    """The complex state (E, N) of S4D's recurrence at every step, all real parts and then all imaginary parts"""
    a = torch.complex(-p[prefix + "log_a"].exp(), p[prefix + "a_im"])
    a_bar = torch.exp(p[prefix + "log_dt"].exp()[:, None] * a)
    u, h, found = x @ p[prefix + "w_in"], torch.complex(*start.chunk(2, -1)).view(-1, *a.shape), []
    for t in range(x.shape[1]):
        h = a_bar * h + (a_bar - 1) / a * u[:, t, :, None]
        found.append(torch.cat([h.real.flatten(1), h.imag.flatten(1)], -1))
    return torch.stack(found, 1)


STATE_SPACES = {"s4d": s4d_states, "mamba": mamba_states}


def linear_cell(cell: str, p: Named, prefix: str, x: Tensor, start: Tensor) -> Tensor:
    """minGRU or LRU with the parameters under `prefix`: (B, T, states)"""
    return getattr(ops, cell)(x, start, *(p[prefix + name] for name in LINEAR[cell]))


def _normed(config: Any, p: Named, m: Tensor) -> Tensor:
    unbounded = config.memory in (*LINEAR, *STATE_SPACES) or (config.memory == "ncgru"
                                                              and config.candidate == "modrelu")
    if config.memory_norm == "on" or (config.memory_norm == "auto" and unbounded):
        return ops.layer_norm(m, p["memory.norm.gain"], p["memory.norm.bias"])
    return m


def _branch(config: Any, block: Named, name: str, sub: Callable[[Any, Named, Tensor], Tensor], x: Tensor,
            factor: Tensor | None) -> Tensor:
    gain, bias = block[f"norm_{name}.gain"], block[f"norm_{name}.bias"]
    y = sub(config, block, ops.layer_norm(x, gain, bias) if config.norm == "pre" else x)
    x = x + (y if factor is None else ops.dropout(y, factor))
    return x if config.norm == "pre" else ops.layer_norm(x, gain, bias)


def _attention(config: Any, block: Named, x: Tensor) -> Tensor:
    q, k, v = ops.linear(x, block["attention.w_qkv"], block["attention.b_qkv"]).chunk(3, -1)
    return ops.linear(ops.attention(q, k, v, config.heads), block["attention.w_out"], block["attention.b_out"])


def _feed_forward(config: Any, block: Named, x: Tensor) -> Tensor:
    inner = ACTIVATION[config.activation](ops.linear(x, block["feed_forward.w_in"], block["feed_forward.b_in"]))
    return ops.linear(inner, block["feed_forward.w_out"], block["feed_forward.b_out"])
