"""What an epoch of a training text reads, and where the state is not carried on"""

import numpy as np

from minicrt.data import TokenStream
from minicrt.training.configuration import TrainingConfig


def epoch_stream(tokens: np.ndarray, config: TrainingConfig, segment_length: int, epoch: int) -> TokenStream:
    """The training part in rows and segments. With `random_start` the text is a circle, cut open at a token drawn for
    the epoch, so that rows and segments never fall as before: there is then a prediction from the last token to the
    first, and none across the cut."""
    first = 0
    if config.random_start:
        first = int(np.random.default_rng([config.seed, 2, epoch]).integers(len(tokens)))
    return TokenStream(tokens, config.batch, segment_length, "the training part", first=first)


def restarts(config: TrainingConfig, step: int) -> bool:
    """Whether a step is drawn to begin with no state, as a text does: m_0 gets a gradient in such steps alone"""
    return bool(np.random.default_rng([config.seed, 3, step]).random() < config.restart_rate)
