"""Runs on sensor readings: figures, resuming to the same bits, loading, refusals"""

import json

import numpy as np
import pytest

from minicrt.data.sensors import Question, Readings, dosing_machine, sensor_data
from minicrt.errors import CheckpointError, ConfigurationError, DataError
from minicrt.models import create_model, create_sensor_model
from minicrt.training import (
    Interrupted,
    Progress,
    evaluate,
    load_run,
    load_sensor_run,
    resume_sensors,
    train_sensors,
)
from minicrt.training.sensor_run import is_sensor_run

SMALL = {"width": 8, "layers": 1, "heads": 2, "inner": 8, "segment_length": 8}
BRIEF = {"steps": 6, "warmup_steps": 2, "evaluations": 3, "batch": 4, "evaluation_batch": 2}
READINGS = dosing_machine(np.random.default_rng(0), 600)
FORECAST = sensor_data(READINGS, Question("forecast", "pressure", 4))
CLASSES = sensor_data(READINGS, Question("classify", "recipe"))


def forecaster(**changes):
    return create_sensor_model(6, 1, **{**SMALL, **changes})


class StopAt(Progress):
    """What a signal does, at a step"""

    def __init__(self, at):
        self.at = at

    def step(self, step, loss, tokens):
        if step == self.at:
            raise Interrupted("stopped")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train_sensors(tmp_path_factory.mktemp("runs") / "run", forecaster(), FORECAST, progress=False, **BRIEF)


def test_the_figures_are_in_the_target_s_unit(run):
    summary, framing = run.summary, FORECAST.framing
    assert summary["unit"] == "bar" and summary["steps"] == 6 and summary["valid_scored"] == 56
    best = evaluate(run.model, run.parameters, _stream(FORECAST.valid))
    assert summary["valid_error"] == pytest.approx(best.loss ** 0.5 * framing.scale, rel=1e-6)
    last = READINGS.values[540:600, 1]
    assert summary["test_baseline"] == pytest.approx(np.sqrt(np.mean((last[4:] - last[:-4]) ** 2)), rel=1e-6)
    assert {"valid_error_memory_cut", "valid_error_positions_cut", "valid_error_state_cut"} <= summary.keys()
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines][-1] == 6
    assert all(line["valid_error"] == pytest.approx(line["valid_loss"] ** 0.5 * framing.scale) for line in lines)


def _stream(part):
    from minicrt.data.sensors import ReadingStream

    return ReadingStream(part, 2, 8, "a part")


def test_classes_have_a_perplexity_and_a_share_that_is_right(tmp_path):
    model = create_sensor_model(6, 2, "classification", **SMALL)
    run = train_sensors(tmp_path / "run", model, CLASSES, progress=False, **BRIEF)
    summary = run.summary
    assert 0 <= summary["valid_accuracy"] <= 1 and summary["valid_perplexity"] > 1
    right = scored = 0
    state = {}
    for inputs, targets in _stream(CLASSES.valid):
        scores, state = run.model.logits(run.parameters, inputs, state)
        right += ((scores.argmax(-1) == targets) & (targets >= 0)).sum()
        scored += (targets >= 0).sum()
    assert summary["valid_accuracy"] == right / scored and scored == 60


def test_a_run_comes_back_as_it_was(run):
    again = load_sensor_run(run.folder)
    assert again.parameters.flat.tobytes() == run.parameters.flat.tobytes()
    assert again.framing == run.framing == FORECAST.framing and again.summary == run.summary
    assert again.model.layout == run.model.layout and again.step == run.step
    assert load_sensor_run(run.folder / "checkpoint.safetensors").framing == run.framing
    assert resume_sensors(run.folder, FORECAST, False).parameters.flat.tobytes() == run.parameters.flat.tobytes()
    assert is_sensor_run(run.folder)


def test_a_run_that_was_stopped_ends_with_the_same_bits(run, tmp_path):
    with pytest.raises(Interrupted):
        train_sensors(tmp_path / "run", forecaster(), FORECAST, progress=StopAt(4), **BRIEF)
    with pytest.raises(CheckpointError, match="are not those that the run was trained on"):
        resume_sensors(tmp_path / "run", sensor_data(READINGS, Question("forecast", "pressure", 5)), False)
    ended = resume_sensors(tmp_path / "run", FORECAST, False)
    assert ended.parameters.flat.tobytes() == run.parameters.flat.tobytes()
    assert ended.summary["valid_error"] == run.summary["valid_error"]


def test_a_model_of_something_else_is_refused(tmp_path):
    def refused(model, data, words, **settings):
        with pytest.raises((ConfigurationError, DataError), match=words):
            train_sensors(tmp_path / "run", model, data, progress=False, **{**BRIEF, **settings})
        assert not (tmp_path / "run").exists()

    refused(create_sensor_model(5, 1, **SMALL), FORECAST, r"create_sensor_model\(6, 1, 'regression'\)")
    refused(forecaster(), CLASSES, r"create_sensor_model\(6, 2, 'classification'\)")
    refused(forecaster(), FORECAST, "random_start", random_start=True)
    refused(forecaster(), FORECAST, "the training part has 480 readings: in 400 rows", batch=400)
    refused(forecaster(), FORECAST, "learning_rat", learning_rat=1)


def test_a_run_on_text_is_none_on_readings(run, tmp_path):
    from minicrt.training import train
    from tests.training import tiny

    with pytest.raises(CheckpointError, match="run on sensor readings, where one on text is expected"):
        load_run(run.folder)
    corpus = tiny.corpus()
    text = train(tmp_path / "text", create_model(vocabulary=corpus.vocabulary.size, **SMALL), corpus, progress=False,
                 **BRIEF)
    assert not is_sensor_run(text.folder)
    for load in (load_sensor_run, resume_sensors):
        with pytest.raises(CheckpointError, match="of a run on text, where one on sensor readings"):
            load(text.folder)


def test_missing_readings_train_as_well(tmp_path):
    values = READINGS.values.copy()
    values[np.random.default_rng(1).random(values.shape) < 0.2] = np.nan
    readings = Readings("gaps", "gaps", READINGS.names, READINGS.units, values)
    run = train_sensors(tmp_path / "run", forecaster(), sensor_data(readings, Question("forecast", "pressure")),
                        progress=False, **BRIEF)
    assert np.isfinite(run.summary["test_error"]) and run.parameters["input.weight"][6:].any()
