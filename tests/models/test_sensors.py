"""Models of sensor readings: what they compute, missing readings, windows, settings and refusals"""

import numpy as np
import pytest

from minicrt import ops
from minicrt.errors import ConfigurationError, InputError
from minicrt.gradcheck.configurations import small_model, small_segment
from minicrt.models import CRT, MODELS, SensorModel, create_model, create_sensor_model, sensor_mapping
from minicrt.training import AdamW, train_step
from minicrt.training.window import scored, segment_nll, window_gradients

TASKS = ("regression", "classification")


def prepared(model="crt", task="regression", **changes):
    made = small_model({"model": model, "task": task, **changes})
    return made, made.initialize(np.random.default_rng(1), np.float64), np.random.default_rng(2)


def refused(use, *words):
    with pytest.raises((InputError, ConfigurationError)) as caught:
        use()
    message = str(caught.value)
    assert "\n" not in message and len(message) < 300 and all(word in message for word in words), message


@pytest.mark.parametrize("model", MODELS)
def test_the_predictions_are_the_equations(model):
    made, p, rng = prepared(model)
    x = rng.standard_normal((2, 4, 3))
    x[0, 1, 2] = x[1, 3, 0] = np.nan
    p["input.weight"] = rng.standard_normal((6, 6))
    e = np.nan_to_num(x) @ p["input.weight"][:3] + np.isnan(x) @ p["input.weight"][3:] + p["input.bias"]
    z, _, _ = made.encoder.encode(p, e, {}, None, False)
    expected = z @ p["output.weight"].T + p["output.bias"]
    y, state = made.logits(p, x, {})
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    targets = rng.standard_normal((2, 4, 2))
    targets[0, 0] = targets[1, 2, 1] = np.nan
    loss, _, _ = made.forward(p, x, targets, {})
    assert loss == pytest.approx(np.nanmean((expected - targets) ** 2), rel=1e-12)
    assert made.forward(p, x, np.full((2, 4, 2), np.nan), {})[0] == 0
    assert set(state) == set(made.state_shapes(2))


def test_the_loss_of_classes_is_that_of_words():
    made, p, rng = prepared(task="classification")
    x, targets = small_segment(made, rng, 2, 4)
    y, _ = made.logits(p, x, {})
    log_p = y - np.log(np.exp(y).sum(-1, keepdims=True))
    known = targets >= 0
    expected = -np.take_along_axis(log_p, np.maximum(targets, 0)[..., None], 2)[..., 0][known].mean()
    assert made.forward(p, x, targets, {})[0] == pytest.approx(expected, rel=1e-12)


def test_a_missing_reading_is_the_mean_until_training_says_otherwise():
    made, p, rng = prepared()
    x = rng.standard_normal((2, 4, 3))
    zero = x.copy()
    zero[:, 2, 1] = 0
    x[:, 2, 1] = np.nan
    np.testing.assert_array_equal(made.logits(p, x, {})[0], made.logits(p, zero, {})[0])
    gradients = p.zeros_like()
    window_gradients(made, p, gradients, [(x, rng.standard_normal((2, 4, 2)))], {})
    assert gradients["input.weight"][4].any() and not gradients["input.weight"][[3, 5]].any()


@pytest.mark.parametrize("task", TASKS)
def test_a_window_on_two_threads_is_a_window_on_one(task, monkeypatch):
    """Rows with unequal numbers of known targets count by what they have."""
    from minicrt.parallel.shares import Share
    from minicrt.training import window

    made, p, rng = prepared(task=task)
    segments = [small_segment(made, rng, 4, 4) for _ in range(3)]
    segments[1][1][2:] = -1 if task == "classification" else np.nan
    gradients, halves = p.zeros_like(), p.zeros_like()
    loss, state = window_gradients(made, p, gradients, segments, {})
    monkeypatch.setattr(window, "own_share", lambda *_: Share([(0, 2), (2, 4)], 0, 2))
    same, after = window_gradients(made, p, halves, segments, {})
    assert same == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(halves.flat, gradients.flat, rtol=1e-9, atol=1e-14)
    assert all(np.allclose(after[name], state[name]) for name in state)
    total = sum(segment_nll(made, p, segment, {})[0] for segment in segments[:1])
    assert total == pytest.approx(made.forward(p, *segments[0], {})[0] * scored(segments[:1]), rel=1e-12)


