import math

import numpy as np
import pytest

from minicrt.data import TokenStream
from minicrt.errors import InputError, TrainingError
from minicrt.training import CUTS, cut_entries, evaluate
from tests.training.tiny import TOKENS, model

TEXT = np.random.default_rng(8).integers(0, TOKENS, 90).astype(np.int32)


def setup(**changes):
    m = model(**changes)
    return m, m.initialize(np.random.default_rng(1), np.float64)


def by_hand(m, parameters, stream, cut=frozenset()):
    """Total NLL and count, prediction by prediction, from the logits."""
    nll, count, state = 0.0, 0, {}
    for tokens, targets in (stream.segment(i) for i in range(len(stream))):
        logits, state = m.logits(parameters, tokens, state)
        state = {name: value for name, value in state.items() if name not in cut}
        for row, column in np.argwhere(targets >= 0):
            z = logits[row, column]
            nll += math.log(np.exp(z).sum()) - z[targets[row, column]]
            count += 1
    return nll, count


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_every_prediction_is_scored_once(batch):
    m, parameters = setup()
    stream = TokenStream(TEXT, batch, 5)
    result = evaluate(m, parameters, stream)
    assert result.tokens == len(TEXT) - 1
    nll, count = by_hand(m, parameters, stream)
    assert count == result.tokens
    assert result.nll == pytest.approx(nll, rel=1e-12)
    assert result.perplexity == pytest.approx(math.exp(nll / count), rel=1e-12)
    assert result.carried == {"memory", "positions"}


@pytest.mark.parametrize("what", CUTS)
def test_a_cut_drops_its_entries_at_every_segment(what):
    m, parameters = setup()
    stream = TokenStream(TEXT, 3, 5)
    entries = cut_entries(m, what)
    cut = evaluate(m, parameters, stream, what)
    assert cut.nll == pytest.approx(by_hand(m, parameters, stream, entries)[0], rel=1e-12)
    assert cut.nll != pytest.approx(evaluate(m, parameters, stream).nll, rel=1e-9)
    assert not cut.carried & entries


def test_everything_cut_is_segments_that_know_nothing_of_each_other():
    m, parameters = setup()
    stream = TokenStream(TEXT, 3, 5)
    apart = 0.0
    for index in range(len(stream)):
        tokens, targets = stream.segment(index)
        loss, _, _ = m.forward(parameters, tokens, targets, {})
        apart += loss * np.count_nonzero(targets >= 0)
    assert evaluate(m, parameters, stream, "state").nll == pytest.approx(apart, rel=1e-12)


def test_cuts_of_a_model_without_state_change_nothing():
    m, parameters = setup(memory="none", positions="learned")
    stream = TokenStream(TEXT, 3, 5)
    whole = evaluate(m, parameters, stream)
    assert whole.carried == frozenset()
    assert all(evaluate(m, parameters, stream, what) == whole for what in CUTS)


@pytest.mark.parametrize("cut", ["memry", "", "Memory", "all", {"memory"}, frozenset({"positions"}), ["state"], 1])
def test_a_cut_that_there_is_not_is_refused_before_anything_is_scored(cut):
    m, parameters = setup()
    scored = []
    with pytest.raises(InputError, match="cut is .*, expected one of 'memory', 'positions', 'state'") as caught:
        evaluate(m, parameters, TokenStream(TEXT, 3, 5), cut, lambda: scored.append(1))
    assert not scored
    assert ("did you mean 'memory'?" in str(caught.value)) == (cut in ("memry", "Memory"))


def test_no_dropout_in_evaluation():
    m, parameters = setup(dropout=0.5)
    stream = TokenStream(TEXT, 3, 5)
    without = evaluate(setup(dropout=0.0)[0], parameters, stream)
    assert evaluate(m, parameters, stream) == without


def test_advance_is_called_after_every_segment():
    m, parameters = setup()
    stream, calls = TokenStream(TEXT, 3, 5), []
    evaluate(m, parameters, stream, advance=lambda: calls.append(1))
    assert len(calls) == len(stream) == 6


def test_a_loss_that_is_not_finite_is_an_error():
    m, parameters = setup()
    parameters["output.bias"][0] = np.nan
    with pytest.raises(TrainingError, match="segment 0 is nan"):
        evaluate(m, parameters, TokenStream(TEXT, 3, 5))


def test_a_cut_drops_what_the_model_carries_alone():
    assert cut_entries(model(), "state") >= {"memory", "positions"}
    assert "positions" not in cut_entries(model(positions="learned"), "state")
    assert cut_entries(model(positions="learned"), "positions") == frozenset()
    assert cut_entries(model(memory="none"), "state") == {"positions"}
