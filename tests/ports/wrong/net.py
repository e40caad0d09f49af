"""Language models over segments in PyTorch, as somebody may write them: what all of them have, and their training

The classes are right, and the test of right ports says so. A wrong port is a subclass that does one thing otherwise.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Array = np.ndarray
State = dict[str, Tensor]


class Net:
    """Embedding, blocks, tied output. A subclass has `encode(e, state) -> (z, state)`."""

    def __init__(self, p: Mapping[str, Tensor], config: Any) -> None:
        self.p, self.config = p, config

    def encode(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        raise NotImplementedError

    def segment(self, tokens: Tensor, targets: Tensor, state: State) -> tuple[Tensor, State]:
        z, state = self.encode(self.embed(tokens), state)
        return self.loss(z, targets), state

    def embed(self, tokens: Tensor) -> Tensor:
        return self.p["embedding"][tokens] * self.config.width ** 0.5

    def output_table(self) -> Tensor:
        return self.p["embedding"]

    def loss(self, z: Tensor, targets: Tensor) -> Tensor:
        logits = F.linear(z, self.output_table(), self.p["output.bias"])
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)

    def between(self, state: State, tokens: Tensor, targets: Tensor) -> State:
        """What the training does with the state before the next segment gets it."""
        return state

    # The block.

    def norm(self, name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.p[f"{name}.gain"], self.p[f"{name}.bias"])

    def linear(self, name: str, suffix: str, x: Tensor) -> Tensor:
        return x @ self.p[f"{name}.w_{suffix}"] + self.p[f"{name}.b_{suffix}"]

    def blocks(self, x: Tensor, mask: Tensor) -> Tensor:
        for layer in range(self.config.layers):
            x = self.block(f"blocks.{layer}", x, mask)
        return x

    def block(self, name: str, x: Tensor, mask: Tensor) -> Tensor:
        if self.config.norm == "pre":
            x = x + self.attention(f"{name}.attention", self.norm(f"{name}.norm_attention", x), mask)
            return x + self.feed_forward(f"{name}.feed_forward", self.norm(f"{name}.norm_feed_forward", x))
        x = self.norm(f"{name}.norm_attention", x + self.attention(f"{name}.attention", x, mask))
        return self.norm(f"{name}.norm_feed_forward", x + self.feed_forward(f"{name}.feed_forward", x))

    def attention(self, name: str, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (self.heads(part) for part in self.linear(name, "qkv", x).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.linear(name, "out", y.transpose(1, 2).flatten(2))

    def heads(self, x: Tensor) -> Tensor:                    # (B, S, D) -> (B, H, S, K)
        return x.unflatten(-1, (self.config.heads, -1)).transpose(1, 2)

    def feed_forward(self, name: str, x: Tensor) -> Tensor:
        return self.linear(name, "out", self.activation(self.linear(name, "in", x)))

    def activation(self, x: Tensor) -> Tensor:
        return F.gelu(x)

    def final(self, x: Tensor) -> Tensor:
        return self.norm("norm_final", x) if self.config.norm == "pre" else x


def gru(x: Tensor, h: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
    """torch.nn.GRU with weights w, u, b and b_hn: (B, T, I), (B, D) -> (B, T, D)"""
    layer = nn.GRU(x.shape[-1], h.shape[-1], batch_first=True, device="meta")
    b_hh = F.pad(weights["b_hn"], (2 * h.shape[-1], 0))
    named = {"weight_ih_l0": weights["w"].T, "weight_hh_l0": weights["u"].T, "bias_ih_l0": weights["b"],
             "bias_hh_l0": b_hh}
    return torch.func.functional_call(layer, named, (x, h[None]))[0]


def scoped(p: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The parameters below a prefix, by what follows it."""
    return {name.removeprefix(prefix): value for name, value in p.items() if name.startswith(prefix)}


def causal(queries: int, keys: int) -> Tensor:
    return torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """[sin, cos] of every position (...,): (..., D)"""
    frequencies = 10000 ** (-torch.arange(0, width, 2, dtype=positions.dtype) / width)
    angles = positions[..., None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1)


def differentiated_model(kind: Callable[[Mapping[str, Tensor], Any], Net]) -> Callable[..., dict[str, Any]]:
    """The port that a class of networks makes: losses, states, and autograd's gradients of the objective."""

    def port(given: Mapping[str, Array], configuration: Mapping[str, Any]) -> dict[str, Any]:
        tensors = {name: torch.tensor(value) for name, value in given.items()}
        leaves = {name: tensor.requires_grad_() for name, tensor in tensors.items()
                  if name.startswith(("parameters/", "state/"))}
        net = kind(scoped(tensors, "parameters/"), SimpleNamespace(**configuration))
        state, objective, computed = scoped(tensors, "state/"), torch.zeros(()), {}
        for n in range(len(configuration["segments"])):
            tokens, targets = tensors[f"segment{n}/tokens"], tensors[f"segment{n}/targets"]
            loss, after = net.segment(tokens, targets, state)
            computed |= {f"segment{n}/state/{entry}": value for entry, value in after.items()}
            computed[f"segment{n}/loss"] = loss
            objective = objective + tensors["d_loss"][n] * loss
            state = net.between(after, tokens, targets)
        for entry, d in scoped(tensors, "d_state/").items():
            objective = objective + (d * after[entry]).sum()
        gradients = torch.autograd.grad(objective, list(leaves.values()), allow_unused=True)
        named = {name.replace("state/", "initial_state/"): g for name, g in zip(leaves, gradients)}
        return computed | {f"d_{name}": g for name, g in named.items()}

    return port
