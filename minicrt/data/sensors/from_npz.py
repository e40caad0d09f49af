"""Readings from an NPZ file, NumPy's archive of arrays"""

import io
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.arguments import shown
from minicrt.data.reading import read_bytes
from minicrt.data.sensors.readings import (
    LARGEST,
    MISSING,
    TIME,
    Array,
    Readings,
    beside,
    check_names,
    name_and_unit,
    rate_of,
)
from minicrt.errors import DataError

TABLE, NAMES, UNITS, RATE = "values", "names", "units", "rate"
SINGLE = b"\x93NUMPY"                                        # how an NPY file begins
UNREADABLE = (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError,
              SyntaxError, RuntimeError, NotImplementedError)           # the last two: locked, or packed otherwise


def npz_readings(path: Path, name: str, source: str, labels: str | None) -> Readings:
    """See `read_readings`."""
    arrays = arrays_of(read_bytes(path), name)
    rate, columns, units = rate_in(arrays.pop(RATE, None), name), dict[str, Array](), dict[str, str]()
    for key, column in [*table_columns(arrays, name), *arrays.items()]:
        title, unit = name_and_unit(key)
        check_names([*columns, title], name)
        if column.ndim != 1:
            raise DataError(f"{name}: the array {key!r} has shape {column.shape}, expected (N,), or the name {TABLE!r} "
                            "for a table (N, C)")
        columns[title], units[title] = column, unit
    if labels is not None and labels not in columns:
        raise DataError(f"{name} has no array {labels!r}; there are: {', '.join(columns) or 'none'}")
    words = None if labels is None else texts(columns.pop(labels), labels, name)
    times = next((title for title in columns if title.lower() in TIME), None)
    if times is not None:
        found = rate_of(numbers(columns.pop(times), times, name), name)
        rate = rate or found
    if not columns:
        raise DataError(f"{name} has no array of readings{beside(labels, times)}, expected one at least")
    sizes = {len(column) for column in columns.values()} | ({len(words)} if words is not None else set())
    if len(sizes) > 1 or not min(sizes):
        raise DataError(f"{name} has arrays of {' and '.join(map(str, sorted(sizes)))} readings, expected as many of "
                        "each, and one at least")
    values = np.stack([numbers(column, title, name) for title, column in columns.items()], 1)
    return Readings(name, source, tuple(columns), tuple(units[title] for title in columns), values, rate, words)


def arrays_of(data: bytes, name: str) -> dict[str, Array]:
    refuse_single_array(data, name)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name} is no NPZ file of plain arrays: {reason}; write it with numpy.savez") from None
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray):                # of another ZIP archive, the bytes of a file in it
            raise DataError(f"{name} is no NPZ file of plain arrays: {shown(key)} in it is none; write it with "
                            "numpy.savez")
    return arrays


def refuse_single_array(data: bytes, name: str) -> None:
    """Raises DataError for what numpy.save has written, whatever the file is called."""
    if data.startswith(SINGLE):
        raise DataError(f"{name} is a single array (.npy); write it with numpy.savez as .npz, or as CSV text")


def table_columns(arrays: dict[str, Array], name: str) -> list[tuple[str, Array]]:
    """The columns of `values`, which goes, with `names` and `units`"""
    if TABLE not in arrays or arrays[TABLE].ndim == 1:
        return []
    table, names, units = arrays.pop(TABLE), arrays.pop(NAMES, None), arrays.pop(UNITS, None)
    if table.ndim != 2:
        raise DataError(f"{name}: {TABLE} has shape {table.shape}, expected (N, C)")
    C = table.shape[1]
    titles = [f"channel {k}" for k in range(C)] if names is None else [str(n) for n in np.ravel(names)]
    said = [""] * C if units is None else [str(u) for u in np.ravel(units)]
    if len(titles) != C or len(said) != C:
        raise DataError(f"{name}: {TABLE} has {C} columns, but there are {len(titles)} names and {len(said)} units")
    return [(f"{title} [{unit}]" if unit else title, table[:, k]) for k, (title, unit) in enumerate(zip(titles, said))]


def numbers(column: Array, title: str, name: str) -> Array:
    if column.dtype.kind not in "fiub":
        raise DataError(f"{name}: {title} has dtype {column.dtype}, expected numbers, NaN where one is missing")
    values = column.astype(np.float64)
    too_large = np.abs(values) > LARGEST
    if too_large.any():
        place = int(np.argmax(too_large))
        got = "infinite" if np.isinf(values[place]) else f"{values[place]:g}, beyond {LARGEST:.2g}, where float32 ends,"
        raise DataError(f"{name}: {title} is {got} at reading {place}, expected numbers, NaN where one is missing")
    return values


def texts(column: Array, title: str, name: str) -> Array:
    """Classes as texts, "" where one is missing"""
    if column.dtype.kind in "cV":
        raise DataError(f"{name}: {title} has dtype {column.dtype}, expected classes: texts, whole numbers or True and "
                        "False")
    return np.array(["" if str(value).lower() in MISSING else str(value) for value in column.ravel()])


def rate_in(rate: Any, name: str) -> float | None:
    if rate is None:
        return None
    if np.size(rate) != 1 or np.asarray(rate).dtype.kind not in "fiu" or not 0 < float(np.ravel(rate)[0]) < np.inf:
        raise DataError(f"{name}: {RATE} is {np.ravel(rate)[:3]}, expected the readings a second")
    return float(np.ravel(rate)[0])
