"""TOML and JSON that anybody may have written: one guard, in front of everything that reads them

What comes out is no deeper than any code that walks it can bear, its whole numbers can be written out and turned into
floats, no key of it was given twice, and its text can be written to a file. A byte order mark is taken off.
"""

import json
import tomllib
from collections import Counter
from typing import Any

DEEPEST = 32                                                 # levels of tables, objects and lists
MOST_BITS = 128                                              # of a whole number: the longest seed that NumPy hands out


class DocumentError(ValueError):
    """The document is not to be used. The text says why, to go on after its name: "is not TOML: …"."""


class OtherFormatError(DocumentError):
    """The text is no TOML, or no JSON, at all."""


def toml_document(data: bytes | str) -> dict[str, Any]:
    """The table that a TOML document is. Raises DocumentError."""
    text = _decoded(data, "TOML")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OtherFormatError(f"is not TOML: {error}") from error
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:                              # Python does not read the longest numbers
        raise too_long() from error
    _check(document)
    return document


def json_document(data: bytes | str) -> Any:
    """The value that a JSON document is. Raises DocumentError."""
    text = _decoded(data, "JSON")
    try:
        document = json.loads(text, object_pairs_hook=_with_each_key_once)
    except json.JSONDecodeError as error:
        raise OtherFormatError(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise too_deep() from error
    except DocumentError:
        raise
    except ValueError as error:
        raise too_long() from error
    _check(document)
    try:                                                     # JSON's \ud800 is half of a character
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise DocumentError(f"holds {half!a}, half of a pair of surrogates, which is no text") from error
    return document


def too_deep() -> DocumentError:
    return DocumentError(f"is nested deeper than the {DEEPEST} levels that are read")


def too_long() -> DocumentError:
    return DocumentError(f"has a whole number of more than the {MOST_BITS} bits that are read")


def _decoded(data: bytes | str, form: str) -> str:
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OtherFormatError(f"is not {form}: byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8"
                               ) from error


def _with_each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, number in Counter(key for key, _ in pairs).items() if number > 1)
        raise DocumentError(f"has {twice!r} twice; give every name once")
    return found


def _check(document: Any) -> None:
    """Level by level, so that no depth is too much for the check itself."""
    values = [document]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for value in values:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, int) and value.bit_length() > MOST_BITS:
                raise too_long()
        if not inner:
            return
        values = inner
    raise too_deep()
