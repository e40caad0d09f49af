"""AdamW and SGD, in place on the flat parameter buffer.

Each takes a step on every parameter at once. Two things differ between parameters: whether weight decay applies to
them (`ParameterSpec.decay`), and the learning rate (the orthogonal group has its own). Neighbours that share both form
a run, which is updated as one array.
"""

from typing import NamedTuple, Protocol

import numpy as np

from minicrt import engines
from minicrt.arguments import check_kind, is_number, shown
from minicrt.engines import EngineOrName
from minicrt.errors import ConfigurationError
from minicrt.models.inputs import check_trainable
from minicrt.models.parameters import Parameters
from minicrt.parallel import workers
from minicrt.training.configuration import TrainingConfig

Array = np.ndarray
WORTH_A_THREAD = 1 << 14                                     # values


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


def check_rates(parameters: Parameters, **rates: float | None) -> None:
    """Raises ConfigurationError unless each is a number of 0 or more that is finite in the parameters' type, and eps,
    which is what keeps a parameter without gradient from 0/0, is above 0 there."""
    check_kind("parameters", parameters, Parameters, "a model's parameters; model.initialize(rng) makes some")
    check_trainable(parameters)
    for name, rate in rates.items():
        if rate is None and name == "orthogonal_learning_rate":
            continue
        with np.errstate(over="ignore"):
            rounded = parameters.dtype.type(rate) if is_number(rate) else np.nan
        if not (np.isfinite(rounded) and rounded >= 0):
            raise ConfigurationError(f"{name} is {shown(rate)}, expected a number of 0 or more that is finite in "
                                     f"{parameters.dtype}")
        if name == "eps" and rounded == 0:
            raise ConfigurationError(f"eps is {shown(rate)}, expected a number that is above 0 in {parameters.dtype}")


class AdamW:
    """Adam with bias correction and decoupled weight decay: the equations stand in `minicrt.ops.adamw_update`."""

    def __init__(self, parameters: Parameters, learning_rate: float = 2e-3, weight_decay: float = 0.01,
                 beta1: float = 0.9, beta2: float = 0.99, eps: float = 1e-8,
                 orthogonal_learning_rate: float | None = None, engine: EngineOrName = None):
        check_rates(parameters, learning_rate=learning_rate, weight_decay=weight_decay, beta1=beta1, beta2=beta2,
                    eps=eps, orthogonal_learning_rate=orthogonal_learning_rate)
        self.learning_rate = learning_rate
        self.orthogonal_learning_rate = learning_rate / 10 if orthogonal_learning_rate is None else (
            orthogonal_learning_rate)
        self.weight_decay, self.beta1, self.beta2, self.eps = weight_decay, beta1, beta2, eps
        self.engine = engines.get(engine)
        self.count = 0
        self.moments = {"first": np.zeros_like(parameters.flat), "second": np.zeros_like(parameters.flat)}
        self._runs = runs(parameters)

    def step(self, parameters: Parameters, gradients: Parameters, rate: float = 1.0, scale: float = 1.0) -> None:
        self.count += 1
        workers.run(self._update, workers.ranges(parameters.flat.size, WORTH_A_THREAD), parameters, gradients, rate,
                    scale)

    def _update(self, _: int, first: int, last: int, parameters: Parameters, gradients: Parameters, rate: float,
                scale: float) -> None:
        """The values from `first` to `last` of the flat buffer; a value's update is its own, wherever it is cut."""
        for run in self._runs:
            part = slice(max(run.start, first), min(run.stop, last))
            if part.start < part.stop:
                self.engine.adamw_update(
                    parameters.flat[part], gradients.flat[part], self.moments["first"][part],
                    self.moments["second"][part], self.count,
                    rate * (self.orthogonal_learning_rate if run.orthogonal else self.learning_rate),
                    self.weight_decay if run.decay else 0.0, self.beta1, self.beta2, self.eps, scale)


class SGD:
    """Stochastic gradient descent with momentum and decoupled weight decay.

        b ← μ b + g,   θ ← θ − η λ θ (only where decay applies),   θ ← θ − η b
    """

    def __init__(self, parameters: Parameters, learning_rate: float = 0.1, weight_decay: float = 0.0,
                 momentum: float = 0.9, orthogonal_learning_rate: float | None = None):
        check_rates(parameters, learning_rate=learning_rate, weight_decay=weight_decay, momentum=momentum,
                    orthogonal_learning_rate=orthogonal_learning_rate)
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


def make_optimizer(config: TrainingConfig, parameters: Parameters, engine: EngineOrName = None
                   ) -> Optimizer:
    """The optimizer that `config` describes, for `parameters`."""
    check_kind("config", config, TrainingConfig, "a TrainingConfig")
    if config.optimizer == "sgd":
        return SGD(parameters, config.learning_rate, config.weight_decay, config.momentum, config.rate_of_orthogonal)
    return AdamW(parameters, config.learning_rate, config.weight_decay, config.beta1, config.beta2, config.eps,
                 config.rate_of_orthogonal, engine)


def sets_of_parameters(config: TrainingConfig) -> int:
    """How many values training holds for each parameter, at least: itself, its gradient, its best value so far, the
    optimizer's moments, and its average."""
    return 3 + (1 if config.optimizer == "sgd" else 2) + bool(config.ema_decay)
