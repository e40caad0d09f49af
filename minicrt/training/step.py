"""One training step: a window of segments forwards, the same window backwards, one update.

A loop over any windows, of a corpus or of a synthetic task, is

    optimizer, gradients, state = AdamW(parameters), parameters.zeros_like(), {}
    for segments in windows:                                # each a list of (tokens (B,T), targets (B,T))
        loss, state, norm = train_step(model, parameters, gradients, optimizer, segments, state)
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minicrt.arguments import check_has, check_number, check_truth
from minicrt.errors import TrainingError
from minicrt.models import inputs
from minicrt.models.base import SegmentModel, State
from minicrt.models.parameters import Parameters
from minicrt.parallel.ranks import ALONE, Ranks
from minicrt.training.clip import clip_factor
from minicrt.training.not_finite import first_not_finite
from minicrt.training.optimizers import Optimizer
from minicrt.training.origin_in_rows import origin_in_rows
from minicrt.training.window import Segment, window_gradients


class Step(NamedTuple):
    loss: float
    state: State
    norm: float


@np.errstate(over="ignore", invalid="ignore", divide="ignore")               # what they warn of is looked for here
def train_step(model: SegmentModel, parameters: Parameters, gradients: Parameters, optimizer: Optimizer,
               segments: Sequence[Segment], state: State, rng: np.random.Generator | None = None,
               clip: float = 1.0, rate: float = 1.0, ranks: Ranks = ALONE, recompute: bool = False) -> Step:
    """Update `parameters` by the gradient of one window.

    segments   the window: (tokens (B,T), targets (B,T)) each; as many as gradients are to cross
    state      what the window before left, or {} at the start of a stream
    rng        for dropout; None: no dropout
    clip       the largest global norm of the gradient; 0: no clipping
    rate       multiplies the optimizer's learning rates (a schedule's factor)
    ranks      the processes that share the rows of the window, as minicrt.parallel.ranks.started() finds them; each
               takes this step, with the same segments, and holds the state of its own rows
    recompute  True: one segment of the window is kept, the others are computed again on the way back, to the same bits

    Returns (loss, state, norm): the mean negative log-likelihood of the window's tokens, the state to hand to the next
    window, and the norm of the gradient before clipping.
    Raises TrainingError, before anything is changed, if the loss or a gradient is not finite; it names the
    first parameter, entry of the state, activation or gradient that is not. Raises InputError for arguments that do
    not fit, as a `clip` or a `rate` that is no number of 0 or more.
    """
    inputs.check_fit(model, parameters)
    inputs.check_trainable(parameters)
    inputs.check_generator(rng)
    check_has("optimizer", optimizer, ("step", "count"), "an optimizer, as AdamW(parameters)")
    check_number("clip", clip, 0)
    check_number("rate", rate, 0)
    check_truth("recompute", recompute)
    drawn = {} if rng is None else rng.bit_generator.state
    try:
        loss, new_state = window_gradients(model, parameters, gradients, segments, state, rng, ranks, recompute)
        norm = model.engine.global_norm(gradients.flat)
        if not np.isfinite(norm):
            name = first_not_finite(gradients)
            raise TrainingError(f"the gradient of {name} is not finite" if name else f"the gradient's norm is {norm}")
    except TrainingError as error:
        if rng is not None:
            rng.bit_generator.state = drawn
        where = origin_in_rows(model, parameters, segments, state, ranks, lambda watched, rows, before:
                               window_gradients(watched, parameters, gradients, rows, before, rng))
        raise TrainingError(f"step {optimizer.count + 1}: {error}{where}; "
                            "try a smaller learning_rate or clip") from error
    optimizer.step(parameters, gradients, rate, clip_factor(clip, norm))
    return Step(loss, new_state, norm)
