"""How many steps a run takes; for a budget in minutes, planned once from the speed of the first steps."""

import math
import statistics
import time

from minicrt.data import TokenStream
from minicrt.errors import ConfigurationError
from minicrt.models.base import SegmentModel, State
from minicrt.models.parameters import Parameters
from minicrt.training.configuration import MOST_STEPS, TrainingConfig
from minicrt.training.position import Position
from minicrt.training.schedules import LONGEST

SHARE = 0.05                    # of the budget that measuring may take
MARGIN = 0.98                   # of the time left that is planned for


def total_steps(config: TrainingConfig, windows: int) -> int:
    """The steps that `epochs` or `steps` asks for, an epoch having `windows` of them; 0 for a budget in minutes.

    Raises ConfigurationError if these are more than MOST_STEPS.
    """
    total = config.steps or math.ceil(config.epochs * windows)
    if total > MOST_STEPS:
        raise ConfigurationError(f"training: epochs is {config.epochs:g}, here {total:,} steps, expected at most "
                                 f"{MOST_STEPS:,} steps; ask for fewer")
    return total


def steps_within(minutes: float, position: Position, seconds: float) -> int:
    """The total number of steps with which a run that has finished at `position`, after `seconds` with its summary,
    lasts about so many minutes in all, at the speed that it had."""
    left = 60 * minutes - seconds - (seconds - position.seconds)         # the second summary costs what the first did
    return position.step + max(0, int(MARGIN * left * position.step / max(position.seconds, 1e-9)))


def segment_seconds(model: SegmentModel, parameters: Parameters, stream: TokenStream) -> float:
    """The time of one segment of an evaluation, the second of two"""
    carried: State = {}
    for index in range(min(2, len(stream))):
        start = time.perf_counter()
        tokens, targets = stream.segment(index)
        _, carried, _ = model.forward(parameters, tokens, targets, carried, with_gradient=False)
    return time.perf_counter() - start


class Calibration:
    """The time a step takes, measured over the first steps of a run.

    They fall inside the warm-up, where the learning rate does not depend on the number of steps to come: so the run
    is the one that `steps` = the planned number would have been from the start.
    """

    def __init__(self, minutes: float, warmup_steps: int):
        self._budget = 60 * minutes
        self._longest = min(LONGEST, warmup_steps)
        self._times: list[float] = []

    def add(self, seconds: float) -> None:
        self._times.append(seconds)

    def can_plan(self) -> bool:
        return len(self._times) >= 2            # the first step pays for memory that later ones reuse

    def done(self) -> bool:
        """Long enough: by steps, or by its share of the budget."""
        long = len(self._times) >= self._longest or sum(self._times) > SHARE * self._budget
        return long and self.can_plan()

    def due(self, stopping: bool) -> bool:
        """Whether to plan now: the run may be about to stop, and is then to know how long it would have been."""
        return self.done() or stopping and self.can_plan()

    def plan(self, seconds_spent: float, seconds_reserved: float, overhead: float) -> int:
        """The total number of steps.

        seconds_spent     since the run started
        seconds_reserved  for all evaluations to come and their checkpoints
        overhead          of the checkpoints that are written by the clock, as a share of the training time
        """
        left = MARGIN * (self._budget - seconds_spent - seconds_reserved)
        a_step = statistics.median(self._times[1:]) * (1 + overhead)
        return len(self._times) + max(0, int(left / a_step))
