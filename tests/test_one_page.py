"""The page is the default CRT: its losses, states and gradients are those of `minicrt.models`, to rounding."""

import ast
import dataclasses
import inspect
import math
from pathlib import Path

import numpy as np
import pytest

from minicrt import one_page, ops
from minicrt.data import TokenStream, load_corpus
from minicrt.errors import DataError
from minicrt.models import CRT, CRTConfig
from minicrt.training.clip import clip_factor
from minicrt.training.evaluation import evaluate
from minicrt.training.optimizers import AdamW
from minicrt.training.window import window_gradients
from tests.models.windows import random_parameters, random_tokens

SIZES = {"vocabulary": 17, "width": 12, "inner": 20, "heads": one_page.HEADS, "layers": one_page.LAYERS,
         "segment_length": one_page.LENGTH, "memory_span": one_page.SPAN}
SOURCE = Path(one_page.__file__)
B, T = 3, 5


def small(seed=0, **changes):
    """The model of the package, its parameters away from their initial zeros and ones, and a generator."""
    model, rng = CRT(CRTConfig(**SIZES, **changes), ops), np.random.default_rng(seed)
    return model, random_parameters(model, rng), rng


def page_parameters(parameters):
    return {name: parameters[name] for name in parameters}


def page_state(state):                                       # the model has room for several memory vectors
    return one_page.State(state["memory"][:, 0], state["positions"])


def model_state(state):
    return {"memory": state.memory[:, None], "positions": state.positions}


def random_model_state(rng):
    D = SIZES["width"]
    return {"memory": rng.standard_normal((B, 1, D)), "positions": rng.standard_normal((B, D))}


def assert_same(found, expected, what):
    assert found.shape == expected.shape, what
    assert np.abs(found - expected).max() <= 1e-12 * np.abs(expected).max(), what


def assert_four_segments_agree(model, parameters, rng):
    """Losses of random weights and a random gradient of the last state, from a random first state."""
    window = [random_tokens(rng, SIZES["vocabulary"], B, T) for _ in range(4)]
    first, d_last, weights = random_model_state(rng), random_model_state(rng), rng.uniform(0.5, 1.5, 4)
    p = page_parameters(parameters)

    state, here, caches, page_caches = first, page_state(first), [], []
    for tokens, targets in window:
        loss, state, cache = model.forward(parameters, tokens, targets, state)
        found, here, page_cache = one_page.forward(p, tokens, targets, here)
        assert found == pytest.approx(loss, rel=1e-12)
        assert_same(here.memory, state["memory"][:, 0], "memory")
        assert_same(here.positions, state["positions"], "positions")
        caches.append(cache)
        page_caches.append(page_cache)

    gradients, g = parameters.zeros_like(), {name: np.zeros_like(value) for name, value in p.items()}
    d_state, d_here = d_last, page_state(d_last)
    for weight, cache, page_cache in zip(weights[::-1], caches[::-1], page_caches[::-1]):
        d_state = model.backward(weight, d_state, cache, gradients)
        d_here = one_page.backward(weight, d_here, page_cache, g)
        assert_same(d_here.memory, d_state["memory"][:, 0], "gradient of the memory")
        assert_same(d_here.positions, d_state["positions"], "gradient of the positions")
    assert list(g) == list(gradients)
    for name in gradients.keys() - {"memory.start"}:         # the state was given
        assert np.abs(gradients[name]).max() > 0, name
        assert_same(g[name], gradients[name], name)


def test_losses_states_and_gradients_are_those_of_the_default_crt():
    assert_four_segments_agree(*small())


def test_the_other_cell_named_beside_the_memory_line_is_the_package_s(monkeypatch):
    """Who changes that line as it says gets the CRT with that memory."""
    line = next(line for line in SOURCE.read_text(encoding="utf-8").splitlines() if line.startswith("MEMORY = GRU"))
    monkeypatch.setattr(one_page, "MEMORY", eval(line.split("# another: ")[1], vars(one_page)))
    assert_four_segments_agree(*small(memory="mingru", memory_norm="off"))


@pytest.mark.parametrize("begins", [False, True])
def test_a_window_is_the_trainer_s(begins):
    """The mean loss of four segments with the gradient through all four, nothing coming from beyond."""
    model, parameters, rng = small(1)
    tokens = rng.integers(0, SIZES["vocabulary"], (B, 4 * T + 1))
    window = [(tokens[:, n:n + T], tokens[:, n + 1:n + T + 1]) for n in range(0, 4 * T, T)]
    first, gradients = {} if begins else random_model_state(rng), parameters.zeros_like()
    loss, state = window_gradients(model, parameters, gradients, window, first)
    found, here, g = one_page.window_gradient(page_parameters(parameters), window,
                                              None if begins else page_state(first))
    assert found == pytest.approx(loss, rel=1e-12)
    assert_same(here.memory, state["memory"][:, 0], "memory")
    assert_same(here.positions, state["positions"], "positions")
    for name in gradients:
        assert_same(g[name], gradients[name], name)
    assert gradients["memory.start"].any() == begins


def test_a_text_begins_as_the_model_s_does():
    model, parameters, rng = small(2)
    tokens, targets = random_tokens(rng, SIZES["vocabulary"], B, T)
    loss, _, _ = model.forward(parameters, tokens, targets, {})
    p = page_parameters(parameters)
    found, _, _ = one_page.forward(p, tokens, targets, one_page.first_state(p, B))
    assert found == pytest.approx(loss, rel=1e-12)


