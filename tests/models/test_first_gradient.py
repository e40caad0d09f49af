"""The first segment of a text weighs in training as much as any other."""

import numpy as np
import pytest

from minicrt import ops
from minicrt.models import create_model
from minicrt.training.window import window_gradients

WINDOWS, B, T, V = 4, 8, 12, 50


def norms(seed, **settings):
    """‖gradient‖ of consecutive windows of two segments, from the first weights; the text begins with the first."""
    model = create_model(vocabulary=V, width=32, segment_length=T, **settings, engine=ops)
    rng = np.random.default_rng(seed)
    parameters, state, found = model.initialize(rng, np.float64), {}, []
    for _ in range(WINDOWS):
        window = [tuple(rng.integers(0, V, (2, B, T))) for _ in range(2)]
        gradients = parameters.zeros_like()
        _, state = window_gradients(model, parameters, gradients, window, state)
        found.append(ops.global_norm(gradients.flat))
    return found


@pytest.mark.parametrize("memory", ["gru", "ncgru", "mingru", "lru", "s4d", "mamba"])
@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("readout", ["memory", "transformer"])
def test_the_gradient_of_the_window_that_begins_a_text_is_of_the_size_of_later_ones(memory, layers, readout):
    """A memory row of zeros would be divided by the deviation √eps in the first norm, and by it again in each layer."""
    for seed in range(3):
        first, *later = norms(seed, memory=memory, layers=layers, readout=readout)
        assert 1 / 3 < first / np.median(later) < 3
