"""Arrays and strings as bytes of which every one is verified when they are read: safetensors with a digest

safetensors checks that the lengths add up but not what the bytes are. So the metadata holds the SHA-256 of the whole,
taken with the 64 places of the digest itself set to zeros; what lost its end or a single bit is refused before anything
in it is used.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from minicrt.errors import CheckpointError

Array = np.ndarray
BLANK = b"0" * 64
LONGEST = 100_000_000                    # of a header, as safetensors has it
MARK = b'"sha256":"'                     # cannot occur inside a metadata value: there its quotes are escaped


def sealed(arrays: Mapping[str, Array], metadata: Mapping[str, str], form: str) -> bytes:
    """`form` names what the bytes are and its version, and stands in the metadata under "format"."""
    strings = {**metadata, "format": form, "sha256": BLANK.decode()}
    data = in_order(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, strings))
    where = digest_place(data)
    assert where is not None
    data[where] = hashlib.sha256(data).hexdigest().encode()
    return bytes(data)


def in_order(data: bytes) -> bytearray:
    """The same file with its header's names sorted: safetensors shuffles the metadata, and the same thing would have
    other bytes each time."""
    end = 8 + header_length(bytearray(data[:8]))
    header = json.dumps(json.loads(data[8:end]), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)                      # the arrays stay aligned
    return bytearray(len(header).to_bytes(8, "little") + header + data[end:])


def opened(content: bytes, form: str, name: str, what: str) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays and the metadata that `sealed` was given; the same bits.

    `name` says in a message where the bytes are from, `what` what they should be, as "a minicrt checkpoint". Raises
    CheckpointError, in one line, for bytes that are cut short, changed, or something else.
    """
    data = bytearray(content)
    where = digest_place(data)
    if where is None:
        raise CheckpointError(f"{name} is not {what}, or lost its end; its {len(data)} bytes do not hold a complete "
                              "header")
    digest, data[where] = bytes(data[where]), BLANK
    if hashlib.sha256(data).hexdigest().encode() != digest:
        raise CheckpointError(f"{name} is damaged: its {len(data)} bytes do not match the SHA-256 it was written with; "
                              f"use another copy of it")
    try:
        arrays = load(bytes(data))
        metadata = json.loads(data[8:8 + header_length(data)])["__metadata__"]
    except (SafetensorError, ValueError, LookupError) as error:
        raise CheckpointError(f"{name} is no safetensors file, though its SHA-256 is right: {error}; use another copy "
                              "of it") from error
    if metadata.get("format") != form:
        raise CheckpointError(f"{name} has the format {metadata.get('format')!r}, expected {form!r}; "
                              f"read it with the version of minicrt that wrote it")
    return arrays, metadata


def form_of(path: Path) -> str | None:
    """What the bytes of a file say that they are, with nothing verified; None where they do not say"""
    return metadata_of(path).get("format")


def metadata_of(path: Path) -> dict[str, str]:
    """What `sealed` was given beside the arrays, with nothing verified; {} where the file is no such thing"""
    try:
        with path.open("rb") as file:
            length = header_length(bytearray(file.read(8)))
            found = json.loads(file.read(min(length, LONGEST)))["__metadata__"]
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}


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
