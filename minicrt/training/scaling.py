"""What a step would take on several ranks: from the time of its parts, measured here, and the size of the gradient.

    t(n) = gradient(rows of a rank) + update + traffic(n) / bandwidth
    traffic(n) = 2 (n − 1)/n · bytes of the gradient, sent by each rank, and as much received

that is, an all-reduce around a ring. The time until a message starts to arrive is left out, and so is what ranks of one
machine take from each other: caches, memory bandwidth. Source of the ring: Patarasuk, Yuan 2009 (J. Parallel Distrib.
Comput. 69). Every rank does the whole update, which therefore does not get faster.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minicrt.arguments import check_number, check_whole
from minicrt.errors import ConfigurationError
from minicrt.models import SegmentModel
from minicrt.parallel import threads
from minicrt.training.clip import clip_factor
from minicrt.training.configuration import TrainingConfig
from minicrt.training.optimizers import make_optimizer
from minicrt.training.window import window_gradients

REPETITIONS, CLOCK = 3, time.perf_counter


class Scale(NamedTuple):
    """A step on `ranks` ranks, of which the busiest has `rows` rows of the batch; times in seconds.

    traffic   what each rank sends in a step, in bytes
    exchange  the time that takes
    """

    ranks: int
    rows: int
    gradient: float
    update: float
    traffic: float
    exchange: float

    @property
    def seconds(self) -> float:
        return self.gradient + self.update + self.exchange


def scales(model: SegmentModel, config: TrainingConfig, numbers: list[int], bandwidth: float
           ) -> tuple[list[Scale], list[Scale]]:
    """For each number of ranks a step in which they share the batch, and one in which each has a batch of its own.

    bandwidth  of each rank's connection, in bytes a second, in either direction
    Each rank has one thread. Takes some steps' time. Raises InputError for arguments that do not fit.
    """
    check_number("bandwidth", bandwidth, 0)
    if bandwidth == 0:
        raise ConfigurationError("bandwidth is 0, expected bytes a second above 0")
    times: dict[int, float] = {}
    shared, own = list[Scale](), list[Scale]()
    with threads.limit(1):
        update = update_seconds(model, config)
        for ranks in numbers:
            traffic = sent(check_whole("the number of ranks", ranks, 1), model.size, config.precision)
            for found, rows in ((shared, -(-config.batch // ranks)), (own, config.batch)):
                if rows not in times:
                    times[rows] = gradient_seconds(model, config, rows)
                found.append(Scale(ranks, rows, times[rows], update, traffic, traffic / bandwidth))
    return shared, own


def sent(ranks: int, size: int, precision: str) -> float:
    """The bytes that each rank sends in a step"""
    return 2 * (ranks - 1) / ranks * size * np.dtype(precision).itemsize


def gradient_seconds(model: SegmentModel, config: TrainingConfig, rows: int) -> float:
    """The time of a window of so many rows, forwards and backwards"""
    rng = np.random.default_rng(0)
    parameters = model.initialize(rng, config.precision)
    gradients, length = parameters.zeros_like(), model.config.segment_length
    tokens = rng.integers(0, model.config.vocabulary, (config.bptt_segments, 2, rows, length))
    segments = [(inputs, targets) for inputs, targets in tokens]
    return best_seconds(lambda: window_gradients(model, parameters, gradients, segments, {}, rng))


def update_seconds(model: SegmentModel, config: TrainingConfig) -> float:
    """The time of the norm and of the optimizer's step"""
    parameters = model.initialize(np.random.default_rng(0), config.precision)
    gradients = parameters.copy()
    optimizer = make_optimizer(config, parameters, model.engine)
    return best_seconds(lambda: optimizer.step(
        parameters, gradients, 1e-3, clip_factor(config.clip, model.engine.global_norm(gradients.flat))))


def best_seconds(action: Callable[[], object]) -> float:
    action()                                                 # kernels are compiled, memory is had
    times = []
    for _ in range(REPETITIONS):
        start = CLOCK()
        action()
        times.append(CLOCK() - start)
    return min(times)
