"""CRTs with slots, a matrix or a queue for a memory: what they see and carry, what is cut, and what is refused"""

import numpy as np
import pytest

from minicrt import accounting, ops
from minicrt.data import Vocabulary
from minicrt.errors import ConfigurationError, InputError
from minicrt.export import export_c
from minicrt.inference import Stream
from minicrt.models import CRT, CRTConfig, create_model, create_sensor_model, model_mapping
from minicrt.quantisation import quantise

SIZES = {"vocabulary": 11, "width": 6, "heads": 2, "inner": 7, "layers": 1, "segment_length": 4}
FORMS = {"slots": {"memory_form": "slots", "memory_vectors": 3},
         "sparse slots": {"memory_form": "slots", "memory_vectors": 3, "memory_top_k": 1, "memory": "mingru"},
         "matrix": {"memory_form": "matrix", "memory_keys": 4},
         "queue": {"memory_form": "queue", "memory_vectors": 3}}


def made(name, **changes):
    model, rng = create_model({**SIZES, **FORMS[name], **changes}, ops), np.random.default_rng(1)
    parameters = model.initialize(rng, np.float64)
    parameters.flat += 0.1 * rng.standard_normal(parameters.size)
    return model, parameters, rng


def window_gradient(model, parameters, segments, cut=()):
    """Of the second segment's loss, as far as it comes through the first; without the entries in `cut` of the state"""
    (tokens, targets), second = segments
    _, state, cache = model.forward(parameters, tokens, targets, {})
    _, _, next_cache = model.forward(parameters, *second, state)
    d_state = model.backward(1.0, {}, next_cache, parameters.zeros_like())
    gradients = parameters.zeros_like()
    model.backward(0.0, {name: d for name, d in d_state.items() if name not in cut}, cache, gradients)
    return gradients


@pytest.mark.parametrize("name", FORMS)
def test_a_cut_gives_a_gradient_of_exactly_zero_and_without_it_the_writer_learns(name):
    model, parameters, rng = made(name, position_carry=False)
    segments = [tuple(rng.integers(0, 11, (2, 2, 4))) for _ in range(2)]
    np.testing.assert_array_equal(window_gradient(model, parameters, segments, {"memory"}).flat, 0)
    learned = window_gradient(model, parameters, segments)
    assert all(np.abs(learned[key]).max() > 0 for key in learned
               if key.startswith("memory.") and not key.startswith(("memory.read", "memory.w_query", "memory.norm")))


@pytest.mark.parametrize("name", FORMS)
def test_nothing_ahead_is_seen_and_what_was_before_is(name):
    model, parameters, rng = made(name, positions="learned")
    tokens = rng.integers(0, 11, (2, 4))
    other = tokens.copy()
    other[:, 2] = (tokens[:, 2] + 1) % 11
    (first, state), (second, changed) = (model.logits(parameters, each, {}) for each in (tokens, other))
    np.testing.assert_array_equal(first[:, :2], second[:, :2])
    assert set(state) == {"memory"} and not np.array_equal(state["memory"], changed["memory"])
    (next_first, _), (next_second, _) = (model.logits(parameters, tokens, each) for each in (state, changed))
    assert np.abs(next_first - next_second).max() > 1e-6


def test_rows_of_a_batch_do_not_touch_each_other():
    for name in FORMS:
        model, parameters, rng = made(name)
        tokens = rng.integers(0, 11, (3, 4))
        _, state = model.logits(parameters, tokens, {})
        both, _ = model.logits(parameters, tokens, state)
        alone, _ = model.logits(parameters, tokens[1:2], {key: value[1:2] for key, value in state.items()})
        np.testing.assert_allclose(both[1:2], alone, rtol=0, atol=1e-13)


def test_of_sparse_slots_as_many_are_written_as_asked_for_and_the_others_stay_bit_by_bit():
    model, parameters, rng = made("sparse slots")
    _, before = model.logits(parameters, rng.integers(0, 11, (5, 4)), {})
    _, after = model.logits(parameters, rng.integers(0, 11, (5, 4)), before)
    assert ((before["memory"] != after["memory"]).any(-1).sum(1) == 1).all()


