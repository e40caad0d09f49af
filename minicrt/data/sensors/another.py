"""Another recording for a run: the channels that it was trained on, found by their names"""

from collections.abc import Sequence
from dataclasses import replace

from minicrt.data.sensors.data import Part, part_of
from minicrt.data.sensors.framing import Framing
from minicrt.data.sensors.readings import Readings
from minicrt.errors import DataError
from minicrt.suggestion import suggestion


def check_columns(framing: Framing, where: str, names: Sequence[str], units: Sequence[str]) -> None:
    """Raise DataError unless every channel of the framing is among `names`, in its unit or in one that is not said."""
    for name, unit in zip(framing.channels, framing.units):
        if name not in names:
            raise DataError(f"{where} has no column {name!r}, which the run reads; "
                            + suggestion(name, names, "there are"))
        other = units[names.index(name)]
        if unit and other and unit != other:
            raise DataError(f"{where} has {name} in {other}, the run was trained on {unit}; convert it, and say so in "
                            "the header")


def part_for(framing: Framing, readings: Readings) -> Part:
    """All of `readings` as a model of that framing sees them; what else the recording has is left out.

    Raises DataError where a channel, the classes or every target is missing, and for a channel in another unit.
    """
    check_columns(framing, readings.name, readings.names, readings.units)
    if framing.task == "classify" and readings.labels is None:
        raise DataError(f"{readings.name} has no classes, expected a column {framing.target!r}")
    columns = [readings.names.index(name) for name in framing.channels]
    part = part_of(replace(readings, names=framing.channels, units=framing.units, values=readings.values[:, columns]),
                   framing, slice(None))
    if not part.scored:
        known = f" of a class that the run knows ({', '.join(framing.classes[:6])})" if framing.classes else ""
        raise DataError(f"{readings.name} has nothing to score: no {framing.target}{known} in {part.size:,} readings")
    return part
