"""What may depend on what: no logit on a later token, no batch row on another."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from tests.models.configurations import configurations
from tests.models.windows import gradient, random_parameters, random_state, random_window

SEEDS = st.integers(0, 2**32 - 1)


def stream(model, parameters, tokens, state):
    """The logits of every segment, the state carried, and the last state."""
    logits = []
    for segment in tokens:
        scores, state = model.logits(parameters, segment, state)
        logits.append(scores)
    return logits, state


def state_is_read(config) -> bool:
    """Whether a segment's logits depend on the state that came before it."""
    memory = config.memory != "none" and (config.memory_position == "first" or config.readout != "transformer")
    return memory or (config.positions == "recurrent" and config.position_carry)


@settings(max_examples=60)
@given(changes=configurations(), seed=SEEDS, data=st.data())
def test_a_token_changes_nothing_before_it(changes, seed, data):
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters, length = random_parameters(model, rng), model.config.segment_length
    window = random_window(model, rng, 2, [length, length, max(1, length - 1)])
    where = data.draw(st.integers(0, 2))
    at = data.draw(st.integers(0, window.tokens[where].shape[1] - 1))
    changed = [tokens.copy() for tokens in window.tokens]
    changed[where][0, at] = (changed[where][0, at] + 1) % model.config.vocabulary
    before, _ = stream(model, parameters, window.tokens, window.state)
    after, _ = stream(model, parameters, changed, window.state)
    for segment in range(where):
        assert np.array_equal(before[segment], after[segment])
    assert np.array_equal(before[where][0, :at], after[where][0, :at])
    assert not np.array_equal(before[where][0, at], after[where][0, at])
    for segment in range(where + 1, 3):
        assert np.array_equal(before[segment][0], after[segment][0]) != state_is_read(model.config)
    for one, other in zip(before, after):
        assert np.array_equal(one[1], other[1])                       # the other row of the batch


@settings(max_examples=40)
@given(changes=configurations(dropout=0.0, embedding_dropout=0.0), seed=SEEDS)
def test_batch_rows_do_not_touch_each_other(changes, seed):
    """Others in the batch change neither a row's logits nor its state, and its loss has no gradient in theirs."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters, length = random_parameters(model, rng), model.config.segment_length
    window = random_window(model, rng, 3, [length, length])
    others = random_window(model, rng, 3, [length, length])
    mixed_tokens = [np.concatenate([a[:1], b[1:]]) for a, b in zip(window.tokens, others.tokens)]
    mixed_state = {name: np.concatenate([a[:1], others.state[name][1:]]) for name, a in window.state.items()}
    logits, state = stream(model, parameters, window.tokens, window.state)
    logits_mixed, state_mixed = stream(model, parameters, mixed_tokens, mixed_state)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(logits, logits_mixed))
    assert all(np.array_equal(state[name][0], state_mixed[name][0]) for name in state)

    for targets in window.targets:
        targets[:, 0] = np.maximum(targets[:, 0], 0)
        targets[1:] = -1
    for d in window.d_state.values():
        d[1:] = 0
    _, _, _, d_state = gradient(model, parameters, window)
    assert all(not d[1:].any() for d in d_state.values())
    assert all(d[0].any() for d in d_state.values())


@settings(max_examples=20)
@given(changes=configurations(), seed=SEEDS)
def test_a_row_alone_equals_the_row_in_a_batch(changes, seed):
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters, state = random_parameters(model, rng), random_state(model, rng, 3)
    tokens = rng.integers(0, model.config.vocabulary, (3, model.config.segment_length))
    logits, after = model.logits(parameters, tokens, state)
    for b in range(3):
        alone, after_alone = model.logits(parameters, tokens[b:b + 1], {k: v[b:b + 1] for k, v in state.items()})
        np.testing.assert_allclose(alone[0], logits[b], rtol=1e-11, atol=1e-13)
        for name in after:
            np.testing.assert_allclose(after_alone[name][0], after[name][b], rtol=1e-11, atol=1e-13)
