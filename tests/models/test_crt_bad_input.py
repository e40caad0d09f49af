"""What a user may get wrong: one line that says what was got and what was expected."""

from typing import Any

import numpy as np
import pytest

from minicrt.configuration import from_mapping, to_mapping
from minicrt.errors import ConfigurationError, InputError
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from tests.models.configurations import CONFIGURATIONS, SMALL

TOKENS = np.array([[0, 1, 2], [3, 4, 6]])

BAD_CONFIGURATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "width and heads": ({"width": 6, "heads": 4}, "6 is not divisible by 4"),
    "width": ({"width": 0}, "width is 0"),
    "vocabulary": ({"vocabulary": 0}, "vocabulary is 0"),
    "layers": ({"layers": 0}, "layers is 0"),
    "heads": ({"heads": 0}, "heads is 0"),
    "inner": ({"inner": -1}, "inner is -1"),
    "segment_length": ({"segment_length": 0}, "segment_length is 0"),
    "memory_vectors": ({"memory_vectors": 0}, "memory_vectors is 0"),
    "position_width": ({"position_width": -1}, "position_width is -1"),
    "negatives": ({"memory": "ncgru", "negatives": 7}, "negatives is 7"),
    "dropout": ({"dropout": 1.0}, "dropout is 1.0"),
    "embedding_dropout": ({"embedding_dropout": -0.1}, "embedding_dropout is -0.1"),
    "readout of before": ({"readout": "residual"}, "'residual', expected one of 'memory', 'transformer'"),
    "m_0 of zeros": ({"memory_start": "zeros"}, "'memory_start' is no longer there: m_0 is always learned"),
    "memory_span": ({"memory_span": 0}, "memory_span is 0"),
    "update_bias": ({"update_bias": "chron"}, "a finite number, or one of 'chrono', 'log_uniform'; did you mean"),
    "update_bias, a truth value": ({"update_bias": True}, "update_bias is True, expected a finite number, or one of"),
    "a span too short": ({"update_bias": "chrono", "memory_span": 1, "segment_length": 1}, "at least 2, got 1"),
    "an LRU's gate": ({"memory": "lru", "update_bias": 1.0}, "has no gate; set it to 0, 'chrono' or 'log_uniform'"),
    "states that do not fit": ({"memory": "s4d"}, "8 numbers a channel, which do not divide width = 6; set"),
    "states of Mamba that do not fit": ({"memory": "mamba"}, "4 numbers a channel, which do not divide width = 6"),
    "no states": ({"memory": "mamba", "memory_states": 0}, "memory_states is 0, expected at least 1"),
    "choice": ({"memory": "lstm"}, "'lstm', expected one of 'gru', 'ncgru', 'mingru', 'lru', 's4d', 'mamba', 'none'"),
    "type": ({"width": "6"}, "width is '6', expected a whole number"),
    "unknown key": ({"wdith": 6}, "did you mean 'width'?"),
}

