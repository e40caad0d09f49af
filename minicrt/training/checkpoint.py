"""Checkpoint files: one safetensors file, written atomically, of which every byte is verified when it is read.

safetensors checks that the lengths add up but not what the bytes are. So the metadata holds the SHA-256 of the whole
file, taken with the 64 places of the digest itself set to zeros; a file that lost its end or a single bit is refused
before anything in it is used.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from minicrt.atomic import write_atomically
from minicrt.errors import CheckpointError
from minicrt.files import expanded, read_regular
from minicrt.models.parameters import Parameters

Array = np.ndarray
FORMAT = "minicrt checkpoint 1"
BLANK = b"0" * 64
MARK = b'"sha256":"'                     # cannot occur inside a metadata value: there its quotes are escaped


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds. `arrays` by name, `metadata` strings by name; `path` is where it was read."""

    path: Path
    arrays: dict[str, Array]
    metadata: dict[str, str]

    def group(self, prefix: str) -> dict[str, Array]:
        """The arrays named `prefix` + something, by that something."""
        return {name[len(prefix):]: array for name, array in self.arrays.items() if name.startswith(prefix)}

    def described(self, name: str) -> dict[str, Any]:
        """The mapping that the metadata hold under `name` as JSON. Raises CheckpointError if they do not."""
        try:
            mapping = json.loads(self.metadata[name])
        except (LookupError, ValueError, RecursionError):
            mapping = None
        if not isinstance(mapping, dict):
            raise CheckpointError(f"{self.path} lacks {name!r}, which the checkpoint of a run has; give that of a run")
        return mapping

    def fill(self, prefix: str, parameters: Parameters) -> None:
        """Copy the tensors `prefix` + name into `parameters`. Raises CheckpointError unless table and file agree."""
        tensors = self.group(prefix)
        for name in [*tensors, *parameters]:
            if name not in tensors or name not in parameters:
                side = "in the model but not in the file" if name not in tensors else "in the file but not the model"
                raise CheckpointError(f"{self.path}: {name!r} is {side}; the checkpoint is of another configuration")
            got, expected = tensors[name], parameters[name]
            if got.shape != expected.shape or got.dtype != expected.dtype:
                raise CheckpointError(
                    f"{self.path}: {name!r} is {got.dtype} {got.shape}, the model has {expected.dtype} "
                    f"{expected.shape}; the checkpoint is of another configuration")
            parameters[name] = got


def write_checkpoint(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write `arrays` and `metadata` to `path`, atomically. Reading it back gives the same bits.

    Raises CheckpointError if it cannot be written (a full disk, say); what stood at `path` is then still there.
    """
    strings = {**metadata, "format": FORMAT, "sha256": BLANK.decode()}
    data = bytearray(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, strings))
    where = digest_place(data)
    assert where is not None
    data[where] = hashlib.sha256(data).hexdigest().encode()
    try:
        write_atomically(path, bytes(data))
    except OSError as error:
        raise CheckpointError(f"cannot write the checkpoint {path}: {error.strerror}; the old one is kept") from error


def read_checkpoint(path: Path | str) -> Checkpoint:
    """The checkpoint at `path`, verified.

    Raises CheckpointError, in one line, for a file that is missing, cut short, changed in any byte, or something else.
    """
    path = expanded(path)
    try:
        data = bytearray(read_regular(path))
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}") from error
    where = digest_place(data)
    if where is None:
        raise CheckpointError(f"{path} is not a minicrt checkpoint, or lost its end; its {len(data)} bytes do not hold "
                              f"a complete header")
    digest, data[where] = bytes(data[where]), BLANK
    if hashlib.sha256(data).hexdigest().encode() != digest:
        raise CheckpointError(f"{path} is damaged: its {len(data)} bytes do not match the SHA-256 it was written with; "
                              f"use another copy of it")
    try:
        arrays = load(bytes(data))
        metadata = json.loads(data[8:8 + header_length(data)])["__metadata__"]
    except (SafetensorError, ValueError, LookupError) as error:
        raise CheckpointError(f"{path} is no safetensors file, though its SHA-256 is right: {error}; use another copy "
                              "of it") from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} has the format {metadata.get('format')!r}, expected {FORMAT!r}; "
                              f"read it with the version of minicrt that wrote it")
    return Checkpoint(path, arrays, metadata)


def header_length(data: bytearray) -> int:
    return int.from_bytes(data[:8], "little")


def digest_place(data: bytearray) -> slice | None:
    """Where in the header the 64 digits of the digest stand; None if `data` holds no whole header with one."""
    end = 8 + header_length(data)
    if len(data) < 8 or end > len(data):
        return None
    at = data.find(MARK, 8, end)
    start = at + len(MARK)
    return slice(start, start + 64) if at >= 0 and start + 64 <= end else None
