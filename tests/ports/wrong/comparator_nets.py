"""Transformer, Transformer-XL, RMT and LSTM language models in PyTorch, as somebody may write them: right ones"""

import torch
from torch import Tensor, nn

from tests.ports.wrong.net import Net, State, causal, sinusoids


class Transformer(Net):
    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        x = e + self.table(e)[:e.shape[1]]
        return self.final(self.blocks(x, self.mask(e.shape[1]))), {}

    def table(self, e: Tensor) -> Tensor:
        if self.config.positions == "learned":
            return self.p["positions.table"]
        return sinusoids(torch.arange(e.shape[1], dtype=e.dtype), e.shape[2])

    def mask(self, length: int) -> Tensor:
        return causal(length, length)


class RMT(Net):
    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        M, T = self.config.memory_vectors, e.shape[1]
        m = state.get("memory", self.p["memory.start"].expand(len(e), -1, -1))
        rows = torch.cat([m, e, self.write_tokens(m)], 1) + self.table(e)[self.position_rows(T)]
        y = self.final(self.blocks(rows, self.mask(T)))
        return y[:, M:M + T], {"memory": self.memory(y)}

    def write_tokens(self, m: Tensor) -> Tensor:
        return m

    def memory(self, y: Tensor) -> Tensor:
        return y[:, -self.config.memory_vectors:]

    def table(self, e: Tensor) -> Tensor:
        if self.config.positions == "learned":
            return self.p["positions.table"]
        rows = 2 * self.config.memory_vectors + self.config.segment_length
        return sinusoids(torch.arange(rows, dtype=e.dtype), e.shape[2])

    def position_rows(self, T: int) -> Tensor:
        M, longest = self.config.memory_vectors, self.config.segment_length
        return torch.cat([torch.arange(M + T), M + longest + torch.arange(M)])

    def mask(self, T: int) -> Tensor:
        M = self.config.memory_vectors
        mask = causal(2 * M + T, 2 * M + T)
        mask[:M, :M] = True
        mask[-M:] = True
        return mask


class TransformerXL(Net):
    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        old = self.old_cache(e, state)                                   # (B, L + 1, M, D)
        x, hidden = e, [e]
        for layer in range(self.config.layers):
            name = f"blocks.{layer}"
            x = x + self.attend(f"{name}.attention", self.context(name, old[:, layer], x), x.shape[1])
            x = x + self.feed_forward(f"{name}.feed_forward", self.norm(f"{name}.norm_feed_forward", x))
            hidden.append(x)
        return self.final(x), {"cache": self.new_cache(old, torch.stack(hidden, 1))}

    def old_cache(self, e: Tensor, state: State) -> Tensor:
        return state.get("cache", e.new_zeros(len(e), self.config.layers + 1, 0, e.shape[2])).detach()

    def new_cache(self, old: Tensor, hidden: Tensor) -> Tensor:
        return torch.cat([old, hidden], 2)[:, :, -self.config.segment_length:]

    def context(self, name: str, old: Tensor, x: Tensor) -> Tensor:
        return self.norm(f"{name}.norm_attention", torch.cat([old, x], 1))

    def attend(self, name: str, c: Tensor, T: int) -> Tensor:
        J, K = c.shape[1], c.shape[2] // self.config.heads
        q = self.heads(c[:, -T:] @ self.p[f"{name}.w_q"])
        k, v = (self.heads(part) for part in (c @ self.p[f"{name}.w_kv"]).chunk(2, -1))
        distances = sinusoids(self.distances(J, c), c.shape[2]) if self.half_by_half else self.alternating(J, c)
        r = self.heads(distances[None] @ self.p[f"{name}.w_r"])
        u, w = (self.p[f"attention_bias.0.{bias}"].view(self.config.heads, 1, K) for bias in self.biases)
        scores = ((q + u) @ k.mT + self.shifted((q + w) @ r.mT)) / K ** 0.5
        p = scores.masked_fill(~self.mask(T, J), -torch.inf).softmax(-1)
        return (p @ v).transpose(1, 2).flatten(2) @ self.p[f"{name}.w_out"]

    biases = ("u", "v")
    half_by_half = True

    def distances(self, J: int, c: Tensor) -> Tensor:
        return torch.arange(J - 1, -1, -1, dtype=c.dtype)

    def alternating(self, J: int, c: Tensor) -> Tensor:
        sines, cosines = sinusoids(self.distances(J, c), c.shape[2]).chunk(2, -1)
        return torch.stack([sines, cosines], -1).flatten(1)

    def shifted(self, by_row: Tensor) -> Tensor:
        batch, heads, T, J = by_row.shape
        padded = nn.functional.pad(by_row, (1, 0)).reshape(batch, heads, J + 1, T)
        return padded[:, :, 1:].reshape(batch, heads, T, J)

    def mask(self, T: int, J: int) -> Tensor:
        return causal(T, J)


class LSTM(Net):
    """The state of a layer is [h, c]."""

    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        x, after = e, {}
        for layer in range(self.config.layers):
            name = f"layer.{layer}"
            w, u, b = (self.arranged(self.p[f"{name}.{part}"]) for part in ("w", "u", "b"))
            cell = nn.LSTM(x.shape[2], u.shape[0], batch_first=True, device="meta")
            weights = {"weight_ih_l0": w.T, "weight_hh_l0": u.T, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
            start = state.get(name, x.new_zeros(len(x), 2 * u.shape[0]))
            h, c = (half[None].contiguous() for half in start.chunk(2, -1))
            x, (h, c) = torch.func.functional_call(cell, weights, (x, (h, c)))
            after[name] = self.stored(h[0], c[0])
        return x, after

    def arranged(self, weight: Tensor) -> Tensor:
        return weight

    def stored(self, h: Tensor, c: Tensor) -> Tensor:
        return torch.cat([h, c], -1)
