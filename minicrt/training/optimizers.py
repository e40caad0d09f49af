"""AdamW and SGD, in place on the flat parameter buffer.

Each takes a step on every parameter at once. Two things differ between parameters: whether weight decay applies to
them (`ParameterSpec.decay`), and the learning rate (the orthogonal group has its own). Neighbours that share both form
a run, which is updated as one array.
"""

from typing import NamedTuple, Protocol

import numpy as np

from minicrt import engines
from minicrt.engines import Engine
from minicrt.models.parameters import Parameters
from minicrt.training.configuration import TrainingConfig

Array = np.ndarray


class Run(NamedTuple):
    start: int
    stop: int
    decay: bool
    orthogonal: bool


class Optimizer(Protocol):
    """`count` steps have been taken; `moments` is all else that a step leaves behind."""

    count: int
    moments: dict[str, Array]

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0, scale: float = 1.0) -> None:
        """Update `parameters.flat` in place; `rate` multiplies the learning rates, `scale` the gradients."""


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


class AdamW:
    """Adam with bias correction and decoupled weight decay: the equations stand in `minicrt.ops.adamw_update`."""

    def __init__(self, parameters: Parameters, learning_rate: float = 2e-3, weight_decay: float = 0.01,
                 beta1: float = 0.9, beta2: float = 0.99, eps: float = 1e-8,
                 orthogonal_learning_rate: float | None = None, engine: Engine | None = None):
        self.learning_rate = learning_rate
        self.orthogonal_learning_rate = learning_rate / 10 if orthogonal_learning_rate is None else (
            orthogonal_learning_rate)
        self.weight_decay, self.beta1, self.beta2, self.eps = weight_decay, beta1, beta2, eps
        self.engine = engines.by_name(engine or engines.get())
        self.count = 0
        self.moments = {"first": np.zeros_like(parameters.flat), "second": np.zeros_like(parameters.flat)}
        self._runs = runs(parameters)

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0, scale: float = 1.0) -> None:
        self.count += 1
        for run in self._runs:
            part = slice(run.start, run.stop)
            self.engine.adamw_update(
                parameters.flat[part], gradients.flat[part], self.moments["first"][part], self.moments["second"][part],
                self.count, rate * (self.orthogonal_learning_rate if run.orthogonal else self.learning_rate),
                self.weight_decay if run.decay else 0.0, self.beta1, self.beta2, self.eps, scale)


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

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0, scale: float = 1.0) -> None:
        self.count += 1
        for run in self._runs:
            part = slice(run.start, run.stop)
            theta, b = parameters.flat[part], self.moments["momentum"][part]
            eta = rate * (self.orthogonal_learning_rate if run.orthogonal else self.learning_rate)
            b *= self.momentum
            b += scale * gradients.flat[part]
            if run.decay:
                theta *= 1 - eta * self.weight_decay
            theta -= eta * b


def make_optimizer(config: TrainingConfig, parameters: Parameters, engine: Engine | None = None
                   ) -> Optimizer:
    """The optimizer that `config` describes, for `parameters`."""
    if config.optimizer == "sgd":
        return SGD(parameters, config.learning_rate, config.weight_decay, config.momentum, config.rate_of_orthogonal)
    return AdamW(parameters, config.learning_rate, config.weight_decay, config.beta1, config.beta2, config.eps,
                 config.rate_of_orthogonal, engine)
