"""Whole models and whole trainings come out alike on either engine"""

import numpy as np
import pytest

from minicrt.models import create_model
from minicrt.training import AdamW, train_step, window_gradients
from tests.kernels.twins import kernels, ops
from tests.models.configurations import CONFIGURATIONS, SMALL


def window(seed, segments=3, batch=4, length=3):
    rng = np.random.default_rng(seed)
    return [tuple(rng.integers(0, SMALL["vocabulary"], (2, batch, length))) for _ in range(segments)]


def started(changes, engine, dtype):
    model = create_model(SMALL | changes, engine)
    parameters = model.initialize(np.random.default_rng(0), dtype)
    parameters.flat += 0.1 * np.random.default_rng(5).standard_normal(parameters.size).astype(dtype)
    return model, parameters


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-10), (np.float32, 1e-3)])
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_loss_state_and_gradients(name, dtype, tolerance):
    found = []
    for engine in (ops, kernels):
        model, parameters = started(CONFIGURATIONS[name] | {"dropout": 0.2}, engine, dtype)
        gradients = parameters.zeros_like()
        loss, state = window_gradients(model, parameters, gradients, window(1), {}, np.random.default_rng(3))
        found.append({"loss": loss, "gradients": gradients.flat, **state})
    for key, expected in found[0].items():
        error = np.abs(found[1][key] - expected).max()
        assert error <= tolerance * np.abs(expected).max(), key


def test_twenty_steps():
    flats = []
    for engine in (ops, kernels):
        model, parameters = started({"layers": 2}, engine, np.float64)
        gradients, optimizer, state = parameters.zeros_like(), AdamW(parameters, engine=engine), {}
        for step in range(20):
            _, state, _ = train_step(model, parameters, gradients, optimizer, window(step), state)
        flats.append(parameters.flat)
    np.testing.assert_allclose(flats[1], flats[0], rtol=0, atol=1e-8 * np.abs(flats[0]).max())
