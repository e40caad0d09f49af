"""Segment models put together from torch.nn's layers, under the names that `to_torch` gives their parameters

(tokens (B, T), targets (B, T), state) → (loss, next state). Pre-norm, and the positions are learned where they are a
table; the output is the embedding's table. What `torch_models` and `torch_crt` write out, torch.nn computes here.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

State = dict[str, Tensor]


class LanguageModel(nn.Module):
    def __init__(self, config: Any):
        super().__init__()
        self.scale = config.width ** 0.5
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.output = nn.Module()                            # tied: a bias alone
        self.output.bias = nn.Parameter(torch.zeros(config.vocabulary))

    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        raise NotImplementedError

    def forward(self, tokens: Tensor, targets: Tensor, state: State) -> tuple[Tensor, State]:
        z, state = self.encode(self.embedding(tokens) * self.scale, state)
        logits = F.linear(z, self.embedding.weight, self.output.bias)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1), state


class Stack(LanguageModel):
    """L nn.TransformerEncoderLayer under a causal mask, and the final norm"""

    def __init__(self, config: Any):
        super().__init__(config)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(config.width, config.heads, config.inner, 0.0, config.activation,
                                       batch_first=True, norm_first=True) for _ in range(config.layers))
        self.norm_final = nn.LayerNorm(config.width)

    def stack(self, x: Tensor) -> Tensor:
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        for block in self.blocks:
            x = block(x, src_mask=later)
        return self.norm_final(x)


class Transformer(Stack):
    def __init__(self, config: Any):
        super().__init__(config)
        self.positions = nn.Embedding(config.segment_length, config.width)

    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        return self.stack(e + self.positions.weight[:e.shape[1]]), {}


class CRT(Stack):
    """The default configuration, with a projection of the positions"""

    def __init__(self, config: Any):
        super().__init__(config)
        D, D_p = config.width, config.positions_width
        self.positions, self.positions_out = nn.GRU(D, D_p, batch_first=True), nn.Linear(D_p, D, bias=False)
        self.memory = nn.ModuleList(nn.GRU(D, D, batch_first=True) for _ in range(config.memory_vectors))
        self.memory_start = nn.Parameter(torch.zeros(config.memory_vectors, D))
        self.memory_read = nn.Linear(config.memory_vectors * D, D, bias=False)

    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        states, last = self.positions(e, state["positions"][None] if "positions" in state else None)
        m = state.get("memory", self.memory_start.expand(len(e), -1, -1))
        y = self.stack(torch.cat([m, e + self.positions_out(states)], 1))[:, m.shape[1]:]
        h = torch.stack([gru(y, m[None, :, i].contiguous())[0] for i, gru in enumerate(self.memory)], 1)  # (B, M, T, D)
        z = y + h.mean(1) + (1 + y) * self.memory_read(m.flatten(1))[:, None]
        return z, {"memory": h[:, :, -1], "positions": last[0]}


class RMT(Stack):
    """One memory vector: a causal mask over [m ; x ; m]"""

    def __init__(self, config: Any):
        super().__init__(config)
        self.positions = nn.Embedding(config.segment_length + 2, config.width)
        self.memory_start = nn.Parameter(torch.zeros(1, config.width))

    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        T, table = e.shape[1], self.positions.weight
        m = state.get("memory", self.memory_start.expand(len(e), -1, -1))
        y = self.stack(torch.cat([m, e, m], 1) + torch.cat([table[:1 + T], table[-1:]]))
        return y[:, 1:1 + T], {"memory": y[:, 1 + T:]}


class Recurrent(LanguageModel):
    def __init__(self, config: Any):
        super().__init__(config)
        self.cell, cell = config.cell, nn.LSTM if config.cell == "lstm" else nn.GRU
        widths = [config.width, *[config.hidden or config.width] * (config.layers - 1), config.width]
        self.layers = nn.ModuleList(cell(a, b, batch_first=True) for a, b in zip(widths, widths[1:]))

    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        x, after = e, {}
        for i, layer in enumerate(self.layers):
            name = f"layer.{i}"
            if self.cell == "gru":
                x, last = layer(x, state[name][None] if name in state else None)
                after[name] = last[0]
            else:
                halves = state[name].chunk(2, -1) if name in state else None
                x, (h, c) = layer(x, halves and tuple(half[None].contiguous() for half in halves))
                after[name] = torch.cat([h[0], c[0]], -1)
        return x, after


_SMALL = {"vocabulary": 9, "width": 6, "segment_length": 4}
_BLOCKS = {"layers": 2, "heads": 2, "inner": 5, "activation": "gelu"}
MODELS: dict[str, tuple[dict[str, Any], type[LanguageModel]]] = {
    "crt": ({**_SMALL, **_BLOCKS, "position_width": 3, "memory_vectors": 2}, CRT),
    "transformer": ({"model": "transformer", **_SMALL, **_BLOCKS}, Transformer),
    "rmt": ({"model": "rmt", **_SMALL, **_BLOCKS}, RMT),
    "gru": ({"model": "recurrent", **_SMALL, "layers": 2, "hidden": 4, "cell": "gru"}, Recurrent),
    "lstm": ({"model": "recurrent", **_SMALL, "layers": 2, "hidden": 4, "cell": "lstm"}, Recurrent),
}
