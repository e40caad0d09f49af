"""Readings from a CSV file, with every bad row named by its line"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from minicrt.arguments import shown
from minicrt.data.decoding import text_of
from minicrt.data.names import printable
from minicrt.data.reading import read_bytes
from minicrt.data.sensors.from_npz import refuse_single_array
from minicrt.data.sensors.readings import LARGEST, MISSING, TIME, Readings, beside, check_names, name_and_unit, rate_of
from minicrt.errors import DataError

SHOWN = 3                                                    # bad rows that a message names


def csv_readings(path: Path, name: str, source: str, labels: str | None) -> Readings:
    """See `read_readings`."""
    rows = rows_of(text_in(path), name)
    try:
        line, header = next(rows)
    except StopIteration:
        raise DataError(f"{name} holds no header; begin it with a line of column names") from None
    titles = [name_and_unit(title) for title in header]
    names = [title for title, _ in titles]
    check_names(names, name)
    if labels is not None and labels not in names:
        raise DataError(f"{name} has no column {labels!r}; there are: {', '.join(names)}")
    times = next((k for k, title in enumerate(names) if title.lower() in TIME and title != labels), None)
    label = None if labels is None else names.index(labels)
    channels = [k for k in range(len(names)) if k not in (times, label)]
    if not channels:
        alone = beside(labels, None if times is None else names[times])
        raise DataError(f"{name} has no column of readings{alone}, expected one at least")
    parsed, bad = list[list[float]](), list[str]()
    words, stamps = list[str](), list[float]()
    for line, row in rows:
        try:
            parsed.append(numbers(row, names, channels))
            words.append("" if label is None or row[label].strip().lower() in MISSING else row[label].strip())
            stamps.append(np.nan if times is None else seconds(row[times], titles[times]))
        except ValueError as error:
            bad.append(f"line {line}: {error}")
    if bad:
        more = f"; and {len(bad) - SHOWN:,} more bad rows" if len(bad) > SHOWN else ""
        raise DataError(f"{name}, {'; '.join(bad[:SHOWN])}{more}; mend or remove what is no reading")
    if not parsed:
        raise DataError(f"{name} has a header and no readings")
    return Readings(name, source, tuple(names[k] for k in channels), tuple(titles[k][1] for k in channels),
                    np.array(parsed), rate_of(np.array(stamps), name), None if label is None else np.array(words))


def text_in(path: Path) -> str:
    """Raises DataError for what is no text, with the formats that are read."""
    data, name = read_bytes(path), printable(path)
    refuse_single_array(data, name)
    try:
        return text_of(data, name)
    except DataError as error:
        raise DataError(f"{error}; readings are read from CSV text, or from NPZ in a file named .npz") from None


def rows_of(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of the header and every reading"""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if row and not row[0].startswith("#") and (len(row) > 1 or row[0].strip()):
                yield reader.line_num, row
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: {error}; expected comma-separated values") from None


def numbers(row: list[str], names: list[str], channels: list[int]) -> list[float]:
    """The cells that are readings. Raises ValueError, which says why, where one is none."""
    if len(row) != len(names):
        raise ValueError(f"{len(row)} cells, the header has {len(names)}")
    return [number(row[k], names[k]) for k in channels]


def number(cell: str, name: str) -> float:
    text = cell.strip()
    if text.lower() in MISSING:
        return np.nan
    try:
        value = plain_number(text)
    except ValueError:
        raise ValueError(f"{name} is {shown(text)}, expected a number, or nothing where it is missing") from None
    if abs(value) > LARGEST:
        got = "infinite" if np.isinf(value) else f"{shown(text)}, beyond {LARGEST:.2g}, where float32 ends"
        raise ValueError(f"{name} is {got}, expected a number, or nothing where it is missing")
    return value


def plain_number(text: str) -> float:
    """Raises ValueError for what other programs would not read as Python does: 1_0, and digits of other scripts."""
    if not text.isascii() or "_" in text:
        raise ValueError
    return float(text)


def seconds(cell: str, title: tuple[str, str]) -> float:
    """A time in seconds: a number, in ms if the unit says so, or a date and time"""
    text, (name, unit) = cell.strip(), title
    if text.lower() in MISSING:
        return np.nan
    try:
        time = plain_number(text) * (1e-3 if unit == "ms" else 1)
    except ValueError:
        pass
    else:
        if np.isinf(time):
            raise ValueError(f"{name} is infinite, expected seconds")
        return time
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is {shown(text)}, expected seconds or a time as 2026-01-31T12:00:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
