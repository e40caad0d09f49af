"""Readings in three parts, as a model is trained on them and scored"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.data.sensors.framing import Framing, Question, framing_of
from minicrt.data.sensors.named import NAMED
from minicrt.data.sensors.readings import LARGEST, Readings, read_readings
from minicrt.data.streams import NOT_SCORED
from minicrt.errors import DataError

Array = np.ndarray
SHARES = (0.8, 0.9)                                          # where the training and the validation part end
LEAST = 30                                                   # readings


@dataclass(frozen=True)
class Part:
    """inputs (N, C) as the model sees them, NaN where one is missing, and targets (N, 1), or (N,) of classes"""

    inputs: Array
    targets: Array

    @property
    def size(self) -> int:
        return len(self.inputs)

    @property
    def scored(self) -> int:
        """The number of targets that are known"""
        return int(np.count_nonzero(known(self.targets)))


@dataclass(frozen=True, repr=False)
class SensorData:
    """The readings of one machine, the first 80 % to train on, the next 10 % to validate, the last 10 % to test."""

    name: str
    source: str
    framing: Framing
    train: Part
    valid: Part
    test: Part

    def __repr__(self) -> str:
        sizes = [f"{part.size:,}" for part in (self.train, self.valid, self.test)]
        return (f"<SensorData {self.name}: {self.framing.task} {self.framing.target} of "
                f"{len(self.framing.channels)} channels; {sizes[0]} readings to train on, {sizes[1]} to validate, "
                f"{sizes[2]} to test>")

    def described(self) -> dict[str, Any]:
        """What a checkpoint says of them"""
        return {"framing": self.framing.to_mapping()}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all inputs and targets"""
        digest = hashlib.sha256()
        for part in (self.train, self.valid, self.test):
            for array in (part.inputs, part.targets):
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def baseline(self, part: Part) -> float:
        """The loss of whoever says of a forecast that nothing will change, or tells the classes' shares in training.

        The first is the mean squared error of the last known reading, in the scale of the model's; the second the mean
        negative log-likelihood."""
        if self.framing.task == "classify":
            K = len(self.framing.classes)
            counts = np.bincount(self.train.targets[known(self.train.targets)], minlength=K) + 1.0
            return float(-np.log(counts / counts.sum())[part.targets[known(part.targets)]].mean())
        return unchanged(self.framing, part)


def unchanged(framing: Framing, part: Part) -> float:
    """The mean squared error of whoever forecasts the last known reading, in the scale of the model's"""
    errors = (last_known(part.inputs[:, framing.channel]) - part.targets[:, 0]) ** 2
    return float(np.nanmean(errors)) if not np.isnan(errors).all() else 0.0


def known(targets: Array) -> Array:
    return ~np.isnan(targets) if targets.dtype.kind == "f" else targets != NOT_SCORED


def last_known(column: Array) -> Array:
    """Each reading, or the last one before it that is not missing; 0, the mean, before the first"""
    places = np.maximum.accumulate(np.where(np.isnan(column), -1, np.arange(len(column))))
    return np.where(places < 0, 0.0, column[np.maximum(places, 0)])


def load_sensor_data(path: str | Path, task: str, target: str, horizon: int = 1) -> SensorData:
    """Read a CSV or NPZ file (see `read_readings`), or what has a name, and say what is asked of it.

        data = load_sensor_data("pump.csv", "forecast", "pressure", horizon=10)
        data = load_sensor_data("pump.csv", "classify", "state")

    Arguments
        path      of the file; "dosing-machine" (see `dosing_machine`) or "eeg" (four channels, which matplotlib ships)
        task      "forecast": the target `horizon` readings later, from all channels; "classify": the target's class,
                  which may be a word, from all other channels
        target    the name of a column
        horizon   in readings
    Raises DataError for a file that does not fit, ConfigurationError for a task that there is not.
    """
    question = Question(task, target, horizon)  # type: ignore[arg-type]
    return sensor_data(readings_at(path, question), question)


def readings_at(path: str | Path, question: Question) -> Readings:
    """Of a file, or of what has a name"""
    if str(path) in NAMED:
        return NAMED[str(path)]()
    return read_readings(path, question.target if question.task == "classify" else None)


def part_of(readings: Readings, framing: Framing, where: slice) -> Part:
    """No target of a part lies in the next one."""
    labels = None if readings.labels is None else readings.labels[where]
    own = replace(readings, values=readings.values[where], labels=labels)
    with np.errstate(over="ignore"):
        inputs = framing.inputs(own.values)
    check_size(inputs, own, where.start or 0)
    return Part(inputs, framing.targets(own))


def check_size(inputs: Array, readings: Readings, first: int) -> None:
    """Raise DataError for what float32 cannot hold in the model's scale; the first reading's number is `first`."""
    too_large = np.argwhere(np.abs(inputs) > LARGEST)
    if len(too_large):
        n, k = too_large[0]
        raise DataError(f"{readings.name}: {readings.names[k]} is {readings.values[n, k]:g} at reading {first + n:,}, "
                        f"{np.abs(inputs[n, k]):.2g} times its deviation in training, beyond {LARGEST:.2g}, where "
                        "float32 ends; mend it, or leave it out as missing")


def sensor_data(readings: Readings, question: Question) -> SensorData:
    """As `load_sensor_data`, of readings that are at hand"""
    N = len(readings.values)
    if N < LEAST:
        raise DataError(f"{readings.name} has {N} readings, expected {LEAST} at least")
    ends = [round(share * N) for share in SHARES]
    shortest = min(ends[1] - ends[0], N - ends[1])
    if question.horizon >= shortest:
        raise DataError(f"horizon is {question.horizon:,}, and a part of the {N:,} readings of {readings.name} has "
                        f"{shortest:,}; expected fewer, or more readings")
    framing = framing_of(readings, question, slice(0, ends[0]))
    places = [slice(a, b) for a, b in zip((0, *ends), (*ends, N))]
    parts = [part_of(readings, framing, where) for where in places]
    for part, where, what in zip(parts, places, ("training", "validation", "test")):
        if not part.scored:
            raise DataError(f"{readings.name}: {why_unscored(readings, framing, where, what)}")
    return SensorData(readings.name, readings.source, framing, *parts)


def why_unscored(readings: Readings, framing: Framing, where: slice, what: str) -> str:
    """Of a part without a target: it is missing there, or none of its classes is one of the training part."""
    if readings.labels is None or not any(readings.labels[where]):
        return f"{framing.target} is missing in the whole {what} part; take readings in which it is known"
    return (f"{framing.target} has {len(framing.classes):,} classes in the training part, of which the {what} part has "
            "none; take readings in which they come again, or for numbers the task forecast")
