"""What sensors have recorded: channels side by side, with their names, units and sampling rate"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minicrt.errors import DataError

Array = np.ndarray
MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "?", "-"})          # in any case
TIME = frozenset({"time", "timestamp", "datetime", "date", "t"})                 # a column of this name is no sensor
MOST_CHANNELS = 10_000
LARGEST = float(np.finfo(np.float32).max)                    # what a model may compute with


@dataclass(frozen=True, repr=False)
class Readings:
    """N readings of C channels, one after the other.

    name      of the file, printable
    source    what `read_readings` takes to read them again, from any folder
    names, units    of each channel; "" for a unit that was not said
    values    (N, C) float64, NaN where a reading is missing
    rate      readings a second, or None where nobody knows
    labels    (N,) texts of the column that was asked for, "" where it is missing; None without
    """

    name: str
    source: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    rate: float | None = None
    labels: Array | None = None

    def __repr__(self) -> str:
        missing = 100 * np.isnan(self.values).mean() if self.values.size else 0.0
        rate = "" if self.rate is None else f" at {self.rate:g} Hz"
        return (f"<Readings {self.name}: {len(self.values):,} of {len(self.names)} channels{rate}, "
                f"{missing:.1f} % missing: {', '.join(self.names[:5])}{', …' if len(self.names) > 5 else ''}>")


def name_and_unit(title: str) -> tuple[str, str]:
    """"flow [l/min]" or "flow (l/min)" -> "flow", "l/min" """
    match = re.fullmatch(r"(.*\S)\s*[\[(]([^\[\]()]*)[\])]", title.strip())
    return (match[1].strip(), match[2].strip()) if match else (title.strip(), "")


def beside(labels: str | None, times: str | None) -> str:
    """What a recording without a channel has in their place, as its refusal says it"""
    there = [f"the classes {labels!r}"] * (labels is not None) + [f"the times {times!r}"] * (times is not None)
    return f" beside {' and '.join(there)}" if there else ""


def check_names(names: Sequence[str], where: str) -> None:
    """Raise DataError unless every channel has a name of its own."""
    if len(names) > MOST_CHANNELS:
        raise DataError(f"{where} has {len(names):,} columns, expected at most {MOST_CHANNELS:,}")
    for number, name in enumerate(names, 1):
        if not name:
            raise DataError(f"{where}: column {number} has no name; give it one in the header")
        if name in names[:number - 1]:
            raise DataError(f"{where}: two columns are called {name!r}; give each a name of its own")


def rate_of(times: Array, where: str) -> float | None:
    """Readings a second of ascending times in seconds, NaN where one is missing; None where no two are neighbours."""
    known = times[~np.isnan(times)]
    back = np.diff(known) <= 0
    if back.any():
        raise DataError(f"{where}: the times do not ascend, first after {known[int(np.argmax(back))]:.10g} s; put the "
                        "readings in order")
    steps = np.diff(times)                                   # of neighbours
    return float(1 / np.nanmedian(steps)) if not np.isnan(steps).all() else None


def read_readings(path: str | Path, labels: str | None = None) -> Readings:
    """The readings in a CSV or an NPZ file.

    CSV: a header with a name for each column, units in brackets behind it ("flow [l/min]"), then a row a reading;
    commas, semicolons or tabs in between; lines that start with # are passed over. A cell that is empty, NaN, NA, null
    or ? is a missing reading. A column called time or timestamp, in seconds, [ms] or as 2026-01-31T12:00:00, gives the
    sampling rate and is no channel.
    NPZ: arrays (N,), each a channel of that name; or `values` (N, C) with `names` and `units`; and `rate`, in Hz.

    `labels` names a column of classes, which may be words; it is no channel.
    Raises DataError for a file that cannot be read, and names the lines that hold something else than numbers.
    """
    from minicrt.data.names import address, path_of, printable
    from minicrt.data.sensors.from_csv import csv_readings
    from minicrt.data.sensors.from_npz import npz_readings

    place = path_of(path)
    read = npz_readings if place.suffix.lower() == ".npz" else csv_readings
    return read(place, printable(place.name), address(place), labels)
