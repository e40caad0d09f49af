"""What is asked of readings, and the scales by which a model sees them: what a run keeps"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from minicrt.arguments import check_kind, shown
from minicrt.configuration import Configuration, require
from minicrt.data.sensors.readings import Readings
from minicrt.data.streams import NOT_SCORED
from minicrt.errors import DataError
from minicrt.suggestion import suggestion

Array = np.ndarray
Task = Literal["forecast", "classify"]
TASKS: tuple[Task, ...] = get_args(Task)
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Question(Configuration):
    """task      "forecast": what `target` will be `horizon` readings later; "classify": which class it is now
    target    the name of a column
    """

    title: ClassVar[str] = "the question"

    task: Task
    target: str
    horizon: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.horizon >= 1, f"horizon is {self.horizon}, expected 1 reading or more")
        require(self.task == "forecast" or self.horizon == 1, "horizon is for forecasts; leave it out")


@dataclass(frozen=True)
class Framing:
    """How readings become a model's inputs and targets, and its outputs readings again.

    channels, units    the inputs, in order
    means, deviations  of each channel in the training part: the model sees (x − mean)/deviation
    classes            of classification, in order
    rate               readings a second, 0 where nobody knows
    """

    task: Task
    target: str
    horizon: int
    channels: tuple[str, ...]
    units: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    classes: tuple[str, ...]
    rate: float

    def inputs(self, values: Array) -> Array:
        """Readings (..., C) as the model sees them"""
        return (values - np.array(self.means)) / np.array(self.deviations)

    def targets(self, readings: Readings) -> Array:
        """What is to be said after each reading: (N, 1) numbers as the model sees them, or (N,) classes"""
        if self.task == "classify":
            assert readings.labels is not None
            known = {label: number for number, label in enumerate(self.classes)}
            return np.array([known.get(label, NOT_SCORED) for label in readings.labels])
        column = self.inputs(readings.values)[:, self.channel, None]
        return np.concatenate([column[self.horizon:], np.full((min(self.horizon, len(column)), 1), np.nan)])

    @property
    def channel(self) -> int:
        """The number of the target among the channels"""
        return self.channels.index(self.target)

    @property
    def unit(self) -> str:
        """Of the target"""
        return "" if self.task == "classify" else self.units[self.channel]

    @property
    def scale(self) -> float:
        """A unit of the model's target in units of the reading"""
        return self.deviations[self.channel]

    def forecast(self, y: Array) -> Array:
        """The model's numbers as readings of the target, in float64: a float32 near 100,000 is 0.008 wide"""
        return np.asarray(y, np.float64) * self.scale + self.means[self.channel]

    def to_mapping(self) -> dict[str, Any]:
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Framing":
        """What `to_mapping` gave. Raises DataError for anything else."""
        check_kind("the framing", mapping, Mapping, "a mapping")
        try:
            values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value
                                      for name, value in mapping.items()}
            made = cls(**values)
            sizes = {len(made.channels), len(made.units), len(made.means), len(made.deviations)}
            fits = len(sizes) == 1 and made.task in TASKS and all(d > 0 for d in made.deviations)
        except TypeError as error:
            raise DataError(f"what is asked of the readings is described by {shown(mapping)}: {error}") from None
        if not fits:
            raise DataError(f"what is asked of the readings is described by {shown(mapping)}, which does not fit "
                            "together")
        return made


def framing_of(readings: Readings, question: Question, training: slice) -> Framing:
    """Scales and classes of the readings' training part.

    Raises DataError where the target is not there, and where there is nothing to learn from.
    """
    if question.task == "classify" and readings.labels is None:
        raise DataError(f"{readings.name} has no classes; give the task forecast")
    if question.task == "forecast" and question.target not in readings.names:
        raise DataError(f"{readings.name} has no column {question.target!r}; "
                        + suggestion(question.target, readings.names, "there are"))
    part = readings.values[training]
    empty = [name for name, column in zip(readings.names, part.T) if np.isnan(column).all()]
    if empty:
        raise DataError(f"{readings.name}: {empty[0]} has no reading in the training part; leave the column out")
    with np.errstate(over="ignore", invalid="ignore"):
        means, deviations = np.nanmean(part, 0), np.nanstd(part, 0)
    for name, mean, deviation in zip(readings.names, means, deviations):
        if not np.isfinite([mean, deviation]).all():
            raise DataError(f"{readings.name}: the readings of {name} are too large for a deviation that is a number; "
                            "give them in another unit")
    deviations[deviations <= 1e-12 * np.abs(means)] = 1.0    # of a channel that stands still
    classes: tuple[str, ...] = ()
    if question.task == "classify":
        assert readings.labels is not None
        classes = tuple(sorted({str(label) for label in readings.labels[training]} - {""}))
        if not 2 <= len(classes) <= MOST_CLASSES:
            raise DataError(f"{readings.name}: {question.target} has {len(classes):,} classes in the training part, "
                            f"expected 2 to {MOST_CLASSES:,}; for numbers use the task forecast")
    return Framing(question.task, question.target, question.horizon, readings.names, readings.units,
                   tuple(means.tolist()), tuple(np.where(deviations > 0, deviations, 1.0).tolist()),
                   classes, readings.rate or 0.0)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