def test_training_learns_and_a_number_that_is_not_finite_is_located():
    """The target is the first channel two steps ago."""
    model = create_sensor_model(2, 1, width=16, layers=1, heads=2, inner=16, segment_length=8)
    rng = np.random.default_rng(3)
    p = model.initialize(rng)
    optimizer, gradients, losses = AdamW(p, learning_rate=5e-3), p.zeros_like(), []
    for _ in range(150):
        x = rng.standard_normal((16, 8, 2))
        targets = np.concatenate([np.full((16, 2, 1), np.nan), x[:, :-2, :1]], 1)
        losses.append(train_step(model, p, gradients, optimizer, [(x, targets)], {}).loss)
    assert np.mean(losses[-10:]) < 0.3 * np.mean(losses[:10])
    p["input.bias"][0] = np.inf
    with pytest.raises(Exception, match="the parameter input.bias is not finite"):
        train_step(model, p, gradients, optimizer, [(x, targets)], {})


def test_making_and_describing():
    model = create_sensor_model(6, 4, "classification", width=8, heads=2, memory="ncgru", engine="numpy")
    assert isinstance(model.encoder, CRT) and model.outputs == 4 and model.engine is ops
    again = create_sensor_model(**sensor_mapping(model), engine="numpy")
    assert again.layout == model.layout and again.config == model.config and again.task == model.task
    assert create_sensor_model(2, 1, model={"model": "recurrent", "cell": "gru"}).config.cell == "gru"
    assert repr(model).startswith("<SensorModel of 6 channels, classification of 4, by <CRT of ")
    p = model.initialize(np.random.default_rng(0))
    assert p["input.weight"][:6].std() > 0 and not p["input.weight"][6:].any()


def test_what_is_no_model_of_readings_is_refused():
    refused(lambda: create_sensor_model(0, 1), "channels")
    refused(lambda: create_sensor_model(3, 0), "outputs")
    refused(lambda: create_sensor_model(3, 1, "forecast"), "task is 'forecast'", "regression or classification")
    refused(lambda: create_sensor_model(3, 1, tied=False), "tied is for models of words")
    refused(lambda: create_sensor_model(3, 1, vocabulary=7), "vocabulary is for models of words")
    refused(lambda: create_sensor_model(3, 1, widht=7), "width")
    refused(lambda: SensorModel(create_model(vocabulary=3), 2), "tied=False")
    refused(lambda: SensorModel("crt", 2), "encoder")


X = np.zeros((2, 4, 3))


@pytest.mark.parametrize("wrong, words", [
    (None, ("inputs",)), ("text", ("inputs",)), (X[0], ("inputs have shape (4, 3), expected (B, T, 3)",)),
    (X[..., :2], ("expected (B, T, 3)",)), (X[:0], ("inputs have shape",)), (X + np.inf, ("infinite",)),
    (X * 1j, ("complex128, expected real numbers",)), (X.astype(bool), ("bool",)), (X.astype(str), ("inputs",)),
    ([[["a"] * 3] * 4] * 2, ("inputs",))])
def test_inputs_that_are_none(wrong, words):
    made, p, _ = prepared()
    refused(lambda: made.forward(p, wrong, np.zeros((2, 4, 2)), {}), *words)
    refused(lambda: made.logits(p, wrong, {}), *words)
    refused(lambda: window_gradients(made, p, p.zeros_like(), [(wrong, np.zeros((2, 4, 2)))], {}), *words)


def test_targets_that_are_none():
    made, p, _ = prepared()
    for wrong in (None, "text", np.zeros((2, 4)), np.zeros((2, 4, 1)), np.full((2, 4, 2), np.inf)):
        refused(lambda wrong=wrong: made.forward(p, X, wrong, {}), "targets")
    made, p, _ = prepared(task="classification")
    for wrong in (None, np.zeros((2, 4, 1), int), np.zeros((2, 4)), np.full((2, 4), 2), np.full((2, 4), -2)):
        refused(lambda wrong=wrong: made.forward(p, X, wrong, {}), "targets")
