"""What a model's vectors become in PyTorch: the loss by a softmax over all words, or by an adaptive one"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from minicrt.models.output import output_of
from tests.ports import torch_ops as ops


def loss_of(config: Any, p: Mapping[str, Tensor], z: Tensor, targets: Tensor) -> Tensor:
    if config.output == "softmax":
        return ops.linear_cross_entropy(z, p["embedding"] if config.tied else p["output.weight"], p["output.bias"],
                                        targets)
    cutoffs = output_of(config).cutoffs
    head, tails = p.get("output.head"), p.get("output.tails")
    if config.tied:                                          # the words' rows are those of the embedding table
        table, S = p["embedding"], cutoffs[0]
        head, tails = torch.cat([table[:S], p["output.clusters"]]), table[S:].flatten()
    return ops.adaptive_softmax(z, head, p["output.bias"], p["output.projection"], tails, targets, cutoffs,
                                config.div_value)
