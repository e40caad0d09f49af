"""The default CRT and the plain Transformer in PyTorch, with the regularisation of minicrt's trainer, to be trained on
a GPU: locked dropout on the input, on each residual branch and before the output, words dropped as whole rows of the
table, the output tied to it. In evaluation a twin computes what minicrt's model does with the same parameters.

Under autocast the blocks and the logits are computed in bfloat16. The recurrences stay in float32, since cuDNN's would
be in float16, in which their small gradients are 0.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.twins.torch_peer import hold_redundant_bias
from minicrt.configuration import changed
from minicrt.errors import ConfigurationError
from minicrt.models import SegmentModel, model_mapping

MAY_DIFFER = {"vocabulary", "width", "segment_length", "layers", "heads", "inner", "dropout", "embedding_dropout",
              "update_bias", "memory_span"}                  # what is no default; the last two are first values alone


class State(NamedTuple):
    """What is carried from segment to segment; None at the start of a text, and always in the Transformer."""

    memory: Tensor | None = None                             # (B, D)
    positions: Tensor | None = None                          # (B, D)

    def detached(self) -> "State":
        return State(*(None if entry is None else entry.detach() for entry in self))


def locked(x: Tensor, rate: float, training: bool) -> Tensor:            # (B, T, D) -> (B, T, D)
    """One mask per (batch row, feature), the same for all tokens"""
    if not training or not rate:
        return x
    return x * F.dropout(torch.ones(x.shape[0], 1, x.shape[2], device=x.device), rate)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, inner: int, rate: float):
        super().__init__()
        self.heads, self.rate = heads, rate
        self.norm_attention, self.norm_feed_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "out": nn.Linear(width, width)})
        self.feed_forward = nn.ModuleDict({"in": nn.Linear(width, inner), "out": nn.Linear(inner, width)})

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for t in self.attention["qkv"](self.norm_attention(x)).chunk(3, -1))
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + locked(self.attention["out"](heads), self.rate, self.training)
        inner = F.gelu(self.feed_forward["in"](self.norm_feed_forward(x)))
        return x + locked(self.feed_forward["out"](inner), self.rate, self.training)


class Twin(nn.Module):
    """tokens (B, T), State → logits (B, T, V), State. It has the parameters that minicrt's model has."""

    def __init__(self, model: SegmentModel):
        super().__init__()
        config: Any = model.config
        others = changed(config).keys() - MAY_DIFFER
        kind = model_mapping(model)["model"]
        if kind not in ("crt", "transformer") or others:
            raise ConfigurationError(f"the PyTorch twins follow a CRT or a Transformer of default settings, got a "
                                     f"{kind} with {', '.join(sorted(others)) or 'none'} changed")
        D, shapes = config.width, dict(model.layout)
        self.rate, self.word_rate, self.scale = config.dropout, config.embedding_dropout, D ** 0.5
        self.decays = {spec.name: spec.decay for spec in model.specs()}
        self.embedding = nn.Embedding(config.vocabulary, D)
        self.recurrent = kind == "crt"
        if self.recurrent:
            self.positions, self.memory = nn.GRU(D, D, batch_first=True), nn.GRU(D, D, batch_first=True)
            for gru in (self.positions, self.memory):
                gru.bias_hh_l0.register_hook(hold_redundant_bias)
        for name in ("positions.table", "memory.start", "memory.read"):
            if name in shapes:
                self.register_parameter(torch_name(name), nn.Parameter(torch.zeros(shapes[name])))
        self.blocks = nn.ModuleList(Block(D, config.heads, config.inner, self.rate) for _ in range(config.layers))
        self.norm_final = nn.LayerNorm(D)
        self.output_bias = nn.Parameter(torch.zeros(config.vocabulary))

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        e = self.words(tokens)
        z, state = self.crt(e, state) if self.recurrent else self.transformer(e)
        z = locked(z, self.rate, self.training)
        return F.linear(z, self.embedding.weight, self.output_bias), state

    def words(self, tokens: Tensor) -> Tensor:               # (B, T) -> (B, T, D)
        e = self.embedding(tokens) * self.scale
        if not self.training or not self.word_rate:
            return e
        kept = F.dropout(torch.ones(self.embedding.num_embeddings, 1, device=tokens.device), self.word_rate)
        return e * kept[tokens]

    def transformer(self, e: Tensor) -> tuple[Tensor, State]:
        x = locked(e + self.position_table[:e.shape[1]], self.rate, self.training)
        for block in self.blocks:
            x = block(x)
        return self.norm_final(x), State()

    def crt(self, e: Tensor, state: State) -> tuple[Tensor, State]:
        """docs/spec.md, 2.2"""
        nothing = e.new_zeros(len(e), e.shape[2])
        m = state.memory
        if m is None:
            m = self.memory_start.expand(len(e), -1) if hasattr(self, "memory_start") else nothing
        states, p = self.scan(self.positions, e, nothing if state.positions is None else state.positions)
        s = torch.cat([m[:, None], locked(e + states, self.rate, self.training)], 1)
        for block in self.blocks:
            s = block(s)
        y = self.norm_final(s[:, 1:])
        h, m_next = self.scan(self.memory, y, m)
        z = y + h + (1 + y) * (m @ self.memory_read)[:, None] if hasattr(self, "memory_read") else y + h
        return z, State(m_next, p)

    def scan(self, gru: nn.GRU, x: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(x.device.type, enabled=False):
            states, last = gru(x.to(gru.bias_ih_l0.dtype), start[None].to(gru.bias_ih_l0.dtype).contiguous())
        return states, last[0]

    def groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """The parameters as AdamW takes them: weight decay where minicrt's table of parameters says so."""
        ours = dict(self.named_parameters())
        return [{"params": [ours[torch_name(name)] for name, decays in self.decays.items() if decays is decayed],
                 "weight_decay": weight_decay if decayed else 0.0} for decayed in (True, False)]

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:
        """minicrt's parameters. nn.GRU's second bias of r and z, which is redundant, is set to zero and held there."""
        self.load_state_dict({torch_name(name): torch.tensor(to_torch(name, value))
                              for name, value in parameters.items()})

    def minicrt(self) -> dict[str, np.ndarray]:
        """The parameters by minicrt's names and in its layouts"""
        ours = {name: parameter.detach().cpu().numpy() for name, parameter in self.named_parameters()}
        return {name: from_torch(name, ours[torch_name(name)]) for name in self.decays}


LEAVES = {"gain": "weight", "w": "weight_ih_l0", "u": "weight_hh_l0", "b": "bias_ih_l0", "b_hn": "bias_hh_l0"}


def torch_name(name: str) -> str:
    """The name in `Twin` of minicrt's parameter `name`"""
    if name == "embedding":
        return "embedding.weight"
    if name in ("positions.table", "memory.start", "memory.read", "output.bias"):
        return {"positions.table": "position_table"}.get(name, name.replace(".", "_"))
    module, leaf = name.replace("memory.0.", "memory.").rsplit(".", 1)
    if leaf[:2] in ("w_", "b_") and leaf != "b_hn":          # blocks.0.attention.w_qkv
        return f"{module}.{leaf[2:]}.{'weight' if leaf[0] == 'w' else 'bias'}"
    return f"{module}.{LEAVES.get(leaf, leaf)}"


def to_torch(name: str, value: np.ndarray) -> np.ndarray:
    """PyTorch's matrices of layers are (outputs, inputs), and its GRU has a second bias of three blocks, r, z and n."""
    leaf = name.rsplit(".", 1)[1] if "." in name else name
    if leaf == "b_hn":
        return np.pad(value, (2 * value.size, 0))
    return value.T if leaf in ("w", "u") or leaf.startswith("w_") else value


def from_torch(name: str, value: np.ndarray) -> np.ndarray:
    return value[2 * value.size // 3:] if name.endswith(".b_hn") else to_torch(name, value)
