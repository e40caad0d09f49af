"""Dynamic evaluation: the model goes on learning from the text it has just been scored on.

Source: Krause et al. 2017 (arXiv 1709.07432), the form with a global prior and RMS. Its figures are not comparable
with static ones, since the weights adapt to the test text: they are reported apart.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from minicrt.arguments import check_kind, check_whole
from minicrt.array_arguments import as_array
from minicrt.configuration import Configuration, require
from minicrt.data import TokenStream
from minicrt.errors import InputError, TrainingError
from minicrt.models import Parameters, SegmentModel, State
from minicrt.models.inputs import check_fit
from minicrt.training.evaluation import Evaluation
from minicrt.training.not_finite import origin
from minicrt.training.window import scored, window_gradients

Array = np.ndarray


@dataclass(frozen=True)
class DynamicConfig(Configuration):
    """learning_rate η, decay λ back to the trained weights, eps ε, as in the rule of `dynamic_evaluate`."""

    title: ClassVar[str] = "dynamic evaluation"

    learning_rate: float = 5e-5
    decay: float = 2e-3
    eps: float = 2e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("learning_rate", "decay", "eps"):
            value = getattr(self, name)
            require(value > 0, f"dynamic evaluation: {name} is {value}, expected a number above 0")


def gradient_sizes(model: SegmentModel, parameters: Parameters, stream: TokenStream, segments: int,
                   advance: Callable[[], None] | None = None) -> Array:
    """MS = √(mean g²) of every parameter over the first `segments` segments of the training text, without dropout."""
    check_fit(model, parameters)
    check_kind("stream", stream, TokenStream, "a TokenStream")
    check_whole("segments", segments, 1)
    gradients, squares, state = parameters.zeros_like(), np.zeros(parameters.size), State()
    number = min(segments, len(stream))
    for index in range(number):
        again = partial(window_gradients, parameters=parameters, gradients=gradients, segments=[stream.segment(index)],
                        state=state)
        try:
            _, state = again(model)
        except TrainingError as error:
            raise TrainingError(f"segment {index} of the training text: {error}"
                                f"{origin(model, parameters, state, again)}") from error
        squares += np.square(gradients.flat, dtype=np.float64)
        if advance is not None:
            advance()
    return np.sqrt(squares / number).astype(parameters.dtype)


def dynamic_evaluate(model: SegmentModel, parameters: Parameters, stream: TokenStream, sizes: Array,
                     config: DynamicConfig = DynamicConfig(), advance: Callable[[], None] | None = None) -> Evaluation:
    """Score each segment of `stream`, then take one step on it; `parameters` are not changed.

        θ ← θ + λ D ⊙ (θ_0 − θ) − η g / (MS + ε),   D = min(MS / mean(MS), 1/λ)

    `sizes` is MS, by `gradient_sizes`. Raises TrainingError if a loss is not finite, InputError for arguments that do
    not fit.
    """
    check_fit(model, parameters)
    check_kind("stream", stream, TokenStream, "a TokenStream")
    check_kind("config", config, DynamicConfig, "a DynamicConfig")
    sizes = as_array("sizes", sizes)
    if sizes.shape != parameters.flat.shape or sizes.dtype.kind != "f":
        raise InputError(f"sizes are {sizes.dtype} of shape {sizes.shape}, expected what gradient_sizes returns, of "
                         f"shape {parameters.flat.shape}")
    if not (np.isfinite(sizes).all() and sizes.any()):
        raise InputError("sizes are all 0, or not finite, expected what gradient_sizes returns")
    theta, gradients, state = parameters.copy(), parameters.zeros_like(), State()
    with np.errstate(over="ignore"):                         # a rate beyond all sense shows in the loss
        pull = np.minimum(config.decay * (sizes / sizes.mean()), 1)
        rate = config.learning_rate / (sizes + config.eps)
    nll, tokens = 0.0, 0
    for index in range(len(stream)):
        segment = stream.segment(index)
        again = partial(window_gradients, parameters=theta, gradients=gradients, segments=[segment], state=state)
        try:
            loss, state = again(model)
        except TrainingError as error:
            raise TrainingError(f"dynamic evaluation: segment {index} of {len(stream)}: {error}"
                                f"{origin(model, theta, state, again)}; try a smaller learning rate") from error
        nll += loss * scored([segment])
        tokens += scored([segment])
        with np.errstate(over="ignore", invalid="ignore"):
            theta.flat += pull * (parameters.flat - theta.flat) - rate * gradients.flat
        if advance is not None:
            advance()
    return Evaluation(nll, tokens, frozenset(state))
