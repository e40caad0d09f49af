"""The CRT of `torch_peer` token by token, as a PyTorch user would write it, with keys and values kept

Compiled, it is handed the row's number as a tensor and looks at all rows through a mask, so that there is one shape.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.twins.torch_peer import CRT, Block


class Stream:
    """One text; a step runs one row through the model, a segment's first step the memory row as well."""

    def __init__(self, model: CRT, length: int, compiled: bool):
        self.model, self.length, self.compiled = model, length, compiled
        layers, heads, width = len(model.blocks), model.blocks[0].heads, model.norm_final.weight.shape[0]  # type: ignore
        self.keys, self.values = (torch.zeros(layers, 1, heads, length + 1, width // heads) for _ in range(2))
        self.memory, self.positions = model.memory_start.detach(), torch.zeros(1, width)
        self.row_of = torch.compile(self.row_at) if compiled else self.row_at
        self.finish_of = torch.compile(self.finish) if compiled else self.finish
        self.row = 0
        self.begin()

    def begin(self) -> None:
        self.h, self.row = self.memory, 0
        self.read = self.model.memory_read(self.memory)
        self.rows(self.memory)

    def rows(self, x: Tensor) -> Tensor:                     # (1, D) -> (1, D)
        where: Any = torch.tensor(self.row) if self.compiled else self.row
        y = self.row_of(x, where)
        self.row += 1
        return y

    def row_at(self, x: Tensor, row: Any) -> Tensor:
        for layer, block in enumerate(self.model.blocks):
            x = self.block(block, x, self.keys[layer], self.values[layer], row)      # type: ignore[arg-type]
        return x

    def block(self, block: Block, x: Tensor, keys: Tensor, values: Tensor, row: Any) -> Tensor:
        q, k, v = (t.view(1, block.heads, 1, -1) for t in block.qkv(block.norm_attention(x)).chunk(3, -1))
        mask = None
        if self.compiled:
            keys.index_copy_(2, row[None], k)
            values.index_copy_(2, row[None], v)
            mask = (torch.arange(keys.shape[2]) <= row)[None]
        else:
            keys[:, :, row], values[:, :, row] = k[:, :, 0], v[:, :, 0]
            keys, values = keys[:, :, :row + 1], values[:, :, :row + 1]
        x = x + block.out(F.scaled_dot_product_attention(q, keys, values, mask).flatten(1))
        return x + block.w_out(F.gelu(block.w_in(block.norm_feed_forward(x))))

    def finish(self, x: Tensor, h: Tensor, read: Tensor) -> tuple[Tensor, Tensor]:
        y = self.model.norm_final(x)
        h = gru_step(self.model.memory, y, h)
        return F.linear(y + h + (1 + y) * read, self.model.embedding.weight, self.model.output_bias), h

    def step(self, token: Tensor) -> Tensor:                 # (1,) -> (1, V)
        if self.row > self.length:
            self.memory = self.h
            self.begin()
        e = self.model.embedding(token) * self.model.scale
        self.positions = gru_step(self.model.positions, e, self.positions)
        logits, self.h = self.finish_of(self.rows(e + self.positions), self.h, self.read)
        return logits


def gru_step(gru: nn.GRU, x: Tensor, h: Tensor) -> Tensor:
    return torch.gru_cell(x, h, gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0, gru.bias_hh_l0)
