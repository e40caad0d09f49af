"""The corpus of a run: how config.toml names it, and whether a corpus is the one that the run was trained on."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.data import CORPORA, Corpus, load_corpus
from minicrt.data.mapped import in_blocks
from minicrt.data.names import address, printable
from minicrt.errors import CheckpointError, DataError


def corpus_of_run(data: Mapping[str, Any], data_dir: Path | str | None = None,
                  place: str | os.PathLike[str] | None = None) -> Corpus:
    """The corpus that the table `data` of a config.toml names, read as it was then; `place`: where it is now, if moved.

    Raises DataError if it cannot be read.
    """
    level, where = data["level"], data["corpus"] if place is None else os.fspath(place)
    # Before there was a choice of tokenizers, the words of a text of one's own were split at blanks.
    earlier = "auto" if level == "character" or data["corpus"] in CORPORA else "blanks"
    try:
        return load_corpus(where, level, data_dir, data.get("tokenizer", earlier))
    except DataError as error:
        if place is not None or data["corpus"] in CORPORA:
            raise
        raise DataError(f"{error}; if the run's corpus was moved, say with --corpus where it is") from None


def check_corpus(corpus: Corpus, data: Mapping[str, Any]) -> None:
    """Raise CheckpointError unless `corpus` is the one that a run with the table `data` was trained on."""
    if not is_corpus_of(corpus, data):
        raise CheckpointError(f"the corpus {printable(corpus.source)} is not the one that the run was trained on "
                              f"({printable(data['corpus'])}); put that one back, or say with --corpus where it is")


def is_corpus_of(corpus: Corpus, data: Mapping[str, Any]) -> bool:
    """Whether `corpus` is the one that a run with the table `data` was trained on, wherever it lies now."""
    return fingerprint(corpus) == data["sha256"]


def where_found(corpus: Corpus) -> str:
    """What to give `load_corpus` to have this corpus again: its name, or its file's path from any folder."""
    return corpus.address or (corpus.name if corpus.name in CORPORA else address(Path(corpus.source)))


def fingerprint(corpus: Corpus) -> str:
    """The SHA-256 of the corpus's tokens and vocabulary: a run goes on with the same text or not at all."""
    digest = hashlib.sha256("\0".join(corpus.vocabulary.tokens).encode())
    for part in (corpus.train, corpus.valid, corpus.test):
        for block in in_blocks(part):
            digest.update(np.ascontiguousarray(block, np.int32).tobytes())
        digest.update(b"end of part")
    return digest.hexdigest()
