"""Large texts as token files: where these are kept, and whether one is still that of its text

A token file is made once. It is that of its text as long as the size and the time of the text's files are those it
remembers, or else their SHA-256. A damaged one is named, and stays until the user removes it.
"""

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from minicrt.data import locations
from minicrt.data.names import address, folder_name, printable
from minicrt.data.reading import is_file, sha256_of
from minicrt.data.texts import Texts
from minicrt.data.token_building import build, described
from minicrt.data.token_file import TokenFile, read_token_file
from minicrt.errors import DataError
from minicrt.files import expanded

VARIABLE = "MINICRT_TOKENS"
LARGE = 50_000_000                  # bytes: WikiText-103 has 540 million, WikiText-2 eleven

log = logging.getLogger("minicrt")


def is_large(texts: Texts) -> bool:
    """Whether the files are so large that their tokens are to stay in a file."""
    return sum(path.stat().st_size for path in texts.files if is_file(path)) >= LARGE and not texts.given


def token_directory(folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder for token files: `folder`, $MINICRT_TOKENS, or `tokens` in the user's cache. Raises DataError where
    nobody knows the user's home folder."""
    if folder is not None or os.environ.get(VARIABLE):
        return expanded(folder if folder is not None else os.environ[VARIABLE])
    try:
        return locations.cache_directory() / "tokens"
    except DataError as error:
        raise DataError(f"there is no home folder, and so no cache in it to keep the tokens of a large text in; set $"
                        f"{VARIABLE} to a folder for them") from error


def token_path(texts: Texts, tokenizer: str, folder: str | os.PathLike[str] | None = None) -> Path:
    """The file for the tokens of these texts by this tokenizer, there or not"""
    what = "\0".join([*map(address, texts.files), tokenizer, str(texts.least(tokenizer))])
    name = folder_name(texts.name)
    return token_directory(folder) / f"{name}-{hashlib.sha256(what.encode()).hexdigest()[:12]}.tokens"


def token_file(texts: Texts, tokenizer: str, folder: str | os.PathLike[str] | None = None,
               report: Callable[[str], None] = log.warning) -> TokenFile:
    """The tokens of large texts, from the token file that is there, or else from one that is built now.

    Arguments
        tokenizer   a name from TOKENIZERS
        folder      where token files are kept; see `token_directory`
        report      called with a line when something takes time; a progress bar is drawn on a terminal in any case
    Raises DataError where a token file is damaged or cannot be written, and where the texts cannot be read.
    """
    path = token_path(texts, tokenizer, folder)
    try:
        if is_file(path):
            file = _verified(path, texts)
            alike = (file.origin.get("tokenizer"), file.origin.get("minimum")) == (tokenizer, texts.least(tokenizer))
            if alike and (file.sources == described(texts.files)
                          or file.origin["sha256"] == list(map(sha256_of, texts.files))):
                return file
            changed = f"{printable(texts.source)} has changed since {path} was built"
            report(f"{changed if alike else f'{path} has tokens of another kind in it'}: it is built anew")
        path.parent.mkdir(parents=True, exist_ok=True)
        build(path, texts, tokenizer, report)
        return read_token_file(path)
    except OSError as error:
        raise DataError(f"the token file {printable(path)} cannot be made or read: {error.strerror or error}; "
                        f"${VARIABLE} names another folder for token files") from None


def _verified(path: Path, texts: Texts) -> TokenFile:
    try:
        return read_token_file(path)
    except DataError as error:
        raise DataError(f"{error}; remove it, and it is built again from {printable(texts.source)}") from None
