"""Arrays out of files that anybody may have written: each thing that can be wrong with them is one clear line

All functions here raise ConformanceError: what was found, what was expected. NaN and infinity are values like others.
"""

import io
import math
import tokenize
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from minicrt.arguments import kind_of, shown
from minicrt.documents import DocumentError, json_document
from minicrt.errors import ConformanceError
from minicrt.files import read_regular

Array = np.ndarray

DTYPES = {"float16": "F16", "float32": "F32", "float64": "F64", "int32": "I32", "int64": "I64", "bool": "BOOL"}
"""The dtypes that are read, and what safetensors calls them."""
MOST_DIMENSIONS = 32                                         # NumPy 2 takes 64, other libraries half as many
LARGEST = 2 ** 48                                            # product of the sizes of an empty array; NumPy's overflows


@dataclass(frozen=True)
class Entry:
    """Where a tensor stands in a .bin file; `row` is the line of JSON that says so."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    offset: int
    row: dict[str, Any]

    @property
    def size(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_bytes(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        raise ConformanceError(f"cannot read {path}: {error.strerror or error}") from error


def parse_json(text: bytes, where: str) -> dict[str, Any]:
    """The object that `text` is."""
    try:
        document = json_document(text)
    except DocumentError as error:
        raise ConformanceError(f"{where} {error}") from error
    if not isinstance(document, dict):
        raise ConformanceError(f"{where} holds {kind_of(document)}, expected an object {{...}}")
    return document


def entries_of(document: dict[str, Any], where: str) -> list[Entry]:
    """The rows of "tensors", of which name, dtype, shape and offset are needed."""
    rows = document.get("tensors")
    if not isinstance(rows, list):
        raise ConformanceError(f"{where} has no list \"tensors\" with name, dtype, shape and offset of each tensor")
    entries = [entry_of(row, where) for row in rows]
    names = [entry.name for entry in entries]
    for name, number in Counter(names).items():
        if number > 1:
            raise ConformanceError(f"{where} has the tensor {name} twice; give every name once")
    return entries


def entry_of(row: Any, where: str) -> Entry:
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(name, str) or not name:
        raise ConformanceError(f"{where}: a row of \"tensors\" is {shown(row)}, expected an object with a name")
    dtype, shape, offset = row.get("dtype"), row.get("shape"), row.get("offset")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ConformanceError(f"{where}: {name} has dtype {shown(dtype)}, expected one of {', '.join(DTYPES)}")
    check_shape(shape, f"{where}: {name}")
    if not is_count(offset):
        raise ConformanceError(f"{where}: {name} has offset {shown(offset)}, expected the number of bytes in front "
                               "of it")
    entry = Entry(name, np.dtype(dtype), tuple(shape), offset, row)
    if row.get("bytes", entry.size) != entry.size:
        raise ConformanceError(f"{where}: {name} has {shown(row['bytes'])} bytes, but {dtype} of shape {shape} takes "
                               f"{entry.size}")
    return entry


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_shape(shape: Any, where: str) -> None:
    """Raise ConformanceError unless `shape` is one that an array can have."""
    if not isinstance(shape, list | tuple) or not all(is_count(size) for size in shape):
        raise ConformanceError(f"{where} has shape {shown(shape)}, expected a list of sizes such as [2, 3]")
    if len(shape) > MOST_DIMENSIONS:
        raise ConformanceError(f"{where} has {len(shape)} dimensions, expected at most {MOST_DIMENSIONS}")
    if 0 in shape and math.prod(max(size, 1) for size in shape) > LARGEST:     # it has no bytes that might be missing
        raise ConformanceError(f"{where} has shape {shown(shape)}, expected sizes whose product is at most {LARGEST:,}")


def arrays_in(data: bytes, entries: Iterable[Entry], where: str) -> dict[str, Array]:
    """The tensors of a .bin file."""
    arrays = {}
    for entry in entries:
        end = entry.offset + entry.size
        if end > len(data):
            raise ConformanceError(f"{where}: {entry.name} should end at byte {end}, but the file has {len(data)}; it "
                                   "is cut short, or shape or offset in case.json is wrong")
        flat = np.frombuffer(data[entry.offset:end], entry.dtype.newbyteorder("<"))
        arrays[entry.name] = flat.reshape(entry.shape).astype(entry.dtype)
    return arrays


def from_bin(data: bytes, text: bytes, where: str) -> dict[str, Array]:
    """The tensors of tensors.bin and case.json."""
    return arrays_in(data, entries_of(parse_json(text, f"{where}/case.json"), f"{where}/case.json"),
                     f"{where}/tensors.bin")


def from_safetensors(data: bytes, where: str) -> dict[str, Array]:
    """The tensors of a safetensors file. The library judges its lengths; what it does not, is judged here."""
    end = 8 + int.from_bytes(data[:8], "little")
    if len(data) < 8 or end > len(data):
        raise ConformanceError(f"{where} has {len(data)} bytes, which do not hold a whole header; it is cut short "
                               "or no safetensors file")
    for name, row in parse_json(data[8:end], f"the header of {where}").items():
        dtype = row.get("dtype") if isinstance(row, dict) else None
        if name != "__metadata__" and dtype not in DTYPES.values():
            raise ConformanceError(f"{where}: {name} has dtype {shown(dtype)}, expected one of "
                                   f"{', '.join(DTYPES.values())}")
        if name != "__metadata__":
            check_shape(row.get("shape"), f"{where}: {name}")
    try:
        return load(data)
    except SafetensorError as error:
        raise ConformanceError(f"{where} is cut short or damaged: {error}") from error


def from_npy(data: bytes, where: str) -> Array:
    """The array of a .npy file. Its header is read first, so that one that lies about the size costs no memory."""
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if reader is None:
            raise ConformanceError(f"{where} has version {version} of the .npy format, expected (1, 0) or (2, 0)")
        shape, fortran, dtype = reader(file)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError, tokenize.TokenError) as error:
        reason = " ".join(str(error).split())                # NumPy's own may take several lines
        raise ConformanceError(f"{where} is no .npy file, or its header is damaged: {reason}") from error
    if dtype.name not in DTYPES:
        raise ConformanceError(f"{where} has dtype {dtype}, expected one of {', '.join(DTYPES)}")
    check_shape(shape, where)
    size, left = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if size != left:
        raise ConformanceError(f"{where} has {left} bytes of data, but {dtype} of shape {shape} takes {size}; it is "
                               "cut short or damaged")
    flat = np.frombuffer(data, dtype, offset=file.tell())
    return flat.reshape(shape, order="F" if fortran else "C").astype(dtype.newbyteorder("="))
