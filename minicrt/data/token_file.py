"""A file of token ids, to be mapped into memory: the parts of a corpus, their vocabulary, and where they came from

    16 bytes     "minicrt tokens 1"
    8 bytes      N, the length of the header, little-endian
    N bytes      the header, JSON
    up to 63     zeros, to a multiple of 64
    ids          of all parts, one after the other: uint16 where the vocabulary fits, else uint32, little-endian
    32 bytes     the SHA-256 of everything before
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minicrt.atomic import write_blocks_atomically
from minicrt.data.names import printable
from minicrt.data.vocabulary import Vocabulary
from minicrt.errors import DataError
from minicrt.files import open_regular

Array = np.ndarray
MARK = b"minicrt tokens 1"
DIGEST = 32
BLOCK = 1 << 20
LARGEST_HEADER = 1 << 31


@dataclass(frozen=True)
class TokenFile:
    """The parts are mapped and read-only; `origin` is what the file was made of, `sources` the files as they were."""

    path: Path
    vocabulary: Vocabulary
    parts: tuple[Array, ...]
    origin: dict[str, Any]
    sources: list[dict[str, Any]]


def write_token_file(path: Path, vocabulary: Vocabulary, sizes: Iterable[int], ids: Iterable[Array],
                     origin: dict[str, Any], sources: list[dict[str, Any]]) -> None:
    """Write parts of these sizes, whose `ids` come block by block. Raises OSError; what stood there is then as it was.
    """
    dtype = "<u2" if vocabulary.size <= 1 << 16 else "<u4"
    header = json.dumps({"dtype": dtype, "sizes": list(sizes), "vocabulary": vocabulary.to_mapping(), "origin": origin,
                         "sources": sources}).encode()
    before = MARK + len(header).to_bytes(8, "little") + header
    write_blocks_atomically(path, _with_digest([before, bytes(-len(before) % 64)],
                                               (block.astype(dtype).tobytes() for block in ids)))


def read_token_file(path: Path) -> TokenFile:
    """What `write_token_file` wrote, every byte of it verified. Raises DataError, which names the damage, for anything
    else, and OSError where it cannot be read."""
    with open_regular(path) as file:
        said, start = _header(file, path)
        dtype, sizes = np.dtype(said["dtype"]), said["sizes"]
        expected = start + sum(sizes) * dtype.itemsize + DIGEST
        there = file.seek(0, 2)
        if there != expected:
            raise damaged(path, f"it has {there:,} bytes where its header says {expected:,}")
        file.seek(0)
        digest, left = hashlib.sha256(), expected - DIGEST
        while left:
            block = file.read(min(BLOCK, left))
            digest.update(block)
            left -= len(block)
        if file.read(DIGEST) != digest.digest():
            raise damaged(path, "its bytes do not match the SHA-256 at its end")
    mapped: Array = np.zeros(0, dtype)
    if sum(sizes):
        mapped = np.memmap(path, dtype, "r", start, sum(sizes))
    stops = [sum(sizes[:n + 1]) for n in range(len(sizes))]
    parts = tuple(mapped[stop - size:stop] for stop, size in zip(stops, sizes, strict=True))
    return TokenFile(path, Vocabulary.from_mapping(said["vocabulary"]), parts, said["origin"], said["sources"])


def damaged(path: Path, why: str) -> DataError:
    return DataError(f"the token file {printable(path)} is damaged: {why}")


def _header(file: BinaryIO, path: Path) -> tuple[dict[str, Any], int]:
    """The header, and where the ids begin"""
    beginning = file.read(len(MARK) + 8)
    if not beginning.startswith(MARK) or len(beginning) < len(MARK) + 8:
        raise damaged(path, f"it does not begin with {MARK.decode()!r} and the length of a header")
    length = int.from_bytes(beginning[len(MARK):], "little")
    header = file.read(length) if length < LARGEST_HEADER else b""
    start = len(beginning) + length
    try:
        said = json.loads(header)
        dtype, sizes = said["dtype"], said["sizes"]
        whole = isinstance(sizes, list) and all(type(size) is int and size >= 0 for size in sizes)
        if whole and dtype in ("<u2", "<u4"):
            return said, start + -start % 64
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise damaged(path, "its header is not whole")


def _with_digest(beginning: Iterable[bytes], blocks: Iterable[bytes]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for some in (beginning, blocks):
        for block in some:
            digest.update(block)
            yield block
    yield digest.digest()
