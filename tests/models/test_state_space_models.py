"""S4D and Mamba: what they start from, what they see, what they cost, and that S4D is one function in two forms"""

import numpy as np
import pytest

from minicrt import accounting, ops
from minicrt.errors import ConfigurationError
from minicrt.models import create_model
from tests.test_flops import Counted

SIZES = {"vocabulary": 11, "width": 6, "segment_length": 5, "layers": 2, "states": 3}
MODELS = {"s4d": {"model": "s4d", "inner": 7}, "mamba": {"model": "mamba", "step_rank": 2}}


def made(name, **changes):
    model = create_model({**SIZES, **MODELS[name], **changes}, ops)
    rng = np.random.default_rng(1)
    parameters = model.initialize(rng, np.float64)
    parameters.flat += 0.1 * rng.standard_normal(parameters.size)
    return model, parameters, rng


def gradient_of(model, parameters, segments):
    """The losses of the segments, the gradient of their sum, and of the start that is handed in"""
    start = {name: np.full(shape, 0.1) for name, shape in model.state_shapes(2).items()}
    state, caches, losses, gradients = start, [], [], parameters.zeros_like()
    for tokens, targets in segments:
        loss, state, cache = model.forward(parameters, tokens, targets, state)
        losses.append(loss)
        caches.append(cache)
    d_state = {}
    for cache in reversed(caches):
        d_state = model.backward(1.0, d_state, cache, gradients)
    return np.concatenate([losses, gradients.flat, *(value.ravel() for value in (*state.values(), *d_state.values()))])


def test_the_two_forms_of_s4d_are_one_model():
    """Losses, states and gradients over three segments, to 1e-9"""
    model, parameters, rng = made("s4d")
    segments = [tuple(rng.integers(0, 11, (2, 2, length))) for length in (5, 5, 3)]
    by_steps = gradient_of(model, parameters, segments)
    by_transform = gradient_of(made("s4d", form="convolution")[0], parameters, segments)
    np.testing.assert_allclose(by_transform, by_steps, rtol=0, atol=1e-9 * np.abs(by_steps).max())


@pytest.mark.parametrize("name", MODELS)
def test_nothing_ahead_is_seen(name):
    model, parameters, rng = made(name)
    tokens = rng.integers(0, 11, (2, 5))
    other = tokens.copy()
    other[:, 3] = (tokens[:, 3] + 1) % 11
    first, second = (model.logits(parameters, each, {})[0] for each in (tokens, other))
    np.testing.assert_array_equal(first[:, :3], second[:, :3])
    assert (first[:, 3:] != second[:, 3:]).all(-1).all()


@pytest.mark.parametrize("name", MODELS)
def test_both_parts_of_a_state_are_read(name):
    """Each entry that is dropped changes what the next segment says from its first token on."""
    model, parameters, rng = made(name)
    tokens = rng.integers(0, 11, (2, 5))
    _, state = model.logits(parameters, tokens, {})
    whole, _ = model.logits(parameters, tokens, state)
    for entry in state:
        cut, _ = model.logits(parameters, tokens, {key: value for key, value in state.items() if key != entry})
        assert np.abs(cut[:, 0] - whole[:, 0]).max() > 1e-6, entry


def test_first_values():
    s4d = create_model({**SIZES, "model": "s4d", "width": 64}, ops).initialize(np.random.default_rng(0))
    np.testing.assert_allclose(s4d["layer.0.a_im"][5], np.pi * np.arange(3), rtol=1e-6)
    np.testing.assert_allclose(np.exp(s4d["layer.1.log_a"]), 0.5, rtol=1e-6)
    mamba = create_model({**SIZES, "model": "mamba", "width": 64}, ops).initialize(np.random.default_rng(0))
    np.testing.assert_allclose(np.exp(mamba["layer.1.a_log"][9]), [1, 2, 3], rtol=1e-6)
    for steps in (np.exp(s4d["layer.0.log_dt"]), np.log1p(np.exp(mamba["layer.0.b_dt"]))):
        assert 1e-3 < steps.min() < 3e-3 and 0.03 < steps.max() < 0.1 and 0.005 < np.median(steps) < 0.02


@pytest.mark.parametrize("name", MODELS)
def test_the_products_are_counted_and_the_rest_is_the_recurrence(name):
    """Of each layer and token by hand: 8 multiply-adds a complex state, 3 a real one, K a channel of the convolution"""
    model, parameters, _ = made(name)
    Counted.performed = 0
    _, state = model.logits(parameters.with_flat(parameters.flat.view(Counted)), np.zeros((1, 5), int), {})
    rest = {"s4d": 8 * 6 * 3, "mamba": 3 * 12 * 3 + 4 * 12}[name]
    assert accounting.segment_flops(model) == 2 * Counted.performed + 2 * 2 * 5 * rest
    assert sum(entry.size for entry in state.values()) == accounting.state_values(model)
    assert accounting.state_values(model) == 2 * {"s4d": 2 * 6 * 3, "mamba": 12 * (3 + 3)}[name]
    assert accounting.activation_bytes(model) > 4 * 5 * 6 * 4


@pytest.mark.parametrize(("settings", "words"), [
    ({"model": "s4d", "states": 0}, "states is 0"), ({"model": "s4d", "inner": -1}, "inner is -1"),
    ({"model": "mamba", "taps": 0}, "taps is 0"), ({"model": "mamba", "expand": 0}, "expand is 0"),
    ({"model": "mamba", "step_rank": -1}, "step_rank is -1"), ({"model": "mamba", "layers": 0}, "layers is 0")])
def test_settings_that_do_not_fit(settings, words):
    with pytest.raises(ConfigurationError, match=words):
        create_model(settings, vocabulary=5)
