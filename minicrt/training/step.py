"""One training step: a window of segments forwards, the same window backwards, one update.

A loop over any windows, of a corpus or of a synthetic task, is

    optimizer, gradients, state = AdamW(parameters), parameters.zeros_like(), {}
    for segments in windows:                                # each a list of (tokens (B,T), targets (B,T))
        loss, state, norm = train_step(model, parameters, gradients, optimizer, segments, state)
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minicrt.errors import TrainingError
from minicrt.models.parameters import Parameters
from minicrt.models.segment_model import SegmentModel, State
from minicrt.training.clip import clip_factor
from minicrt.training.optimizers import Optimizer
from minicrt.training.window import Segment, window_gradients


class Step(NamedTuple):
    loss: float
    state: State
    norm: float


def train_step(model: SegmentModel, parameters: Parameters, gradients: Parameters, optimizer: Optimizer,
               segments: Sequence[Segment], state: State, rng: np.random.Generator | None = None,
               clip: float = 1.0, rate: float = 1.0) -> Step:
    """Update `parameters` by the gradient of one window.

    segments   the window: (tokens (B,T), targets (B,T)) each; as many as gradients are to cross
    state      what the window before left, or {} at the start of a stream
    rng        for dropout; None: no dropout
    clip       the largest global norm of the gradient; 0: no clipping
    rate       multiplies the optimizer's learning rates (a schedule's factor)

    Returns (loss, state, norm): the mean negative log-likelihood of the window's tokens, the state to hand to the next
    window, and the norm of the gradient before clipping.
    Raises TrainingError, before anything is changed, if the loss or a gradient is not finite; it names the tensor.
    """
    try:
        loss, state = window_gradients(model, parameters, gradients, segments, state, rng)
        norm = model.engine.global_norm(gradients.flat)
        if not np.isfinite(norm):
            raise TrainingError(f"the gradient of {first_not_finite(gradients)} is not finite")
    except TrainingError as error:
        raise TrainingError(f"step {optimizer.count + 1}: {error}; try a smaller learning_rate or clip") from error
    optimizer.step(parameters, gradients, rate, clip_factor(clip, norm))
    return Step(loss, state, norm)


def first_not_finite(values: Parameters) -> str | None:
    """The name of the first parameter, in the table's order, with a value that is not finite."""
    bad = np.flatnonzero(~np.isfinite(values.flat))
    return values.name_at(int(bad[0])) if bad.size else None
