"""What every model has to hold besides its gradient: causality, rows apart, streaming, engines, refusals."""

import numpy as np
import pytest

from minicrt import engines, ops
from minicrt.errors import ConfigurationError, InputError
from minicrt.gradcheck.configurations import CONFIGURATIONS, small_model
from minicrt.models import create_model, model_mapping
from tests.models.windows import gradient, random_parameters, random_window

COMPARATORS = {name: changes for name, changes in CONFIGURATIONS.items()
               if "model" in changes and "task" not in changes}
CARRIED = [name for name in COMPARATORS if small_model(COMPARATORS[name]).state_shapes(1)]
RECURRENT = ("GRU", "LSTM", "minGRU", "LRU")


def prepared(name):
    model, rng = small_model(COMPARATORS[name]), np.random.default_rng(sum(name.encode()))
    return model, random_parameters(model, rng), rng


@pytest.mark.parametrize("name", COMPARATORS)
def test_no_token_sees_a_later_one(name):
    model, parameters, rng = prepared(name)
    first, other = rng.integers(0, 9, (2, 2, 4))
    other[:, :2] = first[:, :2]
    scores, _ = model.logits(parameters, first, {})
    changed, _ = model.logits(parameters, other, {})
    np.testing.assert_allclose(changed[:, :2], scores[:, :2], rtol=1e-12)
    assert not np.allclose(changed[:, 2:], scores[:, 2:])


@pytest.mark.parametrize("name", COMPARATORS)
def test_rows_do_not_touch_each_other(name):
    model, parameters, rng = prepared(name)
    tokens, state, parts = rng.integers(0, 9, (3, 2, 4)), {}, [{}, {}]
    for segment in tokens:
        scores, state = model.logits(parameters, segment, state)
        for row in (0, 1):
            alone, parts[row] = model.logits(parameters, segment[row:row + 1], parts[row])
            np.testing.assert_allclose(alone[0], scores[row], rtol=1e-11)


@pytest.mark.parametrize("name", CARRIED)
def test_the_state_tells_of_the_segment_before(name):
    model, parameters, rng = prepared(name)
    before, tokens = rng.integers(0, 9, (2, 2, 4))
    _, state = model.logits(parameters, before, {})
    assert set(state) == set(model.state_shapes(2)) == set(model.memory_entries)
    assert not np.allclose(model.logits(parameters, tokens, state)[0], model.logits(parameters, tokens, {})[0])


@pytest.mark.parametrize("name", RECURRENT)
def test_one_segment_is_many_tokens(name):
    model, parameters, rng = prepared(name)
    tokens, state, scores = rng.integers(0, 9, (2, 4)), {}, []
    whole, last = model.logits(parameters, tokens, {})
    for t in range(4):
        score, state = model.logits(parameters, tokens[:, t:t + 1], state)
        scores.append(score)
    np.testing.assert_allclose(np.concatenate(scores, axis=1), whole, rtol=1e-11)
    assert all(np.allclose(state[entry], last[entry]) for entry in last)


def test_a_long_cache_sees_what_one_long_segment_sees():
    """One layer of Transformer-XL: the cached inputs are those that a longer segment would have had."""
    model, parameters, rng = prepared("Transformer-XL")
    single = create_model(model_mapping(model) | {"layers": 1, "cache_length": 12, "segment_length": 12}, ops)
    parameters = random_parameters(single, rng)
    tokens, state, scores = rng.integers(0, 9, (2, 12)), {}, []
    for start in (0, 4, 8):
        score, state = single.logits(parameters, tokens[:, start:start + 4], state)
        scores.append(score)
    whole, _ = single.logits(parameters, tokens, {})
    np.testing.assert_allclose(np.concatenate(scores, axis=1), whole, rtol=1e-11)


def test_same_length_lets_every_query_see_as_many_keys():
    model, parameters, _ = prepared("Transformer-XL, same length, clamped, biases a layer")
    assert model.mask(4, 5).sum(1).tolist() == [5, 5, 5, 5]
    assert model.mask(4, 1).sum(1).tolist() == [2, 3, 4, 5]


