"""A stream of readings is the model over segments; what is no reading leaves it as it was"""

import numpy as np
import pytest

from minicrt.data.sensors import Question, dosing_machine, sensor_data
from minicrt.errors import CheckpointError, ConfigurationError, InputError
from minicrt.inference import SensorStream, Stream
from minicrt.inference.sensor_stream import FORM
from minicrt.models import MODELS, create_sensor_model
from minicrt.sealed import opened, sealed

READINGS = dosing_machine(np.random.default_rng(0), 300)
FRAMING = sensor_data(READINGS, Question("forecast", "pressure", 4)).framing
CLASSES = sensor_data(READINGS, Question("classify", "recipe")).framing


def prepared(model="crt", task="regression", dtype=np.float64, engine="numpy", seed=1):
    if engine == "numba":
        pytest.importorskip("numba")
    sizes = {"width": 8, "layers": 1, "segment_length": 5, "engine": engine}
    stack = {} if model in ("recurrent", "linear_recurrent", "s4d", "mamba") else {"heads": 2, "inner": 8}
    made = create_sensor_model(6, 1 if task == "regression" else 2, task, model, **sizes, **stack)
    rng = np.random.default_rng(seed)
    parameters = made.initialize(rng, dtype)
    parameters.flat += 0.1 * rng.standard_normal(parameters.size).astype(dtype)
    return made, parameters


def gappy(count=17):
    values = READINGS.values[:17].copy()
    values[3, 1] = values[9] = np.nan
    return values[:count]


def place(stream):
    """Where it is, to the bit; the order inside of what `save` gives is its library's"""
    return {name: array.tobytes() for name, array in opened(stream.save(), FORM, "it", "a stream")[0].items()}


def forged(saved, **changes):
    """As `save` gives it, with other things in it; None for nothing"""
    arrays, metadata = opened(saved, FORM, "it", "a stream")
    whole = {**arrays, **metadata, **changes}
    return sealed({name: x for name, x in whole.items() if isinstance(x, np.ndarray)},
                  {name: x for name, x in whole.items() if isinstance(x, str) and name in ("run", "readings")}, FORM)


def test_what_float32_cannot_hold_is_no_reading():
    made, parameters = prepared(dtype=np.float32)
    stream, same = (SensorStream(made, parameters, FRAMING) for _ in range(2))
    with pytest.raises(InputError, match="sine is 1e[+]300, which is more than float32 can hold"):
        stream.step([1, 2, 1e300, 4, 5, 6])
    assert stream.step(READINGS.values[7]) == same.step(READINGS.values[7])
    with pytest.raises(InputError, match="a number beyond 3.4e[+]38, where float32 ends"):
        made.logits(parameters, np.full((1, 2, 6), -1e300), {})


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("engine, dtype, tolerance", [
    ("numpy", np.float64, 1e-12), ("numba", np.float32, 1e-5),
    pytest.param("numba", np.float64, 1e-12, marks=pytest.mark.exhaustive)])     # half a minute to compile
def test_every_prediction_is_that_of_the_segments(model, engine, dtype, tolerance):
    made, parameters = prepared(model, dtype=dtype, engine=engine)
    stream, values, state = SensorStream(made, parameters, FRAMING), gappy(), {}
    for first in range(0, 17, 5):
        y, state = made.logits(parameters, FRAMING.inputs(values[None, first:first + 5]), state)
        for expected, reading in zip(FRAMING.forecast(y[0, :, 0]), values[first:first + 5]):
            found = stream.step(reading)
            assert isinstance(found, float) and found == pytest.approx(expected, rel=tolerance)
    assert stream.readings == 17 and "17 readings in" in repr(stream)
    stream.reset()
    assert stream.feed(values) == found


def test_classes_are_probabilities_and_bare_numbers_the_model_s():
    made, parameters = prepared(task="classification")
    p = SensorStream(made, parameters, CLASSES).feed(gappy())
    y = SensorStream(made, parameters).feed(CLASSES.inputs(gappy()))
    assert p.shape == (2,) and p.sum() == pytest.approx(1)
    np.testing.assert_allclose(p, np.exp(y) / np.exp(y).sum(), rtol=1e-12)


