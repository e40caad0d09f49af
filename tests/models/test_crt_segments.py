"""How segments hang together: state shapes, cuts, and when many short segments equal one long one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt.models.base import State
from minicrt.models.crt import CRT
from minicrt.models.crt_config import CRTConfig
from tests.models.configurations import SMALL, configurations
from tests.models.windows import gradient, random_parameters, random_state, random_tokens, random_window

SEEDS = st.integers(0, 2**32 - 1)
MEMORY = st.sampled_from(["gru", "ncgru"])


@settings(max_examples=60)
@given(changes=configurations(), seed=SEEDS, batch=st.integers(1, 3), length=st.integers(1, 4))
def test_shapes_of_logits_and_state(changes, seed, batch, length):
    """Any length up to the segment's, one token and one row included."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    config, parameters = model.config, random_parameters(model, rng)
    length = min(length, config.segment_length)
    tokens, targets = random_tokens(rng, config.vocabulary, batch, length)
    logits, evaluated = model.logits(parameters, tokens, {})
    assert logits.shape == (batch, length, config.vocabulary)
    expected: dict[str, tuple[int, ...]] = {}
    if config.memory != "none":
        expected["memory"] = (batch, config.memory_vectors, config.width)
    if config.positions == "recurrent" and config.position_carry:
        expected["positions"] = (batch, config.position_width or config.width)
    assert {name: value.shape for name, value in evaluated.items()} == expected
    _, trained, _ = model.forward(parameters, tokens, targets, {})
    if config.memory != "none" and config.memory_gradient == "writer":
        read = length if config.memory_update == "per_token" else 1
        expected["writer_inputs"] = (batch, read, config.width)
        expected["writer_start"] = (batch, config.memory_vectors, config.width)
    assert {name: value.shape for name, value in trained.items()} == expected
    assert set(trained) <= model.memory_entries | model.position_entries


@settings(max_examples=40)
@given(changes=configurations(), seed=SEEDS)
def test_evaluation_computes_what_training_computes(changes, seed):
    """Loss and state do not depend on whether gradients are wanted, and the loss is that of the logits."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters, state = random_parameters(model, rng), random_state(model, rng, 2)
    state = {name: value for name, value in state.items() if not name.startswith("writer_")}
    tokens, targets = random_tokens(rng, model.config.vocabulary, 2, model.config.segment_length)
    loss, trained, _ = model.forward(parameters, tokens, targets, state)
    evaluated, after, _ = model.forward(parameters, tokens, targets, state, with_gradient=False)
    logits, after_logits = model.logits(parameters, tokens, state)
    assert loss == pytest.approx(evaluated, rel=1e-13)
    assert set(after) == set(after_logits)
    assert all(np.array_equal(after[name], trained[name]) for name in after)
    assert all(np.array_equal(after[name], after_logits[name]) for name in after)
    probability = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    scored = targets >= 0
    assert loss == pytest.approx(-np.log(probability[scored, targets[scored]]).mean(), rel=1e-12)


@settings(max_examples=20)
@given(changes=configurations(memory=MEMORY, memory_gradient="writer"), seed=SEEDS)
def test_the_writer_run_again_is_the_memory(changes, seed):
    """In a training step the memory is what the stored inputs and start give; it is the same memory."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters = random_parameters(model, rng)
    first, second = (random_tokens(rng, model.config.vocabulary, 2, model.config.segment_length) for _ in range(2))
    _, state, _ = model.forward(parameters, *first, {})
    bare = {name: value for name, value in state.items() if not name.startswith("writer_")}
    again, from_again, _ = model.forward(parameters, *second, state)
    stored, from_stored, _ = model.forward(parameters, *second, bare)
    assert again == pytest.approx(stored, rel=1e-13)
    np.testing.assert_allclose(from_again["memory"], from_stored["memory"], rtol=1e-12, atol=1e-14)


@settings(max_examples=30)
@given(changes=configurations(), seed=SEEDS)
def test_a_cut_of_the_whole_state_leaves_nothing_of_what_lies_before(changes, seed):
    """Loss, final state and gradient of a segment are to the bit the same whatever was read before the cut; without a
    cut they are not."""
    model, rng = CRT(CRTConfig(**changes | {"dropout": 0.0, "embedding_dropout": 0.0})), np.random.default_rng(seed)
    parameters, length = random_parameters(model, rng), model.config.segment_length
    window, other = (random_window(model, rng, 2, [length, length]) for _ in range(2))

    def after(first, dropped):
        _, state, _ = model.forward(parameters, first.tokens[0], first.targets[0], first.state)
        carried = {name: value for name, value in state.items() if name not in dropped}
        loss, state, cache = model.forward(parameters, window.tokens[1], window.targets[1], carried)
        gradients = parameters.zeros_like()
        d_state = model.backward(1.0, window.d_state, cache, gradients)
        assert carried or d_state == {}
        return [loss, *state.values(), gradients.flat]

    whole = model.memory_entries | model.position_entries
    assert model.state_shapes(2).keys() <= whole
    assert all(map(np.array_equal, after(window, whole), after(other, whole)))
    carries = bool(model.state_shapes(2))
    assert all(map(np.array_equal, after(window, set()), after(other, set()))) == (not carries)