def test_the_cache_takes_no_gradient():
    model, parameters, rng = prepared("Transformer-XL")
    window = random_window(model, rng, 2, [4])
    assert not np.any(gradient(model, parameters, window)[3]["cache"])


@pytest.mark.parametrize("name", COMPARATORS)
def test_the_engines_agree(name):
    pytest.importorskip("numba")
    model, parameters, rng = prepared(name)
    fast = create_model(model_mapping(model), engines.get("numba"))
    window = random_window(model, rng, 2, [4, 4, 3], dropout=model.config.dropout > 0)
    total, state, gradients, d_state = gradient(model, parameters, window)
    total_f, state_f, gradients_f, d_state_f = gradient(fast, parameters, window)
    assert total_f == pytest.approx(total, rel=1e-11)
    for ours, fasts in ((state, state_f), (d_state, d_state_f)):
        assert all(np.allclose(ours[entry], fasts[entry], rtol=0, atol=1e-11) for entry in ours | fasts)
    np.testing.assert_allclose(gradients_f.flat, gradients.flat, rtol=0, atol=1e-10 * np.abs(gradients.flat).max())


@pytest.mark.parametrize("name", COMPARATORS)
def test_a_mapping_makes_the_same_model_again(name):
    model = small_model(COMPARATORS[name])
    again = create_model(model_mapping(model))
    assert type(again) is type(model) and again.config == model.config


@pytest.mark.parametrize(("changes", "message"), [
    ({"model": "transformer", "heads": 3}, "not divisible"),
    ({"model": "transformer", "memory": "gru"}, "memory"),
    ({"model": "transformer_xl", "cache_length": -2}, "cache_length"),
    ({"model": "transformer_xl", "cache_length": 0, "same_length": True}, "same_length"),
    ({"model": "rmt", "memory_vectors": 0}, "memory_vectors"),
    ({"model": "recurrent", "cell": "rnn"}, "cell"),
    ({"model": "recurrent", "layers": 0}, "layers"),
    ({"model": "linear_recurrent", "cell": "lru", "hidden": 7}, "even"),
    ({"model": "lstm"}, "lstm"),
])
def test_a_wrong_configuration_is_refused(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        create_model({"vocabulary": 9, "width": 8} | changes)


@pytest.mark.parametrize("name", ["Transformer", "RMT"])
def test_a_segment_longer_than_the_positions_is_refused(name):
    model, parameters, rng = prepared(name)
    with pytest.raises(InputError, match="segment_length"):
        model.logits(parameters, rng.integers(0, 9, (1, 5)), {})


def test_rmt_says_when_its_writing_stays_untrained():
    assert "untrained" in small_model({"model": "rmt"}).caution(1)
    assert small_model({"model": "rmt"}).caution(2) is None


@pytest.mark.parametrize("name", COMPARATORS)
def test_a_cut_leaves_the_windows_on_both_sides_and_no_cut_the_whole_graph(name):
    """All of three segments are scored. Cut before the last, the gradient is that of a window of two and of one that
    starts from the state it found; not cut, it is another wherever a gradient crosses the boundary."""
    model, parameters, rng = prepared(name)
    segments = [tuple(rng.integers(0, 9, (2, 2, 4))) for _ in range(3)]

    def gradient_of(segments, state, cut_before=None):
        caches, gradients, d_state = [], parameters.zeros_like(), {}
        for tokens, targets in segments:
            _, state, cache = model.forward(parameters, tokens, targets, state)
            caches.append(cache)
        for k, cache in reversed(list(enumerate(caches))):
            d_state = model.backward(1.0, {} if k + 1 == cut_before else d_state, cache, gradients)
        return gradients.flat, state

    first, state = gradient_of(segments[:2], {})
    last, _ = gradient_of(segments[2:], state)
    cut, _ = gradient_of(segments, {}, cut_before=2)
    whole, _ = gradient_of(segments, {})
    tolerance = 1e-13 * np.abs(cut).max()                    # the order of sums is another
    np.testing.assert_allclose(cut, first + last, rtol=0, atol=tolerance)
    crosses = bool(set(model.state_shapes(2)) - model.detached_entries)
    assert (np.abs(whole - cut).max() > 1e6 * tolerance) == crosses
