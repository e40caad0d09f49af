"""Dynamic evaluation: scored before it is learned from, by the published rule; the weights stay as they are."""

import numpy as np
import pytest

from minicrt.data import TokenStream
from minicrt.errors import ConfigurationError, TrainingError
from minicrt.models import create_model
from minicrt.training import DynamicConfig, dynamic_evaluate, evaluate, gradient_sizes, window_gradients


@pytest.fixture
def trained():
    model = create_model({"vocabulary": 7, "width": 8, "layers": 1, "heads": 2, "inner": 8, "segment_length": 5})
    return model, model.initialize(np.random.default_rng(0), np.float64)


def stream(tokens, batch=1):
    return TokenStream(np.asarray(tokens), batch, 5)


def test_a_text_that_repeats_itself_is_learned(trained):
    model, parameters = trained
    text = stream(np.tile([1, 2, 3, 5, 6, 4], 60))
    sizes = gradient_sizes(model, parameters, stream(np.random.default_rng(1).integers(0, 7, 200), 2), 10)
    before = parameters.flat.copy()
    adapted = dynamic_evaluate(model, parameters, text, sizes, DynamicConfig(learning_rate=3e-3))
    static = evaluate(model, parameters, text)
    assert np.array_equal(parameters.flat, before)
    assert adapted.tokens == static.tokens == 359
    assert adapted.perplexity < 0.8 * static.perplexity      # 0.29 to 0.43 for twelve seeds


def test_the_first_segment_is_scored_before_it_is_learned_from(trained):
    model, parameters = trained
    text = stream([1, 2, 3, 4, 5, 6])
    sizes = np.ones(parameters.size)
    assert dynamic_evaluate(model, parameters, text, sizes, DynamicConfig(learning_rate=10.0)).nll == pytest.approx(
        evaluate(model, parameters, text).nll, rel=1e-12)


def test_the_rule(trained):
    """Two segments by hand: the second is scored with θ_0 − η g / (MS + ε), nothing being pulled back yet."""
    model, parameters = trained
    text = stream(np.random.default_rng(2).integers(0, 7, 11))
    sizes = np.random.default_rng(3).uniform(0.1, 1, parameters.size)
    gradients = parameters.zeros_like()
    first, state = window_gradients(model, parameters, gradients, [text.segment(0)], {})
    moved = parameters.with_flat(parameters.flat - 0.01 * gradients.flat / (sizes + 2e-5))
    second, _ = window_gradients(model, moved, parameters.zeros_like(), [text.segment(1)], state)
    found = dynamic_evaluate(model, parameters, text, sizes, DynamicConfig(learning_rate=0.01))
    assert found.nll == pytest.approx(5 * first + 5 * second, rel=1e-12)


def test_sizes_are_root_mean_squares(trained):
    model, parameters = trained
    text, gradients, state, squares = stream(np.arange(11) % 7), parameters.zeros_like(), {}, 0.0
    for index in (0, 1):
        _, state = window_gradients(model, parameters, gradients, [text.segment(index)], state)
        squares = squares + gradients.flat**2
    np.testing.assert_allclose(gradient_sizes(model, parameters, text, 99), np.sqrt(squares / 2), rtol=1e-12)


@pytest.mark.parametrize("key", ["learning_rate", "decay", "eps"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_rate_that_makes_no_sense_is_refused(key, value):
    with pytest.raises(ConfigurationError, match=key):
        DynamicConfig(**{key: value})


def test_a_rate_that_is_too_large_ends_in_a_line_that_says_so(trained):
    model, parameters = trained
    text = stream(np.random.default_rng(2).integers(0, 7, 60))
    with pytest.raises(TrainingError, match="segment [0-9]+ of 12: the loss is .*smaller learning rate"):
        dynamic_evaluate(model, parameters, text, np.full(parameters.size, 1e-3), DynamicConfig(learning_rate=1e300))