@settings(max_examples=30)
@given(changes=configurations(memory=MEMORY, memory_position="first", memory_gradient="unroll", positions="recurrent",
                              position_carry=True, dropout=0.0, embedding_dropout=0.0), seed=SEEDS)
def test_cutting_the_memory_leaves_the_positions_and_the_other_way_round(changes, seed):
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters, length = random_parameters(model, rng), model.config.segment_length
    window = random_window(model, rng, 2, [length, length])
    for dropped, kept in ((model.memory_entries, "positions"), (model.position_entries, "memory")):
        _, state, before = model.forward(parameters, window.tokens[0], window.targets[0], window.state)
        cut = {name: value for name, value in state.items() if name not in dropped}
        _, _, behind = model.forward(parameters, window.tokens[1], window.targets[1], cut)
        gradients = parameters.zeros_like()
        d_state = model.backward(1.0, window.d_state, behind, gradients)
        assert set(d_state) == {kept}
        d_initial = model.backward(0.0, d_state, before, gradients)
        assert d_initial[kept].any()
        if kept == "positions":                              # no memory token is left to carry anything back
            assert not d_initial["memory"].any()


@settings(max_examples=30)
@given(changes=configurations(positions="recurrent", position_carry=True), seed=SEEDS, cuts=st.data())
def test_positions_do_not_see_where_segments_end(changes, seed, cuts):
    """p depends on the tokens alone, whatever else the model has: one long segment equals many short ones."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters = random_parameters(model, rng)
    tokens = rng.integers(0, model.config.vocabulary, (2, 7))
    _, whole = model.logits(parameters, tokens, {})
    state: State = {}
    for part in np.split(tokens, sorted(cuts.draw(st.sets(st.integers(1, 6)))), axis=1):
        _, state = model.logits(parameters, part, state)
    np.testing.assert_allclose(state["positions"], whole["positions"], rtol=1e-12, atol=1e-14)


def check_one_long_equals_many_short(changes, seed, parts):
    """Loss, final state and gradients of one segment against those of the same tokens cut into short ones."""
    model, rng = CRT(CRTConfig(**changes)), np.random.default_rng(seed)
    parameters = random_parameters(model, rng)
    for layer in range(model.config.layers):
        parameters[f"blocks.{layer}.attention.w_out"][:] = 0
    if "memory.read" in parameters:
        parameters["memory.read"][:] = 0
    long = random_window(model, rng, 2, [sum(parts)])
    cuts = np.cumsum(parts)[:-1]
    targets = np.split(long.targets[0], cuts, axis=1)
    counts = [float(np.sum(t >= 0)) for t in targets]
    short = long.replace(tokens=np.split(long.tokens[0], cuts, axis=1), targets=targets,
                         weights=[long.weights[0] * count / sum(counts) for count in counts])
    total, state, gradients, d_state = gradient(model, parameters, long)
    total_short, state_short, gradients_short, d_state_short = gradient(model, parameters, short)
    assert total == pytest.approx(total_short, rel=1e-12)
    for name in state:
        np.testing.assert_allclose(state[name], state_short[name], rtol=1e-11, atol=1e-13)
    for name in d_state:
        np.testing.assert_allclose(d_state[name], d_state_short[name], rtol=1e-9, atol=1e-12)
    for name in parameters:
        if not name.endswith(("attention.w_out", "memory.read")):                # what they would read depends on cuts
            np.testing.assert_allclose(gradients[name], gradients_short[name], rtol=1e-9, atol=1e-12)


@settings(max_examples=30)
@given(changes=configurations(memory_update="per_token", memory_gradient="unroll", position_carry=True,
                              positions=st.sampled_from(["recurrent", "none"]), dropout=0.0, embedding_dropout=0.0),
       seed=SEEDS, parts=st.lists(st.integers(1, 3), min_size=2, max_size=4))
def test_without_attention_one_long_segment_equals_many_short(changes, seed, parts):
    """Attention and the reading of m_{N−1} are all that see a segment's borders. With their matrices at zero the
    recurrences, run over segments with their state carried, are the recurrences over the whole, forwards and backwards.
    """
    check_one_long_equals_many_short(changes, seed, parts)


@pytest.mark.parametrize("bounded", [{"position_carry": False}, {"memory_update": "per_segment"},
                                     {"positions": "sinusoidal"}])
def test_what_does_see_where_segments_end(bounded):
    """Positions that start anew, and a memory that is updated once a segment."""
    check_one_long_equals_many_short(SMALL, seed=7, parts=[2, 3])
    with pytest.raises(AssertionError):
        check_one_long_equals_many_short(SMALL | bounded, seed=7, parts=[2, 3])