def test_the_matrix_takes_a_segment_in_any_pieces():
    """Blocks apart, which see no further than a segment: one token a segment is a stream of memory alone."""
    model, parameters, rng = made("matrix", positions="none")
    y, m = rng.standard_normal((2, 6, 6)), rng.standard_normal((2, 4, 6))
    z, last, _ = model.remember(parameters, y, m)
    for t in range(6):
        z_t, m, _ = model.remember(parameters, y[:, t:t + 1], m)
        np.testing.assert_allclose(z_t[:, 0], z[:, t], rtol=0, atol=1e-13)
    np.testing.assert_allclose(m, last, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", FORMS)
def test_both_engines_are_one_model(name):
    numba = pytest.importorskip("minicrt.kernels")
    model, parameters, rng = made(name)
    segments = [tuple(rng.integers(0, 11, (2, 2, 4))) for _ in range(2)]
    expected = window_gradient(model, parameters, segments).flat
    found = window_gradient(create_model(model.config, numba), parameters, segments).flat
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_a_matrix_starts_empty_and_slots_keep_for_as_many_segments_as_the_span():
    model = create_model({**SIZES, **FORMS["matrix"]}, ops)
    np.testing.assert_array_equal(model.initialize(np.random.default_rng(0))["memory.start"], 0)
    slots = create_model({**SIZES, **FORMS["slots"], "memory_span": 20}, ops).initialize(np.random.default_rng(0))
    kept = slots["memory.slot.b"][6:12]
    assert 0 < kept.min() < kept.max() < np.log(20)
    queue = create_model({**SIZES, **FORMS["queue"], "memory_span": 20}, ops).initialize(np.random.default_rng(0))
    np.testing.assert_allclose(queue["memory.keep"][[0, 2], 0], [-3, np.log(20)], rtol=1e-6)


@pytest.mark.parametrize("name", FORMS)
def test_a_configuration_comes_back_and_what_is_carried_is_counted(name):
    model = made(name)[0]
    again = create_model(model_mapping(model))
    assert type(again) is type(model) and again.config == model.config
    shape = (4, 6) if name == "matrix" else (3, 6)
    assert accounting.state_values(model) == np.prod(shape) + 6
    assert sum(accounting.stream_memory(model).values()) > 0 and accounting.activation_bytes(model) > 0
    assert create_sensor_model(3, 1, **{key: value for key, value in {**SIZES, **FORMS[name]}.items()
                                        if key != "vocabulary"}).size > 0


def test_looking_inside():
    model, parameters, rng = made("slots")
    seen = model.inspect(parameters, rng.integers(0, 11, (2, 4)), {})
    assert seen["attention"][0].shape == (2, 2, 7, 7) and seen["state"]["memory"].shape == (2, 3, 6)


@pytest.mark.parametrize("name", FORMS)
def test_small_integers_stream_close_to_the_weights(name):
    model, parameters, _ = made(name)
    parameters = parameters.astype(np.float32)
    exact, near = Stream(model, parameters), Stream(model, quantise(parameters, 8))
    for token in (1, 5, 2, 7, 3, 3):
        np.testing.assert_allclose(near.step(token), exact.step(token), rtol=0, atol=0.3)


def test_an_exporter_says_that_it_does_not_have_them():
    model, parameters, _ = made("slots")
    with pytest.raises(InputError, match="SlotsCRT.*cannot be exported.*with memory_form='vector'"):
        export_c(model, parameters.astype(np.float32), Vocabulary([f"w{i}" for i in range(11)]))


@pytest.mark.parametrize(("changes", "words"), [
    ({"memory_form": "slot"}, "did you mean 'slots'"),
    ({"memory_top_k": 1}, "memory_top_k is 1, but memory_form is 'vector'; memory_top_k is for memory_form='slots'"),
    ({**FORMS["queue"], "memory_keys": 3}, "memory_keys is for memory_form='matrix'"),
    ({**FORMS["slots"], "memory_top_k": 4}, "memory_top_k is 4, expected 0 (all) to 3"),
    ({"memory_form": "matrix", "memory_keys": -1}, "memory_keys is -1"),
    ({**FORMS["slots"], "memory": "none"}, "memory is 'none', but memory_form is 'slots'"),
    ({**FORMS["slots"], "memory_gradient": "writer"}, "'writer', which memory_form 'slots' does not have"),
    ({**FORMS["slots"], "memory_update": "per_segment"}, "leave memory_update out"),
    ({**FORMS["slots"], "memory": "mamba", "memory_states": 3}, "but a slot takes one step a segment"),
    ({**FORMS["queue"], "memory_position": "last"}, "leave memory_position out"),
    ({**FORMS["queue"], "readout": "transformer"}, "leave readout out"),
    ({**FORMS["queue"], "memory": "ncgru"}, "memory is 'ncgru', which memory_form 'queue' does not have"),
    ({**FORMS["matrix"], "memory_vectors": 2}, "memory_vectors is 2, which memory_form 'matrix' does not have"),
    ({**FORMS["matrix"], "memory_norm": "on"}, "leave memory_norm out")])
def test_settings_that_do_not_go_together_are_refused_in_one_line(changes, words):
    with pytest.raises(ConfigurationError) as caught:
        create_model({**SIZES, **changes})
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_the_class_of_memory_vectors_refuses_another_form():
    with pytest.raises(ConfigurationError, match="create_model makes the class that does"):
        CRT(CRTConfig(**SIZES, **FORMS["slots"]))


def test_what_is_written_once_a_segment_learns_from_the_next_one_alone():
    assert "set bptt_segments to 2" in made("slots")[0].caution(1)
    assert "stays untrained" not in made("queue")[0].caution(2)
    assert "stays untrained" not in (made("matrix")[0].caution(1) or "")
