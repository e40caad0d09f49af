"""CR-ViT with divided attention as a PyTorch user would write it, from `torch.nn`: `benchmarks.video_step` times it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.norm = heads, nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:                  # (rows, S, D) -> (rows, S, D)
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in self.qkv(self.norm(x)).chunk(3, -1))
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, inner: int):
        super().__init__()
        self.time, self.frames = Attention(width, heads), Attention(width, heads)
        self.norm, self.w_in, self.w_out = nn.LayerNorm(width), nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, extra: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:                # (B, R, D), (B, T, N, D)
        B, T, N, D = x.shape
        x = x + self.time(x.transpose(1, 2).reshape(B * N, T, D)).view(B, N, T, D).transpose(1, 2)
        rows = torch.cat([extra[:, None].expand(-1, T, -1, -1), x], 2).flatten(0, 1)
        seen = self.frames(rows).view(B, T, -1, D)
        R = extra.shape[1]
        s = torch.cat([extra + seen[:, :, :R].mean(1), (x + seen[:, :, R:]).flatten(1, 2)], 1)
        s = s + self.w_out(F.gelu(self.w_in(self.norm(s))))
        return s[:, :R], s[:, R:].view(B, T, N, D)


class CRViT(nn.Module):
    """(clip (B, F, Y, X, C), memory (B, D), positions (B, D)) -> scores (B, K), memory, positions"""

    def __init__(self, config: Any):
        super().__init__()
        D = config.width
        self.mean, self.deviation = config.pixel_mean, config.pixel_deviation
        self.size, self.patches = config.patch_size, nn.Linear(config.patch_numbers, D)
        self.space, self.token = nn.Parameter(torch.zeros(config.patches, D)), nn.Parameter(torch.zeros(1, D))
        self.positions, self.memory = nn.GRU(D, D, batch_first=True), nn.GRU(D, D, batch_first=True)
        self.memory_start, self.memory_read = nn.Parameter(torch.zeros(1, D)), nn.Linear(D, D, bias=False)
        self.blocks = nn.ModuleList(Block(D, config.heads, config.inner) for _ in range(config.layers))
        self.norm, self.output = nn.LayerNorm(D), nn.Linear(D, config.vocabulary)

    def forward(self, clip: Tensor, memory: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        B, T, Y, X, C = clip.shape
        s = self.size
        pixels = (clip - self.mean) / self.deviation
        cut = pixels.view(B, T, Y // s, s, X // s, s, C).transpose(3, 4).reshape(B, T, -1, s * s * C)
        e = self.patches(cut) + self.space
        p, positions = self.positions(e.mean(2), positions[None])
        x, extra = e + p[:, :, None], torch.stack([memory, self.token.expand(B, -1)], 1)
        for block in self.blocks:
            extra, x = block(extra, x)
        v, y = self.norm(extra[:, 1]), self.norm(x)
        h, after = self.memory(torch.cat([y.mean(2), v[:, None]], 1), memory[None])
        z = v + h[:, -1] + (1 + v) * self.memory_read(memory)
        return self.output(z), after[0], positions[0]

    def video_loss(self, clips: Tensor, labels: Tensor) -> Tensor:               # (N, B, F, Y, X, C), (B,)
        B, D = len(labels), self.space.shape[1]
        memory, positions, scores = self.memory_start.expand(B, -1), clips.new_zeros(B, D), clips.new_zeros(0)
        for clip in clips:
            scores, memory, positions = self(clip, memory, positions)
        return F.cross_entropy(scores, labels)

    def load(self, p: Mapping[str, np.ndarray]) -> None:
        """minicrt's parameters"""
        found = {"patches.weight": p["patch.weight"].T, "patches.bias": p["patch.bias"], "space": p["space.table"],
                 "token": p["class.token"], "memory_start": p["memory.start"], "memory_read.weight": p["memory.read"].T,
                 "norm.weight": p["norm_final.gain"], "norm.bias": p["norm_final.bias"],
                 "output.weight": p["output.weight"], "output.bias": p["output.bias"]}
        for ours, theirs in (("positions", "positions"), ("memory.0", "memory")):
            width = len(p[f"{ours}.u"])
            found |= {f"{theirs}.weight_ih_l0": p[f"{ours}.w"].T, f"{theirs}.weight_hh_l0": p[f"{ours}.u"].T,
                      f"{theirs}.bias_ih_l0": p[f"{ours}.b"],
                      f"{theirs}.bias_hh_l0": np.concatenate([np.zeros(2 * width), p[f"{ours}.b_hn"]])}
        for i in range(len(self.blocks)):
            block = f"blocks.{i}."
            for ours, theirs in (("time.", "time."), ("", "frames.")):
                found |= {f"{block}{theirs}norm.weight": p[f"{block}{ours}norm_attention.gain"],
                          f"{block}{theirs}norm.bias": p[f"{block}{ours}norm_attention.bias"]}
                for a, b in (("qkv", "qkv"), ("out", "out")):
                    found |= {f"{block}{theirs}{b}.weight": p[f"{block}{ours}attention.w_{a}"].T,
                              f"{block}{theirs}{b}.bias": p[f"{block}{ours}attention.b_{a}"]}
            found |= {f"{block}norm.weight": p[f"{block}norm_feed_forward.gain"],
                      f"{block}norm.bias": p[f"{block}norm_feed_forward.bias"]}
            for name in ("in", "out"):
                found |= {f"{block}w_{name}.weight": p[f"{block}feed_forward.w_{name}"].T,
                          f"{block}w_{name}.bias": p[f"{block}feed_forward.b_{name}"]}
        self.load_state_dict({name: torch.tensor(np.ascontiguousarray(value)) for name, value in found.items()})
