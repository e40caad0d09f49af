"""A window of segments with a scalar objective over it, and its gradient by the model's backward passes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minicrt.gradcheck.configurations import small_segment
from minicrt.models import SensorModel
from minicrt.models.base import SegmentModel, State
from minicrt.models.parameters import Parameters

Array = np.ndarray


@dataclass(frozen=True)
class Window:
    """J = sum over segments of weight · loss + sum over entries of <d_state, final state>.

    `seed` starts the generator of the dropout masks, one generator for the whole window; None is no dropout.
    """

    tokens: list[Array]
    targets: list[Array]
    weights: list[float]
    state: State
    d_state: State
    seed: int | None = None

    def replace(self, **changes: Any) -> "Window":
        return replace(self, **changes)


def random_parameters(model: SegmentModel, rng: np.random.Generator, dtype: Any = np.float64) -> Parameters:
    """Initial parameters moved by noise, so that no bias is zero and no gain is one."""
    parameters = model.initialize(rng, np.float64)
    parameters.flat += 0.2 * rng.standard_normal(parameters.size)
    return parameters.astype(dtype)


def random_tokens(rng: np.random.Generator, vocabulary: int, batch: int, length: int) -> tuple[Array, Array]:
    """Tokens, and targets of which some are not scored (-1) but at least one is."""
    tokens, targets = rng.integers(0, vocabulary, (batch, length)), rng.integers(-1, vocabulary, (batch, length))
    targets.flat[rng.integers(targets.size)] = rng.integers(vocabulary)
    return tokens, targets


def random_state(model: SegmentModel, rng: np.random.Generator, batch: int, dtype: Any = np.float64) -> State:
    """Every entry that the model's state may have; what the writer read is as long as a segment, or one mean."""
    read = 1 if getattr(model.config, "memory_update", "") == "per_segment" else model.config.segment_length
    return {name: rng.standard_normal([read if n is None else n for n in shape]).astype(dtype)
            for name, shape in model.state_shapes(batch).items()}


def random_window(model: SegmentModel, rng: np.random.Generator, batch: int, lengths: Sequence[int],
                  carried: bool = True, dropout: bool = False, dtype: Any = np.float64) -> Window:
    pairs = [small_segment(model, rng, batch, length) if isinstance(model, SensorModel)
             else random_tokens(rng, model.config.vocabulary, batch, length) for length in lengths]
    state = random_state(model, rng, batch, dtype)
    read = {name: value for name, value in state.items() if name not in model.detached_entries}
    return Window([tokens for tokens, _ in pairs], [targets for _, targets in pairs],
                  [float(w) for w in rng.uniform(0.5, 1.5, len(lengths))], state if carried else {},
                  {name: rng.standard_normal(value.shape).astype(dtype) for name, value in read.items()},
                  int(rng.integers(2**32)) if dropout else None)


def held_constant(state: State) -> State:
    """The state, with the imaginary part taken off what the writer's gradient holds constant (docs/spec.md, 2.2)."""
    return {name: value.real.astype(value.dtype) if name.startswith("writer_") else value
            for name, value in state.items()}


def objective(model: SegmentModel, parameters: Parameters, window: Window) -> tuple[Any, State]:
    """J and the final state; complex parameters or a complex initial state make it a complex step."""
    state, total = window.state, 0.0
    rng = None if window.seed is None else np.random.default_rng(window.seed)
    for tokens, targets, weight in zip(window.tokens, window.targets, window.weights):
        loss, state, _ = model.forward(parameters, tokens, targets, held_constant(state), rng)
        total = total + weight * loss
    return total + sum((np.sum(d * state[name]) for name, d in window.d_state.items()), 0.0), state


def gradient(model: SegmentModel, parameters: Parameters, window: Window) -> tuple[Any, State, Parameters, State]:
    """J, the final state, and the gradients of J with respect to the parameters and the initial state."""
    caches, state, total = [], window.state, 0.0
    rng = None if window.seed is None else np.random.default_rng(window.seed)
    for tokens, targets, weight in zip(window.tokens, window.targets, window.weights):
        loss, state, cache = model.forward(parameters, tokens, targets, state, rng)
        caches.append(cache)
        total = total + weight * loss
    total += sum(float(np.sum(d * state[name])) for name, d in window.d_state.items())
    gradients, d_state = parameters.zeros_like(), window.d_state
    for cache, weight in zip(reversed(caches), reversed(window.weights)):
        d_state = model.backward(weight, d_state, cache, gradients)
    return total, state, gradients, d_state
