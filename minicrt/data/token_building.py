"""From the files of large texts to a token file, in bounded memory and resumable

The text is read once, and its tokens get numbers by first appearance in a draft beside the token file (`data.draft`).
Then the types are counted in the numbers, the vocabulary is put in order, and the numbers are exchanged for ids.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minicrt.data.draft import Draft
from minicrt.data.names import address, printable
from minicrt.data.own_part import own_part
from minicrt.data.reading import sha256_of
from minicrt.data.shares import borders, refuse_too_short
from minicrt.data.text_pieces import text_pieces
from minicrt.data.texts import Texts
from minicrt.data.token_file import write_token_file
from minicrt.data.tokenizers import OF_LINES, TOKENIZERS, UNKNOWN
from minicrt.data.vocabulary import Vocabulary
from minicrt.errors import DataError

Array = np.ndarray
YOUNG = 2.0         # seconds: a file changed so recently may change again without its time showing it


def build(target: Path, texts: Texts, tokenizer: str, report: Callable[[str], None]) -> None:
    """Make the token file `target` of these texts. What an interruption leaves is gone on with the next time; what
    another process makes meanwhile is waited for and taken. Where the system has no locks, each begins its own, and
    those that are still at it when the first is done take that: the file that others read by now is not replaced.

    Raises DataError where the texts cannot be read or change meanwhile, OSError where the file cannot be written.
    """
    before = _state(target)
    with own_part(target, report, "building") as part:
        if _state(target) == before:
            with part.open("r+b") as file:
                _write(target, file, texts, tokenizer, report, lambda: _state(target) != before)
            part.unlink()


def _state(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name"""
    with contextlib.suppress(FileNotFoundError):
        state = path.stat()
        return state.st_ino, state.st_mtime_ns
    return None


def _write(target: Path, file: BinaryIO, texts: Texts, tokenizer: str, report: Callable[[str], None],
           is_made: Callable[[], bool]) -> None:
    """`file` is that of the draft; `is_made` says whether another process has made the target meanwhile."""
    minimum, begun = texts.least(tokenizer), time.time()
    sources = described(texts.files)
    origin = {"sha256": list(map(sha256_of, texts.files)), "tokenizer": tokenizer, "minimum": minimum}
    draft = Draft(file, origin)
    if draft.records:
        report(f"{target}: goes on after {sum(record.ids for record in draft.records):,} tokens")
    else:
        report(f"{target}: the tokens of {printable(texts.source)} are numbered, this once")
    _number(draft, texts.files, tokenizer, is_made)
    if is_made():
        report(f"{target}: another process has made it meanwhile")
        return
    if described(texts.files) != sources:
        raise DataError(f"{printable(texts.source)} changed while it was read; run this again")
    sizes = [draft.size(part) for part in range(len(texts.files))]
    trained_on = sizes[0]
    if texts.undivided:
        refuse_too_short(sizes[0], texts.source)
        first, second = borders(sizes[0])
        trained_on, sizes = first, [first, second - first, sizes[0] - second]
    vocabulary, table = _vocabulary(draft, trained_on, minimum, tokenizer)
    ids = (table[numbers] for part in range(len(texts.files)) for numbers in draft.ids(part))
    young = any(begun - source["mtime_ns"] / 1e9 < YOUNG for source in sources)
    write_token_file(target, vocabulary, sizes, ids, origin, [] if young else sources)
    report(f"{target}: {sum(sizes):,} tokens, {vocabulary.size:,} types")


def described(files: tuple[Path, ...]) -> list[dict[str, Any]]:
    """What shows, without reading them, that files have not changed. Raises DataError for one that is not there."""
    try:
        states = [path.stat() for path in files]
    except OSError as error:
        raise DataError(f"{printable(str(error.filename))} cannot be read: {error.strerror}") from None
    return [{"path": address(path), "size": state.st_size, "mtime_ns": state.st_mtime_ns}
            for path, state in zip(files, states, strict=True)]


def _number(draft: Draft, files: tuple[Path, ...], tokenizer: str, is_made: Callable[[], bool]) -> None:
    """Put into the draft what it lacks of the files, under a bar of the bytes read, until it is made elsewhere."""
    from tqdm import tqdm

    tokenize, close = TOKENIZERS[tokenizer], tokenizer in OF_LINES
    sizes = [path.stat().st_size for path in files]
    with tqdm(desc="tokens", total=sum(sizes), unit="B", unit_scale=True, disable=None) as bar:
        for part in range(draft.part, len(files)):
            before, start = sum(sizes[:part]), draft.end if part == draft.part else 0
            if start:                                        # what was read earlier does not count for the rate
                bar.n = bar.initial = before + min(start, sizes[part])
            for piece in text_pieces(files[part], start, close):
                if is_made():
                    return
                draft.add(part, piece.end, tokenize(piece.text))
                bar.update(before + piece.read - bar.n)


def _vocabulary(draft: Draft, trained_on: int, minimum: int, tokenizer: str) -> tuple[Vocabulary, Array]:
    """The vocabulary that `Vocabulary.count` makes of the first `trained_on` numbers, and a table: number → id"""
    types = list(draft.numbers)
    counts = np.zeros(len(types), np.int64)
    for numbers in _first(draft.ids(0), trained_on):
        counts += np.bincount(numbers, minlength=len(types))
    kept = counts >= max(minimum, 1)
    rare = int(counts[~kept].sum())
    unknown = draft.numbers.get(UNKNOWN, len(types))
    if unknown == len(types) or not kept[unknown]:           # then it comes last among those of its count
        unknown = len(types)
        types, counts, kept = [*types, UNKNOWN], np.append(counts, 0), np.append(kept, True)
    counts[unknown] += rare
    chosen = np.flatnonzero(kept)
    order = chosen[np.argsort(-counts[chosen], kind="stable")]
    table = np.empty(len(types), np.uint32)
    table[:] = np.flatnonzero(order == unknown)[0]
    table[order] = np.arange(order.size)
    return Vocabulary((types[number] for number in order), tokenizer), table


def _first(blocks: Iterator[Array], size: int) -> Iterator[Array]:
    """The first `size` of all numbers in `blocks`"""
    for block in blocks:
        yield block[:size]
        size = max(size - len(block), 0)
