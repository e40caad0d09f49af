"""What a wrong port is, and how functions, classes and hand-written passes become ports that the checker can call

A port is wrong in the way that its docstring says. `words` are regular expressions that the first sentence of its
diagnosis must contain, all of them and in any order, upper or lower case. They say what the mistake is, and were
written down together with the port, before any diagnosis was read; three were widened when one said the same otherwise.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tests.ports.wrong.net import Net, differentiated_model

Array = np.ndarray


@dataclass(frozen=True)
class WrongPort:
    """A port, the golden case that shows its mistake, and what names the mistake."""

    name: str
    case: str
    port: Callable[..., Any]
    words: tuple[str, ...]

    def named_by(self, sentence: str) -> bool:
        return all(re.search(word, sentence, re.IGNORECASE) for word in self.words)


def by_autograd(case: str, *words: str) -> Callable[[Callable[..., torch.Tensor]], WrongPort]:
    """Of a function of PyTorch tensors that returns an operation's output; autograd makes its gradients."""
    return lambda function: WrongPort(function.__name__, case, differentiated(function), words)


def by_hand(case: str, *words: str) -> Callable[[Callable[..., Mapping[str, Array]]], WrongPort]:
    """Of a function of NumPy arrays that returns the output and the gradients, by name."""
    return lambda function: WrongPort(function.__name__, case, function, words)


def model(case: str, *words: str) -> Callable[[type[Net]], WrongPort]:
    """Of a class of networks."""
    return lambda kind: WrongPort(kind.__name__, case, differentiated_model(kind), words)


def differentiated(function: Callable[..., torch.Tensor]) -> Callable[..., dict[str, Any]]:
    """The port that a function of tensors makes: its output, and autograd's gradients of all that is floating point.

    The function takes what it wants of the case's tensors and options, by name. What it does not use has no gradient.
    """
    taken = inspect.signature(function).parameters

    def port(**given: Any) -> dict[str, Any]:
        upstream = next(name for name in given if name.startswith("d_"))
        tensors = {name: torch.tensor(value) for name, value in given.items() if isinstance(value, np.ndarray)}
        d_y = tensors.pop(upstream)
        leaves = {name: tensor.requires_grad_() for name, tensor in tensors.items()
                  if tensor.is_floating_point() and name != "uniform"}
        arguments = {name: tensors.get(name, value) for name, value in given.items()}
        y = function(**{name: value for name, value in arguments.items() if name in taken})
        gradients = torch.autograd.grad(y, list(leaves.values()), d_y, allow_unused=True)
        return {upstream.removeprefix("d_"): y} | {f"d_{name}": g for name, g in zip(leaves, gradients)}

    return port
