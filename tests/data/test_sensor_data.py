"""What is asked of readings: targets, scales, parts, rows of a stream; the machine that explains itself late"""

import numpy as np
import pytest

from minicrt.data.sensors import (
    Framing,
    Question,
    Readings,
    ReadingStream,
    dosing_machine,
    load_sensor_data,
    sensor_data,
)
from minicrt.errors import ConfigurationError, DataError, InputError


def recorded(values, labels=None, names="abcdefgh"):
    names = tuple(names[:values.shape[1]])
    words = None if labels is None else np.array(labels)
    return Readings("made", "", names, ("bar",) * len(names), values, 10.0, words)


VALUES = np.random.default_rng(0).normal(5, 2, (100, 3))


def test_a_forecast_is_the_target_later_and_no_part_sees_the_next():
    values = VALUES.copy()
    values[7, 1] = np.nan
    data = sensor_data(recorded(values), Question("forecast", "b", 4))
    assert [part.size for part in (data.train, data.valid, data.test)] == [80, 10, 10]
    mean, deviation = np.nanmean(values[:80], 0), np.nanstd(values[:80], 0)
    np.testing.assert_allclose(data.valid.inputs, (values[80:90] - mean) / deviation)
    np.testing.assert_allclose(data.train.targets[:76, 0], data.train.inputs[4:, 1])
    for part in (data.train, data.valid, data.test):
        assert np.isnan(part.targets[-4:]).all() and np.isnan(part.targets[:-4]).sum() == (part is data.train)
    assert data.framing.forecast(data.valid.targets[:6, 0]) == pytest.approx(values[84:90, 1])
    assert data.framing.unit == "bar" and data.framing.rate == 10
    assert Framing.from_mapping(data.framing.to_mapping()) == data.framing
    last = (data.test.inputs[:6, 1] - data.test.targets[:6, 0]) ** 2
    assert data.baseline(data.test) == pytest.approx(last.mean())


def test_classes_are_those_of_the_training_part():
    labels = ["on", "off"] * 40 + ["on"] * 5 + ["broken"] * 5 + [""] + ["off"] * 9
    data = sensor_data(recorded(VALUES, labels), Question("classify", "state"))
    assert data.framing.classes == ("off", "on") and data.framing.unit == ""
    assert data.valid.targets.tolist() == [1] * 5 + [-1] * 5 and data.test.targets.tolist() == [-1] + [0] * 9
    assert data.baseline(data.test) == pytest.approx(np.log(2))


def test_a_channel_that_stands_still_is_no_division_by_zero():
    values = VALUES.copy()
    values[:, 2] = 1e6
    data = sensor_data(recorded(values), Question("forecast", "a"))
    assert np.isfinite(data.train.inputs).all() and not data.train.inputs[:, 2].any()


def test_a_reading_that_its_scale_makes_too_large_is_named():
    values = 1e-10 * VALUES
    values[93, 1] = -1e30
    with pytest.raises(DataError, match=r"^made: b is -1e\+30 at reading 93, .*e\+39 times its deviation in training"):
        sensor_data(recorded(values), Question("forecast", "a"))


def test_what_cannot_be_asked():
    def refused(values, question, words, labels=None):
        with pytest.raises((DataError, ConfigurationError), match=words):
            sensor_data(recorded(values, labels), question())

    missing = VALUES.copy()
    missing[:80, 1] = np.nan
    refused(missing, lambda: Question("forecast", "a"), "b has no reading in the training part")
    refused(VALUES * 1e305, lambda: Question("forecast", "a"), "the readings of a are too large")
    late = VALUES.copy()
    late[80:, 0] = np.nan
    refused(late, lambda: Question("forecast", "a"), "a is missing in the whole validation part")
    refused(VALUES, lambda: Question("forecast", "pressure"), "no column 'pressure'; there are: a, b, c")
    refused(VALUES, lambda: Question("classify", "a"), "has no classes")
    refused(VALUES, lambda: Question("classify", "state"), "1 classes .* expected 2", ["on"] * 100)
    refused(VALUES, lambda: Question("classify", "state"), "state is missing in the whole test part",
            ["on", "off"] * 45 + [""] * 10)
    refused(VALUES, lambda: Question("classify", "state"), "state has 80 classes in the training part, of which the "
            "validation part has none; take .* or for numbers the task forecast", [*map(str, range(100))])
    refused(VALUES[:20], lambda: Question("forecast", "a"), "20 readings, expected 30")
    refused(VALUES, lambda: Question("predict", "a"), "task is 'predict'")
    refused(VALUES, lambda: Question("forecast", "a", 0), "horizon is 0")
    refused(VALUES, lambda: Question("classify", "a", 2), "horizon is for forecasts")
    refused(VALUES, lambda: Question("forecast", "a", 30), "horizon is 30, and a part of the")


def test_rows_follow_and_what_is_left_over_is_missing():
    data = sensor_data(recorded(VALUES), Question("forecast", "a"))
    stream = ReadingStream(data.train, 3, 8, "the training part")
    segments = list(stream)
    inputs, targets = (np.concatenate([segment[k] for segment in segments], 1) for k in (0, 1))
    assert inputs.shape == (3, 27, 3) and len(stream) == 4 and segments[-1][0].shape[1] == 3
    np.testing.assert_array_equal(inputs.reshape(81, 3)[:80], data.train.inputs)
    np.testing.assert_array_equal(targets.reshape(81)[:80], data.train.targets[:, 0])
    assert np.isnan(inputs[2, -1]).all() and np.isnan(targets[2, -1]) and stream.predictions == data.train.scored == 79
    with pytest.raises(DataError, match="in 9 rows that is 9 each, fewer than one segment of 10"):
        ReadingStream(data.train, 9, 10, "the training part")


def test_the_machine_explains_itself_late_and_nowhere_else():
    readings = dosing_machine(np.random.default_rng(1), 6400)
    dose, pressure = readings.values[:, 0].reshape(-1, 64), readings.values[:, 1].reshape(-1, 64)
    rich = dose[:, 0] == 60
    assert set(dose[:, 0]) == {40, 60} and not dose[:, 1:].any() and 0.3 < rich.mean() < 0.7
    assert (readings.labels.reshape(-1, 64) == np.where(rich, "rich", "lean")[:, None]).all()
    np.testing.assert_allclose(pressure[rich, 48:].mean(), 4, atol=0.02)
    np.testing.assert_allclose(pressure[~rich, 48:].mean(), 2, atol=0.02)
    between = readings.values.reshape(100, 64, 6)[:, 1:48].reshape(100, -1)
    centred = between - between.mean(0)
    found = np.abs(centred.T @ (rich - rich.mean())) / (100 * between.std(0).clip(1e-9) * rich.std())
    assert found[between.std(0) > 1e-9].max() < 0.5          # of chance: 1/√100, the largest of some hundred
    again = dosing_machine(np.random.default_rng(1), 6400)
    assert again.values.tobytes() == readings.values.tobytes()
    with pytest.raises(InputError, match="delay is 64, expected less than the period, 64"):
        dosing_machine(np.random.default_rng(1), delay=64)


def test_readings_with_a_name():
    data = load_sensor_data("dosing-machine", "classify", "recipe")
    assert data.framing.classes == ("lean", "rich") and data.framing.rate == 10
    data = load_sensor_data("eeg", "forecast", "PG5")
    assert data.framing.channels == ("PG3", "PG5", "PG7", "PG9") and data.train.size == 640
    assert repr(data) == ("<SensorData eeg: forecast PG5 of 4 channels; 640 readings to train on, 80 to validate, "
                          "80 to test>")