def test_by_name_what_is_left_out_is_missing():
    made, parameters = prepared()
    stream, same = (SensorStream(made, parameters, FRAMING) for _ in range(2))
    named = {"pressure": 3.0, "sine": None, "temperature": 61}
    assert stream.step(named) == same.step([None, 3.0, np.nan, np.nan, 61.0, float("nan")])


@pytest.mark.parametrize("wrong, words", [
    ("3.0", "the reading is a str, expected 6 numbers: dose"), (3.0, "is a float, expected 6 numbers"),
    ([1.0] * 5, "has 5 numbers, expected 6"), ([1, 2, "three", 4, 5, 6], "sine is 'three', expected a number"),
    ([1, 2, np.inf, 4, 5, 6], "sine is inf"), ([1, 2, -1.7e308, 4, 5, 6], "sine is -1.7e+308, which is more"),
    ([1, 2, True, 4, 5, 6], "sine is True"), (None, "is None"),
    ([1, 2, 1j, 4, 5, 6], "sine is 1j"), ({"pressur": 1.0}, "did you mean 'pressure'")])
def test_what_is_no_reading_leaves_the_stream_as_it_was(wrong, words):
    made, parameters = prepared()
    stream, same = (SensorStream(made, parameters, FRAMING) for _ in range(2))
    before = stream.feed(gappy(7)), same.feed(gappy(7))
    kept = place(stream)
    for use in (lambda: stream.step(wrong), lambda: stream.feed([READINGS.values[7], wrong])):
        with pytest.raises(InputError) as caught:
            use()
        assert words in str(caught.value) and "\n" not in str(caught.value)
    assert place(stream) == kept and before[0] == before[1] and stream.readings == 7
    assert stream.step(READINGS.values[7]) == same.step(READINGS.values[7])


@pytest.mark.parametrize("after", [1, 5, 7])
def test_a_saved_stream_goes_on_with_the_same_bits(after):
    made, parameters = prepared(engine="numba", dtype=np.float32)
    stream, later = (SensorStream(made, parameters, FRAMING) for _ in range(2))
    stream.feed(gappy(after))
    later.restore(stream.save())
    assert later.readings == after
    assert [stream.step(r) for r in gappy()] == [later.step(r) for r in gappy()]


def test_what_save_did_not_write_is_refused():
    made, parameters = prepared()
    stream = SensorStream(made, parameters, FRAMING)
    stream.feed(gappy(7))
    saved, before = stream.save(), place(stream)
    other = SensorStream(*prepared(seed=2), FRAMING)
    for wrong, error in ((saved[:-1], CheckpointError), (b"", CheckpointError), (None, InputError),
                         (other.save(), InputError), (SensorStream(made, parameters).save(), InputError),
                         *((forged(saved, **change), InputError) for change in (
                             {"segment": None}, {"segment": np.zeros((1, 5))}, {"segment": np.full((1, 6), np.inf)},
                             {"segment": np.zeros((1, 6), np.float32)}, {"segment": np.zeros((99, 6))},
                             {"readings": "many"}))):
        with pytest.raises(error):
            stream.restore(wrong)
    assert place(stream) == before


def test_what_does_not_go_together():
    made, parameters = prepared()
    with pytest.raises(InputError, match="got no readings"):
        SensorStream(made, parameters).feed([])
    with pytest.raises(InputError, match="SensorStream runs it"):
        Stream(made, parameters)
    with pytest.raises(ConfigurationError, match="the framing is of 5 channels, the model of 6"):
        five = sensor_data(READINGS, Question("forecast", "pressure")).framing.to_mapping()
        five |= {key: five[key][:5] for key in ("channels", "units", "means", "deviations")}
        SensorStream(made, parameters, type(FRAMING).from_mapping(five))
