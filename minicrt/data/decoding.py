"""From the bytes of a file to its text: what they are is told by the bytes, not by the file's name."""

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from typing import IO, Any, NamedTuple

from minicrt.errors import DataError

LARGEST = 4 << 30                       # bytes of a text, unpacked; WikiText-103 has 0.5 GiB
_BLOCK = 1 << 20

# Longer marks first: that of UTF-32 little-endian begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "UTF-8", "utf-8"),
    (codecs.BOM_UTF32_LE, "UTF-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "UTF-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "UTF-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "UTF-16", "utf-16-be"),
)
PACKED: tuple[tuple[re.Pattern[bytes], str, Callable[[Any], Any]], ...] = (
    (re.compile(rb"\x1f\x8b\x08"), "gzip", lambda file: gzip.open(file)),
    (re.compile(rb"\xfd7zXZ\0"), "xz", lambda file: lzma.open(file)),
    (re.compile(rb"BZh[1-9]1AY&SY"), "bzip2", lambda file: bz2.open(file)),
)
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, OSError)     # what unpacking raises
_NOT_TEXT = (
    (b"PK\x03\x04", "a ZIP archive (as .docx, .odt and .epub are)"),
    (b"%PDF-", "a PDF document"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"SQLite format 3\0", "an SQLite database"),
)


class Encoding(NamedTuple):
    codec: str
    mark: int                                                # bytes of the byte order mark
    kind: str                                                # what the mark says that it is; empty without one


def text_of(data: bytes, name: str) -> str:
    """The text in `data`, with "\\n" as its line end and without a byte order mark.

    gzip, xz and bzip2 are unpacked. A byte order mark says whether it is UTF-8, UTF-16 or UTF-32; without one it is
    UTF-8. Raises DataError, which calls the file `name`, for damaged or too much data, for what is no text and for an
    empty text.
    """
    data = _unpacked(data, name)
    encoding = encoding_of(data, name)
    refuse_zeros(data, encoding, name)
    try:
        text = data[encoding.mark:].decode(encoding.codec)
    except UnicodeDecodeError as error:
        raise not_decoded(error, encoding, name, encoding.mark) from None
    refuse_null(text, name)
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise empty(name)
    return text


def _unpacked(data: bytes, name: str) -> bytes:
    for magic, kind, opened in PACKED:
        if not magic.match(data):
            continue
        try:
            with opened(io.BytesIO(data)) as file:
                return _limited(file, name)
        except DAMAGED as error:
            raise damaged(kind, error, name) from None
    return data


def _limited(file: IO[bytes], name: str) -> bytes:
    """All of `file`, unless that is too much: a few packed kilobytes can hold more than any memory does."""
    unpacked = bytearray()
    while block := file.read(_BLOCK):
        unpacked += block
        if len(unpacked) > LARGEST:
            raise too_large(name)
    return bytes(unpacked)


def too_large(name: str) -> DataError:
    return DataError(f"{name} holds more than {LARGEST:,} bytes of text; take a part of it")


def damaged(kind: str, error: Exception, name: str) -> DataError:
    return DataError(f"{name} is a damaged {kind} file: {error}; make it again")


def empty(name: str) -> DataError:
    return DataError(f"{name} is empty, expected text")


def encoding_of(beginning: bytes, name: str) -> Encoding:
    """The encoding of a file that begins so. Raises DataError for what is no text."""
    for mark, kind, codec in _BYTE_ORDER_MARKS:
        if beginning.startswith(mark):
            return Encoding(codec, len(mark), kind)
    for magic, what in _NOT_TEXT:
        if beginning.startswith(magic):
            raise DataError(f"{name} is {what}, expected text; save what it holds as a text file")
    return Encoding("utf-8", 0, "")


def refuse_zeros(data: bytes, encoding: Encoding, name: str, offset: int = 0) -> None:
    """Raises DataError for a byte 0 in UTF-8; `data` stands in the file from `offset` on."""
    zero = -1 if encoding.kind else data.find(b"\0")
    if zero >= 0:
        raise DataError(f"{name} is {_binary(data)}: byte 0x00 at offset {offset + zero}; expected UTF-8 text")


def refuse_null(text: str, name: str, offset: int = 0) -> None:
    """Raises DataError for a character U+0000; before `text` there are `offset` characters in the file."""
    zero = text.find("\0")
    if zero >= 0:
        raise DataError(f"{name} is a binary file: character U+0000 at offset {offset + zero}; expected text")


def not_decoded(error: UnicodeDecodeError, encoding: Encoding, name: str, offset: int) -> DataError:
    """What to say of bytes that stand in the file from `offset` on and are not of this encoding"""
    place = offset + error.start
    if encoding.kind:
        return DataError(f"{name} is {encoding.kind} by its byte order mark, but {error.reason} at offset {place}; "
                         "convert it to UTF-8")
    return DataError(f"{name} is not UTF-8 text: byte 0x{error.object[error.start]:02x} at offset {place}; "
                     "convert it to UTF-8")


def _binary(data: bytes) -> str:
    """What a file with zeros in it is: in UTF-16 every second byte of most European texts is zero."""
    few, many = sorted(data[start::2].count(0) for start in (0, 1))
    if many > 0.7 * len(data) / 2 and few < many / 10:
        return "UTF-16 without a byte order mark, or binary"
    return "a binary file"
