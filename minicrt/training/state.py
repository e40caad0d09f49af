"""All of a run that changes as it trains: what a checkpoint holds, and what another machine needs to go on"""

from dataclasses import dataclass, field

import numpy as np

from minicrt.machine_memory import check_memory
from minicrt.models import Parameters, SegmentModel
from minicrt.models.base import State
from minicrt.training.configuration import TrainingConfig
from minicrt.training.optimizers import Optimizer, make_optimizer, sets_of_parameters
from minicrt.training.position import Position

Array = np.ndarray


@dataclass
class TrainingState:
    """parameters  the weights as they stand
    optimizer   with its moments
    average     their exponential average, flat; None without weight averaging
    best        the best weights on validation so far, flat; None before the first evaluation
    carried     what the model carries to the next window: its memory, its positions
    position    how far the run has come, and its sums
    """

    parameters: Parameters
    optimizer: Optimizer
    average: Array | None
    position: Position
    best: Array | None = None
    carried: State = field(default_factory=dict)

    @classmethod
    def fresh(cls, model: SegmentModel, config: TrainingConfig, total: int) -> "TrainingState":
        """That of a run of `total` steps before its first. Raises InputError where this machine cannot hold it."""
        size, dtype = model.size, np.dtype(config.precision)
        check_memory(sets_of_parameters(config) * size * dtype.itemsize,
                     f"training {size:,} parameters by {config.optimizer} in {dtype}", "make the model smaller")
        parameters = model.initialize(np.random.default_rng([config.seed, 0]), dtype)
        return cls(parameters, make_optimizer(config, parameters, model.engine),
                   parameters.flat.copy() if config.ema_decay else None, Position(total=total))

    @property
    def judged(self) -> Array:
        """The weights that an evaluation looks at, flat: the average where there is one"""
        return self.parameters.flat if self.average is None else self.average

    @property
    def kept(self) -> Array:
        """The weights that the run ends with, flat: the best; before the first evaluation, the present ones"""
        return self.parameters.flat if self.best is None else self.best
