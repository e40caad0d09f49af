"""A trained model of sensor readings as a stream: a reading in, a prediction out, in constant memory"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import NoneType
from typing import Any

import numpy as np

from minicrt.arguments import check_iterable, check_kind, is_number, kind_of, shown
from minicrt.data.sensors import Framing
from minicrt.errors import ConfigurationError, InputError
from minicrt.inference.fingerprint import fingerprint
from minicrt.inference.steps import steps_of
from minicrt.models import Parameters, SensorModel, State, sensor_mapping
from minicrt.models.inputs import check_parameters, check_state
from minicrt.sealed import opened, sealed
from minicrt.suggestion import suggestion

Array = np.ndarray
FORM = "minicrt sensor stream 1"


class SensorStream:
    """Run a model reading by reading, over segments as it was trained on.

        run = load_sensor_run("runs/pump")
        stream = SensorStream(run.model, run.parameters, run.framing)
        stream.step([3.1, 0.0, 61.5])                        # a float: the forecast, in the target's unit
        stream.step({"pressure": 3.1, "temperature": 61.5})  # what is left out, None or NaN is missing
        later.restore(stream.save())                         # another stream of the run goes on with the same bits

    Arguments
        model, parameters    the model, and weights of it
        framing              of the run: readings come in their units, and predictions as a forecast in the target's, or
                             as the classes' probabilities (K,) in the order of `framing.classes`. None: readings (C,)
                             as the model sees them, and its outputs (K,)

    A reading that is missing is told to the model as such. Raises InputError, in one line, for a reading that is text,
    infinite, larger than the weights' type can hold, or not of C channels, and for what `save` did not write, or wrote
    of another run; the stream is then as it was.
    """

    def __init__(self, model: SensorModel, parameters: Parameters, framing: Framing | None = None) -> None:
        check_kind("model", model, SensorModel, "a model of sensor readings; make one with create_sensor_model")
        check_parameters(model, parameters)
        check_kind("framing", framing, (Framing, NoneType), "the run's framing, run.framing, or None")
        if framing is not None and len(framing.channels) != model.channels:
            raise ConfigurationError(f"the framing is of {len(framing.channels)} channels, the model of "
                                     f"{model.channels}; take both from one run")
        self.model, self.parameters, self.framing = model, parameters, framing
        self._steps = steps_of(model.encoder, parameters, 1)
        layers = self._steps.layers
        self._input = layers.Linear(model.engine, 1, parameters, "input.weight")
        self._output = layers.Output(model.engine, 1, parameters, "output.weight")
        self._both = np.empty((1, 1, 2 * model.channels), parameters.dtype)      # [x̃, m]
        self._segment = np.empty((model.config.segment_length, model.channels), parameters.dtype)
        self.reset()

    def __repr__(self) -> str:
        return f"<SensorStream, {self.readings:,} readings in, of {self.model!r}>"

    def reset(self) -> None:
        """Back to the start of a recording"""
        self._start_segment({})
        self.readings = 0                                    # read so far

    def step(self, reading: Iterable[float | None] | Mapping[str, float | None]) -> Any:
        """The prediction after one more reading, a number for each channel in order, or by its name"""
        return self._predicted(self._step(self._seen(reading)))

    def feed(self, readings: Iterable[Any]) -> Any:
        """The prediction after some more readings; nothing is read if one of them is none."""
        check_iterable("readings", readings, "the readings, one after the other")
        seen = [self._seen(reading) for reading in readings]
        if not seen:
            raise InputError("got no readings, expected one at least")
        for values in seen:
            y = self._step(values)
        return self._predicted(y)

    def save(self) -> bytes:
        """Where the stream is: the state at the running segment's start, and the segment's readings so far"""
        arrays = {f"state.{name}": array for name, array in self._state.items()}
        arrays["segment"] = self._segment[:self._row]
        return sealed(arrays, {"run": self._fingerprint, "readings": str(self.readings)}, FORM)

    def restore(self, saved: bytes) -> None:
        """Go on from what `save` returned, of this run; the running segment's readings are run again."""
        check_kind("saved", saved, (bytes, bytearray, memoryview), "the bytes that save() returned")
        arrays, metadata = opened(bytes(saved), FORM, "what is to be restored", "what SensorStream.save() returned")
        if metadata.get("run") != self._fingerprint:
            raise InputError("what is to be restored is of another model, other weights or other scales; make the "
                             "stream of the run that it was saved with")
        segment, readings = self._checked_segment(arrays.pop("segment", None)), metadata.get("readings", "")
        if not readings.isdecimal():
            raise InputError(f"what is to be restored has read {readings!r} readings, expected a whole number; save it "
                             "again")
        state = State({name.removeprefix("state."): array for name, array in arrays.items()})
        check_state(self.model, 1, state)
        self._start_segment(state)
        for values in segment:
            self._step(values)
        self.readings = int(readings)

    def _checked_segment(self, segment: Array | None) -> Array:                  # -> (at most T, C)
        expected = self._segment
        if segment is None or segment.dtype != expected.dtype or segment.shape[1:] != expected.shape[1:] or \
                len(segment) > len(expected) or np.isinf(segment).any():
            got = "nothing" if segment is None else f"{segment.dtype} of shape {segment.shape}"
            raise InputError(f"what is to be restored has {got} for its segment, expected {expected.dtype} of shape "
                             f"(at most {expected.shape[0]}, {expected.shape[1]}), none infinite; save it again")
        return segment

    def _start_segment(self, state: State) -> None:
        self._state, self._row = state, 0
        self._steps.begin(state)

    def _step(self, values: Array) -> Array:                 # (C,) as the model sees them -> (K,)
        if self._row == len(self._segment):
            self._start_segment(self._steps.end())
        self._segment[self._row] = values
        self._row += 1
        self.readings += 1
        missing, C = np.isnan(values), self.model.channels
        self._both[0, 0, :C], self._both[0, 0, C:] = np.where(missing, 0, values), missing
        e = self._input(self._both) + self.parameters["input.bias"]
        return self._output(self._steps.step(e))[0].copy()

    def _predicted(self, y: Array) -> Any:
        if self.framing is None:
            return y
        if self.framing.task == "classify":
            p = np.exp(y - y.max())
            return p / p.sum()
        return float(self.framing.forecast(y)[0])

    def _seen(self, reading: Any) -> Array:
        """A reading as the model sees it, (C,) float64. Raises InputError where it is none."""
        names = self.framing.channels if self.framing else tuple(map(str, range(self.model.channels)))
        if isinstance(reading, Mapping):
            for name in reading:
                if name not in names:
                    raise InputError(f"the reading has a channel {shown(name)}; {suggestion(name, names, 'there are')}")
            reading = [reading.get(name) for name in names]
        if isinstance(reading, str | bytes) or not isinstance(reading, Iterable):
            raise InputError(f"the reading is {kind_of(reading)}, expected {len(names)} numbers: {', '.join(names[:6])}"
                             f"{', …' if len(names) > 6 else ''}")
        given = list(reading)
        if len(given) != len(names):
            raise InputError(f"the reading has {len(given)} numbers, expected {len(names)}: {', '.join(names[:6])}"
                             f"{', …' if len(names) > 6 else ''}")
        values = np.array([number(value, name) for value, name in zip(given, names)])
        with np.errstate(over="ignore"):
            seen = values if self.framing is None else self.framing.inputs(values)
        for value, scaled, name in zip(given, seen, names):
            if abs(scaled) > np.finfo(self._both.dtype).max:
                raise InputError(f"{name} is {shown(value)}, which is more than {self._both.dtype} can hold; expected "
                                 "a smaller number, or None or NaN where it is missing")
        return seen

    @cached_property
    def _fingerprint(self) -> str:
        framing = None if self.framing is None else self.framing.to_mapping()
        return fingerprint([sensor_mapping(self.model), framing], self.parameters)


def number(value: Any, name: str) -> float:
    """A reading of a channel; NaN where it is missing"""
    if value is None or isinstance(value, float | np.floating) and np.isnan(value):
        return np.nan
    if not is_number(value):
        raise InputError(f"{name} is {shown(value)}, expected a number, or None or NaN where it is missing")
    return float(value)
