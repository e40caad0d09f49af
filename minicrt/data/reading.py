"""Read a text file, or say in one line why not."""

import hashlib
import sys
from pathlib import Path

from minicrt.data.decoding import LARGEST, text_of, too_large
from minicrt.data.names import printable
from minicrt.errors import DataError
from minicrt.files import open_regular, read_regular

BLOCK = 1 << 20                                              # bytes


def read_text(path: Path) -> str:
    """The text of a file: UTF-8, or UTF-16 or UTF-32 with a byte order mark; packed by gzip, xz or bzip2, or not.

    Raises DataError where `read_bytes` does, and where `decoding.text_of` does.
    """
    return text_of(read_bytes(path), printable(path))


def read_bytes(path: Path) -> bytes:
    """What is in a file. Raises DataError when it is missing, not a regular file, too large or not readable."""
    name = printable(path)
    try:
        refuse_missing(path)
        if path.stat().st_size > LARGEST:
            raise too_large(name)
        return read_regular(path)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file of any size, in hexadecimal. Raises DataError when it cannot be read."""
    digest = hashlib.sha256()
    try:
        refuse_missing(path)
        with open_regular(path) as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise DataError(f"{printable(path)} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def refuse_missing(path: Path) -> None:
    """Raises DataError where there is nothing at `path`, OSError where that cannot be found out."""
    if not path.exists():
        raise DataError(f"there is no file {printable(path)}; give the path of one that is there")


def exists(path: Path) -> bool:
    """Whether there is something at `path`; True as well where that cannot be found out: reading it then says why."""
    try:
        return path.exists()
    except OSError:
        return True


def is_file(path: Path) -> bool:
    """Whether `path` is a regular file; False where that cannot be found out."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_standard_input() -> str:
    """The text on standard input, to its end. Raises DataError where `decoding.text_of` does."""
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise too_large("standard input")
    return text_of(data, "standard input")
