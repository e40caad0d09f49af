"""Another recording for a run: the channels that it was trained on, found by their names"""

from dataclasses import replace

from minicrt.data.sensors.data import Part, part_of
from minicrt.data.sensors.framing import Framing
from minicrt.data.sensors.readings import Readings
from minicrt.errors import DataError
from minicrt.suggestion import suggestion


def part_for(framing: Framing, readings: Readings) -> Part:
    """All of `readings` as a model of that framing sees them; what else the recording has is left out.

    Raises DataError where a channel, the classes or every target is missing, and for a channel in another unit.
    """
    for name, unit in zip(framing.channels, framing.units):
        if name not in readings.names:
            raise DataError(f"{readings.name} has no column {name!r}, which the run reads; "
                            + suggestion(name, readings.names, "there are"))
        other = readings.units[readings.names.index(name)]
        if unit and other and unit != other:
            raise DataError(f"{readings.name} has {name} in {other}, the run was trained on {unit}; convert it, and "
                            "say so in the header")
    if framing.task == "classify" and readings.labels is None:
        raise DataError(f"{readings.name} has no classes, expected a column {framing.target!r}")
    columns = [readings.names.index(name) for name in framing.channels]
    part = part_of(replace(readings, names=framing.channels, units=framing.units, values=readings.values[:, columns]),
                   framing, slice(None))
    if not part.scored:
        known = f" of a class that the run knows ({', '.join(framing.classes[:6])})" if framing.classes else ""
        raise DataError(f"{readings.name} has nothing to score: no {framing.target}{known} in {part.size:,} readings")
    return part
