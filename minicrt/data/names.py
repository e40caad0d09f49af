"""The names of files, which on most systems are bytes and need not be text."""

import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

from minicrt.files import expanded

SCHEME = "file://"
LONGEST = 60                            # characters of a run folder's name that come from the corpus


def address(path: Path) -> str:
    """`path` as text that UTF-8 can hold: itself where that is possible, or else as file:///... with %XX for bytes."""
    path = path.absolute()
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return path.as_uri()
    return str(path)


def path_of(name: str | Path) -> Path:
    """The path that `address` gave as text, or that a user typed; ~ is the user's folder."""
    text = str(name)
    if text.startswith(SCHEME):
        place = os.fsdecode(unquote_to_bytes(text.removeprefix(SCHEME)))
        return Path(place.removeprefix("/") if os.name == "nt" else place)
    return expanded(text)


def printable(path: str | Path) -> str:
    """`path` on one line: bytes that are not UTF-8 and characters that would break the line as escapes."""
    return "".join(character if character.isprintable() else _escaped(character) for character in str(path))


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":               # how Python holds a byte of a name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def folder_name(name: str) -> str:
    """`name` as part of a folder's name on any system: letters, digits, "-" and "." as they are, else "_"."""
    return re.sub(r"[^\w.-]", "_", name)[:LONGEST].strip(".") or "corpus"