def test_the_first_parameters_are_the_model_s():
    """Same names, in the same order, of the same shapes and, from the same seed, of the same values."""
    expected = CRT(CRTConfig(**SIZES), ops).initialize(np.random.default_rng(3))
    found = one_page.initial(np.random.default_rng(3), SIZES["vocabulary"], SIZES["width"], SIZES["inner"])
    assert list(found) == list(expected)
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], name)
        assert found[name].dtype == expected[name].dtype


def test_an_update_is_the_trainer_s():
    """Three steps with gradients that are clipped and gradients that are not."""
    model, parameters, rng = small(4)
    p = {name: value.copy() for name, value in page_parameters(parameters).items()}
    moments = {name: np.zeros((2, value.size)) for name, value in p.items()}
    optimizer = AdamW(parameters, 1e-2, one_page.WEIGHT_DECAY, one_page.BETA_1, one_page.BETA_2, one_page.EPS,
                      engine=ops)
    for count, size in enumerate((1.0, 1e-4, 0.1), start=1):
        gradients = parameters.with_flat(size * rng.standard_normal(parameters.size))
        optimizer.step(parameters, gradients, 1.0, clip_factor(one_page.CLIP, ops.global_norm(gradients.flat)))
        one_page.update(p, page_parameters(gradients), moments, count, 1e-2)
        for name in parameters:
            assert_same(p[name], parameters[name], name)


def test_perplexity_is_the_package_s_with_and_without_memory():
    model, parameters, rng = small(5)
    tokens = rng.integers(0, SIZES["vocabulary"], 2 * 3 * one_page.LENGTH + 1)
    text, stream = one_page.segments(tokens, 2), TokenStream(tokens, 2, one_page.LENGTH)
    assert len(text) == len(stream) == 3
    p = page_parameters(parameters)
    whole, cut = evaluate(model, parameters, stream), evaluate(model, parameters, stream, "memory")
    assert one_page.perplexity(p, text) == pytest.approx(whole.perplexity, rel=1e-12)
    assert one_page.perplexity(p, text, with_memory=False) == pytest.approx(cut.perplexity, rel=1e-12)
    assert whole.perplexity != pytest.approx(cut.perplexity, rel=1e-6)


def test_segments_follow_each_other():
    text = one_page.segments(np.arange(1000), 3)
    assert len(text) == 999 // (3 * one_page.LENGTH)
    for tokens, targets in text:
        assert tokens.shape == (3, one_page.LENGTH)
        np.testing.assert_array_equal(targets, tokens + 1)
    for (before, _), (after, _) in zip(text, text[1:]):
        np.testing.assert_array_equal(after[:, 0], before[:, -1] + 1)


def test_training_learns_what_repeats():
    """A text of eleven words in a circle: about log 11 = 2.4 at first, under 0.05 at last whatever the seed."""
    p = one_page.initial(np.random.default_rng(0), 11, 32, 64)
    losses = one_page.train(p, one_page.segments(np.arange(6000) % 11, 4), 100)
    assert len(losses) == 100
    assert losses[0] == pytest.approx(math.log(11), abs=1)
    assert losses[-1] < 0.5


def test_the_program_prints_the_loss_and_what_the_memory_is_worth(monkeypatch, capsys):
    corpus = load_corpus("python-docs")
    short = dataclasses.replace(corpus, train=corpus.train[:4 * 700 + 1], valid=corpus.valid[:351])
    monkeypatch.setattr(one_page, "load_corpus", {"python-docs": short}.get)
    monkeypatch.setattr(one_page, "STEPS", 4)                # of two segments of 20 rows: two epochs
    monkeypatch.setattr("sys.argv", ["one_page"])
    one_page.main()
    sizes, *epochs, perplexity = capsys.readouterr().out.splitlines()
    model = CRT(CRTConfig(corpus.vocabulary.size, one_page.WIDTH, layers=one_page.LAYERS, inner=one_page.INNER))
    assert sizes.startswith(f"{model.initialize(np.random.default_rng(0)).size:,} parameters, 2,801 tokens")
    assert [epoch.split()[:3] for epoch in epochs] == [["epoch", "1", "loss"], ["epoch", "2", "loss"]]
    assert "without memory" in perplexity


@pytest.mark.parametrize("trouble, code, message", [
    (DataError("this Python comes without its documentation"), 2, "error: this Python comes without"),
    (KeyboardInterrupt(), 130, "interrupted")])
def test_the_program_ends_in_one_line_when_it_cannot_go_on(monkeypatch, capsys, trouble, code, message):
    def fail(name):
        raise trouble
    monkeypatch.setattr(one_page, "load_corpus", fail)
    monkeypatch.setattr("sys.argv", ["one_page"])
    with pytest.raises(SystemExit) as ended:
        one_page.main()
    assert ended.value.code == code and message in capsys.readouterr().err


def test_the_page_is_a_page_and_uses_the_operations_alone():
    """Under 300 lines; NumPy, `minicrt.ops`, the corpus, and what shows progress. The equations' numbers are in both
    directions."""
    source = SOURCE.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 300
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert {name for name in imported if name.startswith("minicrt")} == {
        "minicrt.ops", "minicrt.data.corpora.load_corpus", "minicrt.errors.DataError"}
    assert {name.split(".")[0] for name in imported} == {
        "argparse", "collections", "math", "minicrt", "numpy", "threadpoolctl", "tqdm", "typing"}
    for number in range(1, 6):
        assert f"({number})" in inspect.getsource(one_page.forward)
        assert f"({number})" in inspect.getsource(one_page.backward)
    assert "(6)" in inspect.getsource(one_page.window_gradient)
