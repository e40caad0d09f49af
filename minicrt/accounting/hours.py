"""How long a run would take here: its operations by count, the machine's speed by the clock"""

import time
from typing import Any, NamedTuple

import numpy as np

from minicrt.accounting.flops import training_flops
from minicrt.engines import EngineOrName
from minicrt.models import SegmentModel, create_model, model_mapping
from minicrt.training.configuration import TrainingConfig
from minicrt.training.optimizers import make_optimizer
from minicrt.training.step import train_step

LAYERS, ROWS, TYPES = 2, 4, 10_000                           # of the model that is timed, at most
STEPS = 3


def run_again(training: TrainingConfig) -> float:
    """The share of the forward passes that `recompute` runs a second time: all of a window but the last"""
    return (training.bptt_segments - 1) / training.bptt_segments if training.recompute else 0.0


class Speed(NamedTuple):
    """Operations of training a second, and the model that was timed, in words"""

    flops: float
    timed: str


def training_tokens(training: TrainingConfig, segment_length: int, epoch: int) -> float:
    """The tokens that a run reads, an epoch having so many; 0 for a budget in minutes, which says no tokens"""
    if training.steps:
        return training.steps * training.batch * training.bptt_segments * segment_length
    return training.epochs * epoch


def training_speed(model: SegmentModel, training: TrainingConfig, engine: EngineOrName = None) -> Speed:
    """The speed of training steps of `model`, cut down to two layers, four rows and 10,000 types where it has more.

    A step is a window of one segment forwards and backwards and an update; the fastest of three counts, after one more
    that compiles what is missing. The operations are counted as in `training_flops`.
    """
    config: dict[str, Any] = model_mapping(model)
    for key, most in (("layers", LAYERS), ("vocabulary", TYPES)):
        config[key] = min(config[key], most)
    small, rows = create_model(config, engine), min(training.batch, ROWS)
    rng = np.random.default_rng(0)
    parameters = small.initialize(rng, np.dtype(training.precision))
    optimizer, gradients = make_optimizer(training, parameters, small.engine), parameters.zeros_like()
    text = rng.integers(0, config["vocabulary"], (rows, small.config.segment_length + 1), np.int32)
    seconds = []
    for _ in range(STEPS + 1):
        start = time.perf_counter()
        train_step(small, parameters, gradients, optimizer, [(text[:, :-1], text[:, 1:])], {}, rng, training.clip)
        seconds.append(time.perf_counter() - start)
    timed = f"{config['layers']} layers, {rows} rows of {small.config.segment_length}, {config['vocabulary']:,} types"
    return Speed(rows * training_flops(small) / min(seconds[1:]), timed)
