"""The same seed gives the same bits, in every precision; and nothing that is handed in is written to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from tests.models.configurations import SMALL, configurations
from tests.models.windows import gradient, random_parameters, random_window

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=20)
@given(changes=configurations(), seed=SEEDS, dtype=st.sampled_from([np.float32, np.float64]))
def test_same_seed_same_bits(changes, seed, dtype):
    def once():
        model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
        parameters = random_parameters(model, rng, dtype)
        window = random_window(model, rng, 2, [model.config.segment_length] * 2, dropout=True, dtype=dtype)
        total, state, gradients, d_state = gradient(model, parameters, window)
        return [np.asarray(total), gradients.flat, *state.values(), *d_state.values()]

    assert all(np.array_equal(a, b) for a, b in zip(once(), once(), strict=True))


@settings(max_examples=20)
@given(changes=configurations(), seed=SEEDS, dtype=st.sampled_from([np.float32, np.complex128]))
def test_the_dtype_of_the_parameters_is_kept(changes, seed, dtype):
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters = random_parameters(model, rng, dtype)
    window = random_window(model, rng, 2, [model.config.segment_length] * 2, dropout=True, dtype=dtype)
    if dtype is np.complex128:
        loss, state, _ = model.forward(parameters, window.tokens[0], window.targets[0], window.state)
        arrays = [loss, model.logits(parameters, window.tokens[0], {})[0], *state.values()]
    else:
        total, state, gradients, d_state = gradient(model, parameters, window)
        arrays = [total, gradients.flat, *state.values(), *d_state.values()]
        arrays.append(model.logits(parameters, window.tokens[0], window.state)[0])
    assert {np.asarray(array).dtype for array in arrays} == {np.dtype(dtype)}


@settings(max_examples=20)
@given(changes=configurations(), seed=SEEDS)
def test_nothing_handed_in_is_written_to(changes, seed):
    """Arrays that refuse to be written: tokens, targets, parameters, state, and the state's gradient."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters = random_parameters(model, rng)
    window = random_window(model, rng, 2, [model.config.segment_length] * 2, dropout=True)
    frozen = [parameters.flat, *(parameters[name] for name in parameters),
              *window.tokens, *window.targets, *window.state.values(), *window.d_state.values()]
    for array in frozen:
        array.flags.writeable = False
    state, caches = window.state, []
    for tokens, targets in zip(window.tokens, window.targets):
        _, state, cache = model.forward(parameters, tokens, targets, state, rng)
        caches.append(cache)
        for array in state.values():
            array.flags.writeable = False
    gradients, d_state = parameters.zeros_like(), window.d_state
    for cache in reversed(caches):
        d_state = model.backward(1.0, d_state, cache, gradients)
        for array in d_state.values():
            array.flags.writeable = False
    assert gradients.flat.any()


def test_dropout_is_off_without_a_generator_and_differs_between_seeds():
    changes = SMALL | {"dropout": 0.4, "embedding_dropout": 0.2}
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(1)
    parameters = random_parameters(model, rng)
    window = random_window(model, rng, 2, [3])
    undropped, _, _ = CRT(CRTConfig(**SMALL)).forward(parameters, window.tokens[0], window.targets[0], {})
    losses = [model.forward(parameters, window.tokens[0], window.targets[0], {},
                            None if seed is None else np.random.default_rng(seed))[0] for seed in (None, 0, 0, 1)]
    assert losses[0] == undropped
    assert losses[1] == losses[2]
    assert len(set(losses)) == 3


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_initial_values_do_not_depend_on_the_precision_or_the_dropout(rate):
    single = CRT(CRTConfig(**SMALL | {"dropout": rate})).initialize(np.random.default_rng(2), np.float32)
    double = CRT(CRTConfig(**SMALL)).initialize(np.random.default_rng(2), np.float64)
    assert np.array_equal(single.flat, double.flat.astype(np.float32))
