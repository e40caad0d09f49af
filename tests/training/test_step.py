import numpy as np
import pytest

from minicrt.errors import TrainingError
from minicrt.training import SGD, AdamW, train_step, window_gradients
from tests.training.tiny import TOKENS, model


def window(lengths=(5, 5, 2), batch=3, seed=0, ignored=4):
    """Segments of uneven lengths, some targets not scored."""
    rng = np.random.default_rng(seed)
    segments = [(rng.integers(0, TOKENS, (batch, length)), rng.integers(0, TOKENS, (batch, length)))
                for length in lengths]
    segments[-1][1].flat[:ignored] = -1
    return segments


def setup(**changes):
    m = model(**changes)
    parameters = m.initialize(np.random.default_rng(1), np.float64)
    return m, parameters, parameters.zeros_like()


def test_window_loss_is_the_mean_over_its_tokens():
    m, parameters, gradients = setup()
    segments, state, nll, tokens = window(), {}, 0.0, 0
    loss, _ = window_gradients(m, parameters, gradients, segments, {})
    for token, target in segments:
        logits, state = m.logits(parameters, token, state)
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        for row, column in np.argwhere(target >= 0):
            nll -= log_p[row, column, target[row, column]]
            tokens += 1
    assert tokens == 3 * 12 - 4
    assert loss == pytest.approx(nll / tokens, rel=1e-12)


def test_gradient_crosses_the_boundaries_inside_a_window():
    m, parameters, gradients = setup()
    segments = window()
    window_gradients(m, parameters, gradients, segments, {})
    v = np.random.default_rng(2).standard_normal(parameters.size)
    v /= np.linalg.norm(v)

    def shifted(h):
        moved = parameters.with_flat(parameters.flat + h * v)
        return window_gradients(m, moved, parameters.zeros_like(), segments, {})[0]

    h = 1e-3
    coarse, fine = (shifted(h) - shifted(-h)) / (2 * h), (shifted(h / 2) - shifted(-h / 2)) / h
    assert gradients.flat @ v == pytest.approx((4 * fine - coarse) / 3, rel=1e-8)


def test_gradient_is_dropped_at_the_windows_edge():
    """Two windows of one segment: each gradient is that of its segment alone, with the state that came in constant."""
    m, parameters, gradients = setup()
    first, second = window((5, 5), ignored=0)
    _, state = window_gradients(m, parameters, gradients, [first], {})
    window_gradients(m, parameters, gradients, [second], state)
    expected = parameters.zeros_like()
    _, _, cache = m.forward(parameters, *second, state)
    m.backward(1.0, {}, cache, expected)
    np.testing.assert_allclose(gradients.flat, expected.flat, rtol=1e-10, atol=1e-14)
    whole = parameters.zeros_like()
    window_gradients(m, parameters, whole, [first, second], {})
    _, _, cache = m.forward(parameters, *first, {})
    alone = parameters.zeros_like()
    m.backward(0.5, {}, cache, alone)
    apart = alone.flat + 0.5 * gradients.flat
    assert np.abs(whole.flat - apart).max() > 1e-6 * np.abs(apart).max()


def test_gradients_are_of_this_window_only():
    m, parameters, gradients = setup()
    window_gradients(m, parameters, gradients, window(), {})
    once = gradients.flat.copy()
    window_gradients(m, parameters, gradients, window(), {})
    assert np.array_equal(gradients.flat, once)


def test_a_loop_over_windows_learns():
    m, parameters, gradients = setup()
    optimizer, state, losses = AdamW(parameters, 0.02), {}, []
    tokens = np.arange(3 * 61).reshape(3, 61) % 7
    for step in range(60):
        start = 10 * (step % 6)
        segments = [(tokens[:, at:at + 5], tokens[:, at + 1:at + 6]) for at in (start, start + 5)]
        loss, state, norm = train_step(m, parameters, gradients, optimizer, segments, state)
        losses.append(loss)
        assert norm > 0
    assert losses[-1] < 0.3 * losses[0]
    assert optimizer.count == 60


def test_the_norm_is_that_before_clipping_and_the_step_that_after():
    m, parameters, gradients = setup()
    train_step(m, parameters, gradients, AdamW(parameters), window(), {}, clip=0)
    free = gradients.flat.copy()
    m, parameters, gradients = setup()
    before = parameters.flat.copy()
    _, _, norm = train_step(m, parameters, gradients, SGD(parameters, 1.0), window(), {}, clip=0.01)
    assert norm == pytest.approx(np.linalg.norm(free), rel=1e-12)
    assert np.linalg.norm(parameters.flat - before) == pytest.approx(0.01, rel=1e-3)


def test_a_rate_of_zero_changes_nothing():
    m, parameters, gradients = setup()
    before = parameters.flat.copy()
    train_step(m, parameters, gradients, AdamW(parameters, weight_decay=0.5), window(), {}, rate=0.0)
    assert np.array_equal(parameters.flat, before)


def test_a_loss_that_is_not_finite_stops_before_anything_changes():
    m, parameters, gradients = setup()
    parameters["output.bias"][3] = np.nan
    before, optimizer = parameters.flat.copy(), AdamW(parameters)
    optimizer.count = 16
    with pytest.raises(TrainingError, match="step 17: the loss is nan"):
        train_step(m, parameters, gradients, optimizer, window(), {})
    assert np.array_equal(parameters.flat, before, equal_nan=True) and optimizer.count == 16


@pytest.mark.parametrize("name", ["embedding", "memory.0.u", "blocks.0.feed_forward.w_in"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_named(name, bad, monkeypatch):
    m, parameters, gradients = setup()
    backward = m.backward

    def poisoned(d_loss, d_state, cache, gradients):
        d_state = backward(d_loss, d_state, cache, gradients)
        gradients[name].flat[-1] = bad
        return d_state

    monkeypatch.setattr(m, "backward", poisoned)
    before, optimizer = parameters.flat.copy(), AdamW(parameters)
    with pytest.raises(TrainingError) as caught:
        train_step(m, parameters, gradients, optimizer, window(), {})
    assert str(caught.value).startswith(f"step 1: the gradient of {name} is not finite")
    assert np.array_equal(parameters.flat, before) and optimizer.count == 0
    assert not optimizer.moments["first"].any()
