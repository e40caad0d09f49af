"""A training step allocates nothing large after the first."""

import tracemalloc

import numpy as np

from minicrt.models import create_model
from minicrt.training import AdamW, train_step
from tests.kernels.twins import kernels

SMALL_THINGS = 2 << 20                                       # bytes; the step takes over 50 MiB on one thread


def test_steps_after_the_first():
    model = create_model({"width": 96, "layers": 3, "segment_length": 40, "vocabulary": 4000, "dropout": 0.1}, kernels)
    parameters = model.initialize(np.random.default_rng(0))
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, engine=kernels)
    segments = [tuple(np.random.default_rng(1).integers(0, 4000, (2, 16, 40))) for _ in range(2)]
    state, peaks = {}, []
    tracemalloc.start()
    try:
        for step in range(5):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            _, state, _ = train_step(model, parameters, gradients, optimizer, segments, state,
                                     np.random.default_rng(step))
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    assert peaks[0] > 50 << 20
    assert max(peaks[2:]) < SMALL_THINGS
