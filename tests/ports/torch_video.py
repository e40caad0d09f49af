"""The models of video in PyTorch, for autograd: an oracle for `minicrt.models.video`

A clip is kept as (B, T, N, D) here, the rows that belong to no place apart from it; minicrt has one sequence of rows.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.ports import torch_ops as ops
from tests.ports.torch_crt import ACTIVATION, _memory, _normed, _positions, _write

Named = Mapping[str, Tensor]


def segment(model: Any, p: Named, clip: Tensor, targets: Any, state: Named) -> tuple[Tensor, dict[str, Tensor]]:
    """One clip: (loss, next state). `targets` are labels, or minicrt's VideoTargets of tensors."""
    config, after = model.config, dict[str, Tensor]()
    pixels = (clip - config.pixel_mean) / config.pixel_deviation
    e = ops.patch_embedding(pixels, p["patch.weight"], p["patch.bias"], config.patch_size, config.tube_frames)
    e = e + p["space.table"]
    told = _positions(config, p, e.mean(2), state, after)
    x = e + told[..., None, :] if isinstance(told, Tensor) else e
    memory = getattr(config, "memory", "none") != "none"
    start = _memory(config, p, state, len(x)) if memory else None
    extra = [] if start is None else [_normed(config, p, start)]
    if config.pooling == "class":
        extra.append(p["class.token"].expand(len(x), 1, -1))
    rows = torch.cat(extra, 1) if extra else x.new_zeros(len(x), 0, x.shape[-1])
    given = []
    for layer in range(config.layers):
        block = {name.removeprefix(f"blocks.{layer}."): value for name, value in p.items()
                 if name.startswith(f"blocks.{layer}.")}
        rows, x = _divided(config, block, rows, x) if config.attention == "divided" else _joint(config, block, rows, x)
        rows, x = (part + _feed_forward(config, block, part) for part in (rows, x))
        given.append(x)
    norm = p["norm_final.gain"], p["norm_final.bias"]
    y = ops.layer_norm(x, *norm)
    pooled = ops.layer_norm(rows[:, -1], *norm) if config.pooling == "class" else y.flatten(1, 2).mean(1)
    z = _carried(config, p, y, pooled, start, after) if start is not None else pooled
    labels = getattr(targets, "labels", targets)
    weights = torch.tensor(model.class_weights, dtype=clip.dtype)
    loss = _classes(z @ p["output.weight"].T + p["output.bias"], labels, weights, config.smoothing)
    if hasattr(targets, "joints"):
        loss = loss + _modules(config, p, given[config.joint_layer], y, targets, weights)
    return loss, after


def _carried(config: Any, p: Named, y: Tensor, pooled: Tensor, start: Tensor, after: dict[str, Tensor]) -> Tensor:
    written = torch.cat([y.mean(2), pooled[:, None]], 1)
    per_token = config.memory_update == "per_token"
    written = written if per_token else written.mean(1, keepdim=True)
    h = _write(config, p, written, start)                               # (B, M, T + 1 or 1, D)
    after["memory"] = h[:, :, -1]
    if config.memory_gradient == "writer":
        after["writer_inputs"], after["writer_start"] = written.detach(), start.detach()
    if config.readout != "memory":
        return pooled
    z = pooled + (1 + pooled) * (start.flatten(1) @ p["memory.read"])
    return z + _normed(config, p, h)[:, :, -1].mean(1) if per_token else z


def _attention(config: Any, block: Named, x: Tensor, prefix: str = "") -> Tensor:
    q, k, v = ops.linear(x, block[prefix + "attention.w_qkv"], block[prefix + "attention.b_qkv"]).chunk(3, -1)
    q, k, v = (t.unflatten(-1, (config.heads, -1)).transpose(1, 2) for t in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    return ops.linear(y, block[prefix + "attention.w_out"], block[prefix + "attention.b_out"])


def _norm(block: Named, x: Tensor, name: str) -> Tensor:
    return ops.layer_norm(x, block[name + ".gain"], block[name + ".bias"])


def _joint(config: Any, block: Named, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    s = torch.cat([rows, x.flatten(1, 2)], 1)
    s = s + _attention(config, block, _norm(block, s, "norm_attention"))
    return s[:, :rows.shape[1]], s[:, rows.shape[1]:].reshape(x.shape)


def _divided(config: Any, block: Named, rows: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """A loop over patches, then one over steps"""
    normed = _norm(block, x, "time.norm_attention")
    x = x + torch.stack([_attention(config, block, normed[:, :, n], "time.") for n in range(x.shape[2])], 2)
    seen = [_attention(config, block, _norm(block, torch.cat([rows, x[:, t]], 1), "norm_attention"))
            for t in range(x.shape[1])]
    R = rows.shape[1]
    return rows + torch.stack([y[:, :R] for y in seen]).mean(0), x + torch.stack([y[:, R:] for y in seen], 1)


def _feed_forward(config: Any, block: Named, x: Tensor) -> Tensor:
    x = _norm(block, x, "norm_feed_forward")
    inner = ACTIVATION[config.activation](ops.linear(x, block["feed_forward.w_in"], block["feed_forward.b_in"]))
    return ops.linear(inner, block["feed_forward.w_out"], block["feed_forward.b_out"])


def _classes(scores: Tensor, labels: Tensor, weights: Tensor, smoothing: float) -> Tensor:
    return F.cross_entropy(scores, labels, weights, ignore_index=ops.IGNORE, label_smoothing=smoothing)


def _modules(config: Any, p: Named, early: Tensor, late: Tensor, targets: Any, weights: Tensor) -> Tensor:
    """The joints' targets by comparing coordinates with the edges of each patch"""
    hidden = ops.linear(early, p["joints.hidden.weight"], p["joints.hidden.bias"])
    logits = ops.linear(hidden, p["joints.output.weight"], p["joints.output.bias"])      # (B, T, N, J)
    s, side = config.patch_size, config.frame_size // config.patch_size
    steps = targets.joints.unflatten(1, (-1, config.tube_frames))                        # (B, T, f, J, 2)
    seen = targets.visible.unflatten(1, (-1, config.tube_frames))
    inside = torch.zeros_like(logits)
    for n in range(side * side):
        row, column = n // side * s, n % side * s
        u, v = steps[..., 0], steps[..., 1]
        inside[:, :, n] = (seen & (u >= column) & (u < column + s) & (v >= row) & (v < row + s)).any(2).to(logits)
    scored = seen.any(2)[:, :, None].expand(logits.shape)
    total = 1.6 * F.binary_cross_entropy_with_logits(logits[scored], inside[scored])
    f = ops.linear(late.flatten(1, 2).mean(1), p["features.weight"], p["features.bias"])
    known = targets.labels >= 0
    scores = ops.linear(f, p["features.output.weight"], p["features.output.bias"])
    return total + F.mse_loss(f[known], targets.features[known]) + _classes(scores, targets.labels, weights,
                                                                            config.smoothing)
