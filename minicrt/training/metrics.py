"""metrics.jsonl: an evaluation a line, appended as the run goes, and verified when it is read

The checkpoint that is written right after a line keeps the SHA-256 of all lines so far. So what a run goes on from, or
is drawn from, is what it wrote, without a digit changed or a line lost.
"""

import codecs
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from minicrt.arguments import is_number, is_truth, is_whole, shown
from minicrt.atomic import write_atomically
from minicrt.documents import DocumentError, json_document
from minicrt.errors import CheckpointError
from minicrt.files import read_regular
from minicrt.strict_json import finite, to_json

Record = dict[str, Any]
NUMBERS = ("epoch", "tokens", "train_loss", "valid_loss", "seconds")
FIGURES = ("perplexity", "error")                            # of text, or a forecast: one of them


def append_metrics(path: Path, record: Mapping[str, Any]) -> str:
    """Add a line; returns the digest of the file as it is then."""
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(to_json(record) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return _digest(_lines(path))


def read_metrics(path: Path, step: int | None = None, digest: str = "") -> list[Record]:
    """The evaluations up to `step` (None: all) in order, none where there is no file; a last line that was cut short is
    left out. With a `digest`, which `append_metrics` returned at that step, they are those of then.

    Raises CheckpointError if a line cannot be read or is no evaluation, and if they are not those of then.
    """
    return _records(path, _lines(path), step, digest)


def truncate_metrics(path: Path, step: int, digest: str = "") -> None:
    """Forget the evaluations after `step`. Raises CheckpointError where `read_metrics` does."""
    lines = _lines(path)
    kept = lines[:len(_records(path, lines, step, digest))]
    if path.exists():
        write_atomically(path, b"".join(kept))


def _lines(path: Path) -> list[bytes]:
    """The whole lines, each with its end, without the mark and the line ends that an editor may have given them."""
    if not path.exists():
        return []
    try:
        text = read_regular(path).removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")
        return [line + b"\n" for line in text.split(b"\n")[:-1]]                    # what follows the last is torn
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from error


def _digest(lines: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _records(path: Path, lines: list[bytes], step: int | None, digest: str) -> list[Record]:
    records: list[Record] = []
    for number, line in enumerate(lines, 1):
        try:
            record = finite(json_document(line))             # an earlier version wrote Infinity
        except DocumentError as error:
            raise _damaged(path, f"line {number} {error}") from error
        if not _is_evaluation(record, after=records[-1]["step"] if records else 0):
            raise _damaged(path, f"line {number} is {shown(record)}, expected the figures of an evaluation at a later "
                                 "step than the line before")
        records.append(record)
    kept = [record for record in records if step is None or record["step"] <= step]
    if digest and path.exists() and _digest(lines[:len(kept)]) != digest:
        raise _damaged(path, f"its lines up to step {step} are not those that the run wrote (SHA-256)")
    return kept


def _is_evaluation(record: Any, after: int) -> bool:
    return (isinstance(record, dict) and is_whole(record.get("step")) and record["step"] > after
            and is_truth(record.get("best"))
            and all(_is_figure(record, key) for key in NUMBERS)
            and any(_is_figure(record, f"train_{key}") and _is_figure(record, f"valid_{key}") for key in FIGURES))


def _is_figure(record: Record, key: str) -> bool:
    """A number, or null for what was not finite"""
    return key in record and (record[key] is None or is_number(record[key]))


def _damaged(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged: {reason}; put a copy of it back, or remove it: a run goes on without "
                           "its earlier evaluations")
