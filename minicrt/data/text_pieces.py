"""A text file piece by piece in bounded memory: together the text that `reading.read_text` gives"""

import codecs
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from minicrt.data.decoding import (
    DAMAGED,
    LARGEST,
    PACKED,
    Encoding,
    damaged,
    empty,
    encoding_of,
    not_decoded,
    refuse_null,
    refuse_zeros,
    too_large,
)
from minicrt.data.names import printable
from minicrt.data.reading import refuse_missing
from minicrt.errors import DataError
from minicrt.files import open_regular

BLOCK = 1 << 20                                              # bytes, unpacked


class Piece(NamedTuple):
    text: str
    end: int                                                 # bytes of the unpacked file before the next piece
    read: int                                                # bytes of the file as it is, read so far


def text_pieces(path: Path, start: int = 0, close: bool = False) -> Iterator[Piece]:
    """The text of a file in pieces of about a mebibyte, each of which but the first begins with a word.

    So no word and no line end is cut apart, and a tokenizer makes of the pieces, one by one, the tokens of the whole.
    What is held at a time is a block and the longest word.

    Arguments
        start   the `end` of an earlier piece, to go on there
        close   end the last line where the file does not
    Raises DataError where `read_text` does; only a packed text may be too large.
    """
    name = printable(path)
    try:
        refuse_missing(path)
        with open_regular(path) as raw, _unpacking(raw) as (file, kind):
            try:
                encoding = encoding_of(file.read(BLOCK), name)
                start = max(start, encoding.mark)
                file.seek(start)
                yield from _pieces(raw, file, encoding, name, start, close)
            except DAMAGED as error:
                if not kind:
                    raise
                raise damaged(kind, error, name) from None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from None


@contextlib.contextmanager
def _unpacking(raw: IO[bytes]) -> Iterator[tuple[IO[bytes], str]]:
    """The bytes to be read, and what they are packed as, if they are."""
    beginning = raw.read(16)
    raw.seek(0)
    opened: Any
    for magic, kind, opened in PACKED:
        if magic.match(beginning):
            with opened(raw) as file:
                yield file, kind
            return
    yield raw, ""


def _pieces(raw: IO[bytes], file: IO[bytes], encoding: Encoding, name: str, start: int, close: bool
            ) -> Iterator[Piece]:
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    place, characters, blank = start, 0, start == encoding.mark
    rest: list[str] = []                                     # since the beginning of a word
    while True:
        data = file.read(BLOCK)
        refuse_zeros(data, encoding, name, place)
        place += len(data)
        if file is not raw and place > LARGEST:
            raise too_large(name)
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise not_decoded(error, encoding, name, place - len(error.object)) from None
        refuse_null(text, name, characters)
        characters += len(text)
        blank = blank and not text.strip()
        words = text.rstrip()
        cut = len(words) - len(words.rsplit(None, 1)[-1]) if words and data else 0
        rest.append(text[:cut] if cut else text)
        if cut:
            waiting = len(text[cut:].encode(encoding.codec)) + len(decoder.getstate()[0])
            yield Piece("".join(rest).replace("\r\n", "\n"), place - waiting, raw.tell())
            rest = [text[cut:]]
        if not data:
            break
    if blank:
        raise empty(name)
    text = "".join(rest)
    if text:
        end = "" if text.endswith("\n") or not close else "\n"
        yield Piece(text.replace("\r\n", "\n") + end, place, raw.tell())
