"""What a model makes of readings: its predictions one by one, and what a loss of theirs comes to"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minicrt.data.sensors import Framing
from minicrt.models import Parameters, SensorModel

Array = np.ndarray


def measure(framing: Framing) -> str:
    return "perplexity" if framing.task == "classify" else "error"


def measured(loss: float, framing: Framing) -> float:
    """The perplexity of the classes, or the root mean squared error in the target's unit"""
    if framing.task == "classify":
        return math.exp(loss) if loss < 700 else math.inf
    return math.sqrt(loss) * framing.scale if math.isfinite(loss) else math.inf


def predictions(model: SensorModel, parameters: Parameters, inputs: Array, advance: Callable[[], None] | None = None
                ) -> Array:                                  # (N, C) -> (N, K)
    """The model's outputs behind each reading of one recording, read in one row with the state carried"""
    outputs, state, T = list[Array](), dict[str, Array](), model.config.segment_length
    for start in range(0, len(inputs), T):
        y, state = model.logits(parameters, inputs[None, start:start + T], state)
        outputs.append(y[0])
        if advance is not None:
            advance()
    return np.concatenate(outputs)


def accuracy(model: SensorModel, parameters: Parameters, stream: Any) -> float:
    """The share of known classes that have the highest score, the state carried"""
    right, scored, state = 0, 0, dict[str, Array]()
    for inputs, targets in stream:
        scores, state = model.logits(parameters, inputs, state)
        known = targets >= 0
        right += int(np.count_nonzero(scores.argmax(-1)[known] == targets[known]))
        scored += int(np.count_nonzero(known))
    return right / max(scored, 1)
