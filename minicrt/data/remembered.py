"""What is slow to find out about a file, remembered in the user's cache until the file's size or time changes."""

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minicrt.atomic import write_atomically
from minicrt.data import locations
from minicrt.data.reading import sha256_of
from minicrt.data.text_pieces import text_pieces
from minicrt.data.tokenizers import blanks
from minicrt.errors import DataError

NAME = "files.json"
YOUNG = 2.0         # seconds: a file changed so recently may change again without its time showing it


@dataclass(frozen=True)
class Facts:
    """Of a text: the SHA-256 of the file in hexadecimal; tokens and types by the protocol of PTB, <eos> included."""

    sha256: str
    tokens: int
    types: int


def facts(path: Path) -> Facts:
    """The facts about the text in `path`. Raises DataError where `text_pieces` does."""
    status = path.stat()
    stamp = {"size": status.st_size, "mtime_ns": status.st_mtime_ns}
    name = str(path.absolute())
    known = _known(_read().get(name), stamp)
    if known is None:
        known = _found(path)
        if time.time() - status.st_mtime > YOUNG:
            _write({**_read(), name: {**stamp, **dataclasses.asdict(known)}})
    return known


def _found(path: Path) -> Facts:
    tokens, types = 0, set()
    for piece in text_pieces(path, close=True):
        for token in blanks(piece.text):
            tokens += 1
            types.add(token)
    return Facts(sha256_of(path), tokens, len(types))


def _known(entry: Any, stamp: dict[str, int]) -> Facts | None:
    if not isinstance(entry, dict) or not stamp.items() <= entry.items():
        return None
    sha256, tokens, types = (entry.get(field.name) for field in dataclasses.fields(Facts))
    if isinstance(sha256, str) and isinstance(tokens, int) and isinstance(types, int):
        return Facts(sha256, tokens, types)
    return None


def _read() -> dict[str, Any]:
    """What is remembered; nothing where that cannot be read."""
    try:
        entries = json.loads((locations.cache_directory() / NAME).read_text(encoding="utf-8"))
    except (DataError, OSError, ValueError, RecursionError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _write(entries: dict[str, Any]) -> None:
    """Remember `entries`. Where there is no place for them the next call finds them out again."""
    try:
        folder = locations.cache_directory()
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / NAME, json.dumps(entries, indent=1).encode())
    except (DataError, OSError):
        return
