"""GRU and LSTM start so that Adam does not drive their state to ±1, where it tells nothing of what was read."""

import numpy as np
import pytest

from minicrt.models import RecurrentModel, create_model
from minicrt.training import AdamW, train_step


def text(rng, steps, vocabulary=300, batch=20, length=20):
    """Windows of words by Zipf's law, every second of which follows from the word before; targets are the next."""
    shares = 1 / np.arange(1, vocabulary + 1)
    shares /= shares.sum()
    follows, word = rng.permutation(vocabulary), rng.choice(vocabulary, batch, p=shares)
    for _ in range(steps):
        words = [word]
        for _ in range(length):
            word = np.where(rng.random(batch) < 0.5, follows[word], rng.choice(vocabulary, batch, p=shares))
            words.append(word)
        yield [(np.stack(words[:-1], axis=1), np.stack(words[1:], axis=1))]


def learned(cell, size, monkeypatch):
    """(mean of the last fifty of a hundred losses, share of the state's values near ±1) with a table of this size."""
    rng = np.random.default_rng(0)
    model = create_model({"model": "recurrent", "cell": cell, "vocabulary": 300, "width": 64, "segment_length": 20})
    monkeypatch.setattr(RecurrentModel, "input_size", size)
    parameters = model.initialize(rng)
    gradients, optimizer, state, losses = parameters.zeros_like(), AdamW(parameters, 3e-3), {}, []
    for window in text(rng, 100):
        loss, state, _ = train_step(model, parameters, gradients, optimizer, window, state)
        losses.append(loss)
    return np.mean(losses[50:]), np.mean(np.abs(state["layer.1"][:, :64]) > 0.9)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_more_is_learned_and_less_saturated_than_with_a_table_a_quarter_as_large(cell, monkeypatch):
    """For six seeds the losses were lower by 0.49 to 0.85, and the states less often near ±1 by factors of 5 to 100."""
    size = RecurrentModel.input_size
    (loss, saturated), (loss_of_small, saturated_of_small) = (
        learned(cell, of, monkeypatch) for of in (size, size / 4))
    assert loss < loss_of_small - 0.2
    assert saturated < saturated_of_small / 2
