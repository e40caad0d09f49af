"""What corpora there are, which of them are found, and how to get the others."""

from dataclasses import dataclass
from pathlib import Path

from minicrt.data.corpora import PYTHON_DOCS, python_docs
from minicrt.data.locations import LAYOUTS, find, remedy
from minicrt.data.tokenizers import punctuation
from minicrt.errors import DataError

# Of PTB as counted by the tests; of WikiText as published (Merity et al. 2016, arXiv 1609.07843).
TOKENS = {
    "ptb": "929,589 / 73,760 / 82,430 tokens, 10,000 types",
    "wikitext-2": "2,088,628 tokens to train on",
    "wikitext-103": "103 million tokens to train on",
}


@dataclass(frozen=True)
class CorpusStatus:
    """One corpus: `where` is its folder, or empty when it was not found; `how` says what to do to have it."""

    name: str
    found: bool
    where: str
    size: str
    how: str


def catalogue(data_dir: str | Path | None = None) -> list[CorpusStatus]:
    """The status of every named corpus. Raises DataError when `data_dir` is given and is not a folder."""
    return [_python_docs(), *(_file_corpus(name, data_dir) for name in LAYOUTS)]


def _python_docs() -> CorpusStatus:
    how = "comes with Python"
    try:
        size = sum(1 for _ in punctuation(python_docs()))
    except DataError:
        return CorpusStatus(PYTHON_DOCS, False, "", "about 100,000 tokens", how)
    return CorpusStatus(PYTHON_DOCS, True, "pydoc_data.topics", f"{size:,} tokens", how)


def _file_corpus(name: str, data_dir: str | Path | None) -> CorpusStatus:
    try:
        files = find(name, data_dir)
    except DataError:
        if data_dir is not None and not Path(data_dir).expanduser().is_dir():
            raise
        return CorpusStatus(name, False, "", TOKENS[name], remedy(name))
    return CorpusStatus(name, True, str(files[0].parent), TOKENS[name], remedy(name))
