"""AdamW and SGD, in place on the flat parameter buffer.

Each takes a step on every parameter at once. Two things differ between parameters: whether weight decay applies to
them (`ParameterSpec.decay`), and the learning rate (the orthogonal group has its own). Neighbours that share both form
a run, and a run is worked through in pieces that stay in the processor's cache, so nothing of the size of the model is
allocated in a step.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

from minicrt.models.parameters import Parameters
from minicrt.training.configuration import TrainingConfig

Array = np.ndarray
CHUNK = 1 << 15


class Run(NamedTuple):
    start: int
    stop: int
    decay: bool
    orthogonal: bool


class Optimizer(Protocol):
    """`count` steps have been taken; `moments` is all else that a step leaves behind."""

    count: int
    moments: dict[str, Array]

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0) -> None:
        """Update `parameters.flat` in place; `rate` multiplies the learning rates."""


def runs(parameters: Parameters) -> list[Run]:
    """The flat buffer as the fewest runs of parameters that are treated alike."""
    found: list[Run] = []
    for spec in parameters.specs:
        where = parameters.slice(spec.name)
        run = Run(where.start, where.stop, spec.decay, spec.group == "orthogonal")
        if found and found[-1][2:] == run[2:]:
            run = run._replace(start=found.pop().start)
        found.append(run)
    return found


def pieces(found: list[Run]) -> Iterator[tuple[Run, slice]]:
    for run in found:
        for start in range(run.start, run.stop, CHUNK):
            yield run, slice(start, min(start + CHUNK, run.stop))


class AdamW:
    """Adam with bias correction and decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim.AdamW.

        m ← β₁ m + (1 − β₁) g                 m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²                v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η λ θ                         only where decay applies
        θ ← θ − η m̂ / (√v̂ + eps)             eps outside the root
    """

    def __init__(self, parameters: Parameters, learning_rate: float = 2e-3, weight_decay: float = 0.01,
                 beta1: float = 0.9, beta2: float = 0.99, eps: float = 1e-8,
                 orthogonal_learning_rate: float | None = None):
        self.learning_rate = learning_rate
        self.orthogonal_learning_rate = learning_rate / 10 if orthogonal_learning_rate is None else (
            orthogonal_learning_rate)
        self.weight_decay, self.beta1, self.beta2, self.eps = weight_decay, beta1, beta2, eps
        self.count = 0
        self.moments = {"first": np.zeros_like(parameters.flat), "second": np.zeros_like(parameters.flat)}
        self._runs = runs(parameters)
        self._scratch = np.empty((2, min(CHUNK, parameters.size)), parameters.dtype)

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0) -> None:
        self.count += 1
        unbias1, unbias2 = 1 - self.beta1 ** self.count, 1 - self.beta2 ** self.count
        for run, piece in pieces(self._runs):
            theta, g = parameters.flat[piece], gradients.flat[piece]
            m, v = self.moments["first"][piece], self.moments["second"][piece]
            root, update = self._scratch[:, :g.size]
            eta = rate * (self.orthogonal_learning_rate if run.orthogonal else self.learning_rate)

            m *= self.beta1
            m += np.multiply(g, 1 - self.beta1, out=update)
            np.multiply(g, g, out=update)
            update *= 1 - self.beta2
            v *= self.beta2
            v += update

            np.divide(v, unbias2, out=root)
            np.sqrt(root, out=root)
            root += self.eps
            np.divide(m, root, out=update)
            update *= eta / unbias1
            if run.decay:
                theta *= 1 - eta * self.weight_decay
            theta -= update


class SGD:
    """Stochastic gradient descent with momentum and decoupled weight decay.

        b ← μ b + g,   θ ← θ − η λ θ (only where decay applies),   θ ← θ − η b
    """

    def __init__(self, parameters: Parameters, learning_rate: float = 0.1, weight_decay: float = 0.0,
                 momentum: float = 0.9, orthogonal_learning_rate: float | None = None):
        self.learning_rate = learning_rate
        self.orthogonal_learning_rate = learning_rate / 10 if orthogonal_learning_rate is None else (
            orthogonal_learning_rate)
        self.weight_decay, self.momentum = weight_decay, momentum
        self.count = 0
        self.moments = {"momentum": np.zeros_like(parameters.flat)}
        self._runs = runs(parameters)
        self._scratch = np.empty(min(CHUNK, parameters.size), parameters.dtype)

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0) -> None:
        self.count += 1
        for run, piece in pieces(self._runs):
            theta, b = parameters.flat[piece], self.moments["momentum"][piece]
            eta = rate * (self.orthogonal_learning_rate if run.orthogonal else self.learning_rate)
            b *= self.momentum
            b += gradients.flat[piece]
            if run.decay:
                theta *= 1 - eta * self.weight_decay
            theta -= np.multiply(b, eta, out=self._scratch[:b.size])


def make_optimizer(config: TrainingConfig, parameters: Parameters) -> Optimizer:
    """The optimizer that `config` describes, for `parameters`."""
    if config.optimizer == "sgd":
        return SGD(parameters, config.learning_rate, config.weight_decay, config.momentum, config.rate_of_orthogonal)
    return AdamW(parameters, config.learning_rate, config.weight_decay, config.beta1, config.beta2, config.eps,
                 config.rate_of_orthogonal)
