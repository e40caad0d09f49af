"""The CRT's gradients against the complex step, over windows of segments and configurations of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from minicrt.models.parameters import Parameters
from tests.models.configurations import CONFIGURATIONS, SMALL, configurations
from tests.models.windows import Window, gradient, objective, random_parameters, random_window

SEEDS = st.integers(0, 2**32 - 1)
STEP = 1e-30


def model_and_window(changes, seed, segments=3, **kind) -> tuple[CRT, Parameters, Window]:
    """A model, random parameters and a window whose last segment is short."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    length = model.config.segment_length
    lengths = [length] * (segments - 1) + [max(1, length - 1)]
    drops = model.config.dropout > 0 or model.config.embedding_dropout > 0
    return model, random_parameters(model, rng), random_window(model, rng, 2, lengths, dropout=drops, **kind)


def along_parameter(model, parameters, window, name, direction) -> float:
    """The derivative of the window's objective along a direction of one parameter, by the complex step."""
    moved = parameters.astype(np.complex128)
    moved[name] = parameters[name] + 1j * STEP * direction
    return objective(model, moved, window)[0].imag / STEP


def along_state(model, parameters, window, name, direction) -> float:
    """The derivative along a direction of one entry of the initial state, by the complex step."""
    moved = window.state | {name: window.state[name] + 1j * STEP * direction}
    return np.imag(objective(model, parameters.astype(np.complex128), window.replace(state=moved))[0]) / STEP


def check(model, parameters, window, rng, tolerance=1e-9):
    """Every parameter and every entry of the initial state, each along a random direction of its own."""
    total, final, gradients, d_state = gradient(model, parameters, window)
    plain, final_plain = objective(model, parameters, window)
    assert total == plain
    assert all(np.array_equal(final[name], final_plain[name]) for name in final | final_plain)
    wrong = {}
    for name in parameters:
        direction = rng.standard_normal(parameters[name].shape)
        expected = along_parameter(model, parameters, window, name, direction)
        found = np.sum(gradients[name] * direction)
        if not abs(found - expected) <= tolerance * abs(expected):
            wrong[name] = (found, expected)
    for name, start in window.state.items():
        direction = rng.standard_normal(start.shape)
        expected = along_state(model, parameters, window, name, direction)
        found = np.sum(d_state.get(name, 0.0) * direction)
        if not abs(found - expected) <= tolerance * abs(expected):
            wrong["initial " + name] = (found, expected)
    assert not wrong, f"{model.config}: {wrong}"


@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize("label", CONFIGURATIONS)
def test_complex_step(label, carried):
    """A window from a carried state and one from the start of a stream; the writer's constants are held constant."""
    seed = sum(label.encode())
    check(*model_and_window(SMALL | CONFIGURATIONS[label], seed, carried=carried), np.random.default_rng(seed + 1))


@settings(max_examples=25)                                   # beside the 80 of the list above
@given(changes=configurations(), seed=SEEDS, carried=st.booleans(), segments=st.integers(1, 3))
def test_complex_step_of_any_configuration(changes, seed, carried, segments):
    check(*model_and_window(changes, seed, segments, carried=carried), np.random.default_rng(seed))


@settings(max_examples=20)
@given(changes=configurations(memory_gradient="writer", memory=st.sampled_from(["gru", "ncgru"])), seed=SEEDS)
def test_writer_gradient_stops_at_what_the_writer_read(changes, seed):
    """Across a boundary only the memory network's own parameters get a gradient, and one segment back at most."""
    model, parameters, window = model_and_window(changes | {"positions": "none"}, seed, segments=3, carried=False)
    first_unscored = window.replace(weights=[0.0, 0.0, window.weights[-1]], d_state={})
    _, _, gradients, _ = gradient(model, parameters, first_unscored)
    state, rng = window.state, None if window.seed is None else np.random.default_rng(window.seed)
    for tokens, targets in zip(window.tokens[:2], window.targets[:2]):
        _, state, _ = model.forward(parameters, tokens, targets, state, rng)
    _, _, cache = model.forward(parameters, window.tokens[2], window.targets[2], state, rng)
    alone = parameters.zeros_like()
    assert model.backward(window.weights[-1], {}, cache, alone) == {}
    assert np.array_equal(gradients.flat, alone.flat)


@settings(max_examples=10)
@given(changes=configurations(dropout=0.0, embedding_dropout=0.0), seed=SEEDS)
def test_gradients_are_added(changes, seed):
    model, parameters, window = model_and_window(changes, seed, segments=1)
    _, _, once, _ = gradient(model, parameters, window)
    _, _, cache = model.forward(parameters, window.tokens[0], window.targets[0], window.state)
    sums = once.copy()
    model.backward(window.weights[0], window.d_state, cache, sums)
    for name in parameters:
        np.testing.assert_allclose(sums[name], 2 * once[name], rtol=0, atol=1e-14 * np.abs(once[name]).max())


@settings(max_examples=20)
@given(changes=configurations(memory=st.sampled_from(["gru", "ncgru"])), seed=SEEDS)
def test_learned_start_gets_a_gradient_at_the_start_of_a_stream_only(changes, seed):
    model, parameters, window = model_and_window(changes, seed, segments=1, carried=False)
    _, _, gradients, _ = gradient(model, parameters, window)
    assert gradients["memory.start"].any()
    _, _, gradients, _ = gradient(model, parameters, model_and_window(changes, seed, segments=1)[2])
    assert not gradients["memory.start"].any()


@settings(max_examples=60)
@given(changes=configurations(dropout=0.0, embedding_dropout=0.0), seed=SEEDS, segments=st.integers(1, 2))
def test_a_caution_says_untrained_exactly_where_the_writer_stays_untrained(changes, seed, segments):
    """The state comes from earlier segments and its gradient is dropped, as at the edge of a training window."""
    model, parameters, window = model_and_window(changes, seed, segments)
    _, _, gradients, _ = gradient(model, parameters, window.replace(d_state={}))
    writers = [name for name in parameters if name.startswith("memory.") and name.split(".")[1].isdecimal()]
    trained = any(gradients[name].any() for name in writers)
    caution = model.caution(segments) or ""
    assert ("untrained" in caution) == (bool(writers) and not trained), model.config
    assert "\n" not in caution


def test_cautions_for_readouts():
    model, parameters, window = model_and_window(SMALL | {"readout": "transformer"}, 1, segments=1)
    _, _, gradients, _ = gradient(model, parameters, window.replace(d_state={}))
    assert all(not gradients[name].any() for name in ("memory.0.w", "memory.0.u", "memory.0.b", "memory.0.b_hn"))
    assert "untrained" in str(model.caution(1))
    assert "it is luck" in str(model.caution(2)) and "set readout to 'memory'" in str(model.caution(2))
    writer = CRT(CRTConfig(**SMALL, readout="transformer", memory_gradient="writer")).caution(1)
    assert "it is luck" in str(writer) and "untrained" not in str(writer)
    assert "for text set memory_span to 1" in str(CRT(CRTConfig(**SMALL)).caution(1))
    assert CRT(CRTConfig(**SMALL, memory_span=1)).caution(1) is None
    behind = CRT(CRTConfig(**SMALL, readout="transformer", memory_position="last"))
    assert "nothing reads the memory" in str(behind.caution(2))