BAD_SEGMENTS: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "token too large": (np.array([[0, 7]]), np.array([[1, 1]]), {}, "token 7 is out of range"),
    "token negative": (np.array([[0, -1]]), np.array([[1, 1]]), {}, "token -1 is out of range"),
    "tokens that are floats": (TOKENS.astype(float), TOKENS, {}, "float64, expected integers"),
    "one row without a batch": (TOKENS[0], TOKENS[0], {}, "tokens have shape (3,)"),
    "no tokens": (TOKENS[:, :0], TOKENS[:, :0], {}, "tokens have shape (2, 0)"),
    "no rows": (TOKENS[:0], TOKENS[:0], {}, "tokens have shape (0, 3)"),
    "targets of another shape": (TOKENS, TOKENS[:, :2], {}, "targets have shape (2, 2)"),
    "target too large": (TOKENS, TOKENS + 1, {}, "7 is out of range"),
    "target under -1": (TOKENS, TOKENS - 2, {}, "-2 is out of range"),
    "targets that are floats": (TOKENS, TOKENS.astype(float), {}, "float64, expected integers"),
    "state that is a list": (TOKENS, TOKENS, {"positions": [[0.0] * 6] * 2}, "is a list, expected an array"),
    "unknown state entry": (TOKENS, TOKENS, {"memori": np.zeros((2, 1, 6))}, "entry 'memori'"),
    "state of another batch": (TOKENS, TOKENS, {"memory": np.zeros((3, 1, 6))}, "(3, 1, 6), expected (2, 1, 6)"),
    "state of another width": (TOKENS, TOKENS, {"positions": np.zeros((2, 5))}, "(2, 5), expected (2, 6)"),
    "state without vectors": (TOKENS, TOKENS, {"memory": np.zeros((2, 6))}, "(2, 6), expected (2, 1, 6)"),
    "the writer's entries in another model": (TOKENS, TOKENS, {"writer_start": np.zeros((2, 1, 6))}, "writer_start"),
}


def model_and_parameters(**changes):
    model = CRT(CRTConfig(**SMALL | changes))
    return model, model.initialize(np.random.default_rng(0))


def assert_one_line(error: pytest.ExceptionInfo, expected: str) -> None:
    message = str(error.value)
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize("label", BAD_CONFIGURATIONS)
def test_configuration(label):
    changes, expected = BAD_CONFIGURATIONS[label]
    with pytest.raises(ConfigurationError) as error:
        from_mapping(CRTConfig, SMALL | changes, "the model")
    assert_one_line(error, expected)


@pytest.mark.parametrize("label", CONFIGURATIONS)
def test_a_configuration_is_equal_after_a_round_trip(label):
    config = CRTConfig(**SMALL | CONFIGURATIONS[label])
    assert from_mapping(CRTConfig, to_mapping(config), "the model") == config


@pytest.mark.parametrize("label", BAD_SEGMENTS)
def test_segment(label):
    tokens, targets, state, expected = BAD_SEGMENTS[label]
    model, parameters = model_and_parameters()
    with pytest.raises(InputError) as error:
        model.forward(parameters, tokens, targets, state)
    assert_one_line(error, expected)


@pytest.mark.parametrize("label", [label for label in BAD_SEGMENTS if "target" not in label])
def test_segment_without_targets(label):
    tokens, _, state, expected = BAD_SEGMENTS[label]
    model, parameters = model_and_parameters()
    with pytest.raises(InputError) as error:
        model.logits(parameters, tokens, state)
    assert_one_line(error, expected)


def test_a_segment_longer_than_the_learned_positions():
    model, parameters = model_and_parameters(positions="learned")
    with pytest.raises(InputError) as error:
        model.logits(parameters, np.zeros((1, 4), int), {})
    assert_one_line(error, "a segment of 4 tokens")
    longer, parameters = model_and_parameters(positions="sinusoidal")
    assert longer.logits(parameters, np.zeros((1, 4), int), {})[0].shape == (1, 4, 7)


@pytest.mark.parametrize("changes, name", [({"memory": "none"}, "memory"), ({"position_carry": False}, "positions"),
                                           ({"positions": "learned"}, "positions")])
def test_state_that_the_configuration_does_not_have(changes, name):
    model, parameters = model_and_parameters(**changes)
    with pytest.raises(InputError) as error:
        model.forward(parameters, TOKENS, TOKENS, {name: np.zeros((2, 1, 6) if name == "memory" else (2, 6))})
    assert_one_line(error, name)


def test_a_backward_pass_after_an_evaluation():
    model, parameters = model_and_parameters()
    _, _, cache = model.forward(parameters, TOKENS, TOKENS, {}, with_gradient=False)
    with pytest.raises(InputError) as error:
        model.backward(1.0, {}, cache, parameters.zeros_like())
    assert_one_line(error, "with_gradient")
