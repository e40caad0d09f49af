"""The CRT in its default configuration as a PyTorch user would write it, from `torch.nn`: what the benchmarks time.

`torch_crt` follows minicrt's equations over every switch; this follows PyTorch's habits (nn.GRU, nn.Linear,
scaled_dot_product_attention, fused AdamW) for the one configuration in which all are timed.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    def __init__(self, width: int, heads: int, inner: int):
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_feed_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.w_in, self.w_out = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for t in self.qkv(self.norm_attention(x)).chunk(3, -1))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        return x + self.w_out(F.gelu(self.w_in(self.norm_feed_forward(x))))


class CRT(nn.Module):
    """(tokens (B,T), targets (B,T), memory (B,D), positions (B,D)) -> loss, memory, positions"""

    def __init__(self, config: Any):
        super().__init__()
        D = config.width
        self.scale = D ** 0.5
        self.embedding = nn.Embedding(config.vocabulary, D)
        self.positions, self.memory = nn.GRU(D, D, batch_first=True), nn.GRU(D, D, batch_first=True)
        self.blocks = nn.ModuleList(Block(D, config.heads, config.inner) for _ in range(config.layers))
        self.memory_start, self.memory_read = nn.Parameter(torch.zeros(1, D)), nn.Linear(D, D, bias=False)
        self.norm_final = nn.LayerNorm(D)
        self.output_bias = nn.Parameter(torch.zeros(config.vocabulary))

    def encode(self, tokens: Tensor, memory: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        e = self.embedding(tokens) * self.scale
        p, positions = self.positions(e, positions[None])
        s = torch.cat([memory[:, None], e + p], 1)
        for block in self.blocks:
            s = block(s)
        y = self.norm_final(s[:, 1:])
        h, after = self.memory(y, memory[None])
        return y + h + (1 + y) * self.memory_read(memory)[:, None], after[0], positions[0]

    def forward(self, tokens: Tensor, targets: Tensor, memory: Tensor, positions: Tensor
                ) -> tuple[Tensor, Tensor, Tensor]:
        z, memory, positions = self.encode(tokens, memory, positions)
        loss = F.cross_entropy(F.linear(z, self.embedding.weight, self.output_bias).flatten(0, 1), targets.flatten())
        return loss, memory, positions

    def logits(self, tokens: Tensor, memory: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z, memory, positions = self.encode(tokens, memory, positions)
        return F.linear(z, self.embedding.weight, self.output_bias), memory, positions

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:
        """minicrt's parameters. nn.GRU's second bias of r and z, which is redundant, is set to zero and held there."""
        loaded = {name: torch.tensor(value) for name, value in torch_names(parameters).items()}
        self.load_state_dict(loaded)
        for gru in (self.positions, self.memory):
            gru.bias_hh_l0.register_hook(hold_redundant_bias)


def hold_redundant_bias(gradient: Tensor) -> Tensor:
    """Without it PyTorch would train a parameter that minicrt has not."""
    width = gradient.numel() // 3
    return torch.cat([torch.zeros_like(gradient[:2 * width]), gradient[2 * width:]])


def torch_names(parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """minicrt's parameters, or gradients, by the names and in the layouts of `CRT` here."""
    p = parameters
    named = {"embedding.weight": p["embedding"], "output_bias": p["output.bias"],
             "norm_final.weight": p["norm_final.gain"], "norm_final.bias": p["norm_final.bias"],
             "memory_start": p["memory.start"], "memory_read.weight": p["memory.read"].T}
    for here, there in (("positions", "positions."), ("memory", "memory.0.")):
        b_hn = p[there + "b_hn"]
        named |= {f"{here}.weight_ih_l0": p[there + "w"].T, f"{here}.weight_hh_l0": p[there + "u"].T,
                  f"{here}.bias_ih_l0": p[there + "b"], f"{here}.bias_hh_l0": np.pad(b_hn, (2 * b_hn.size, 0))}
    for name in p:
        if name.startswith("blocks."):
            block, layer, rest = name.split(".", 2)
            module, kind = rest.split(".")
            if module.startswith("norm"):
                named[f"blocks.{layer}.{module}.{'weight' if kind == 'gain' else 'bias'}"] = p[name]
            else:
                where = {"qkv": "qkv", "in": "w_in", "out": "out" if module == "attention" else "w_out"}[kind[2:]]
                named[f"blocks.{layer}.{where}.{'weight' if kind[0] == 'w' else 'bias'}"] = p[name].T
    return named
