"""What corpora there are, which of them are found, and how to get the others."""

from dataclasses import dataclass
from pathlib import Path

from minicrt.data.articles import articles
from minicrt.data.locations import ARTICLES, LAYOUTS, find, find_article_files, remedy
from minicrt.data.published import TRAINING_TOKENS, differences
from minicrt.data.reading import read_text
from minicrt.data.remembered import facts
from minicrt.data.texts import PYTHON_DOCS, python_docs
from minicrt.data.tokenizers import punctuation
from minicrt.errors import DataError
from minicrt.files import expanded


@dataclass(frozen=True)
class CorpusStatus:
    """One corpus, its tokens counted in its files.

    where    its folder, or empty when it was not found
    size     the number of tokens of each part, and of types; of a corpus that was not found, of the published one
    how      what to do to have it
    differs  how its files differ from the published ones, or empty
    """

    name: str
    found: bool
    where: str
    size: str
    how: str
    differs: str = ""


def catalogue(data_dir: str | Path | None = None) -> list[CorpusStatus]:
    """The status of every named corpus. Raises DataError when `data_dir` is given and is not a folder."""
    return [_python_docs(), *(_file_corpus(name, data_dir) for name in LAYOUTS), _articles(data_dir)]


def _python_docs() -> CorpusStatus:
    how = "comes with Python"
    try:
        size = sum(1 for _ in punctuation(python_docs()))
    except DataError:
        return CorpusStatus(PYTHON_DOCS, False, "", "about 100,000 tokens", how)
    return CorpusStatus(PYTHON_DOCS, True, "pydoc_data.topics", f"{size:,} tokens", how)


def _file_corpus(name: str, data_dir: str | Path | None) -> CorpusStatus:
    published = f"{TRAINING_TOKENS[name]:,} tokens to train on"
    try:
        files = find(name, data_dir)
    except DataError:
        if data_dir is not None and not expanded(data_dir).is_dir():
            raise
        return CorpusStatus(name, False, "", published, remedy(name))
    try:
        train, valid, test = map(facts, files)
    except (DataError, OSError) as error:
        return CorpusStatus(name, False, "", published, f"{error}; {remedy(name)}")
    size = f"{train.tokens:,} / {valid.tokens:,} / {test.tokens:,} tokens, {train.types:,} types"
    different = "; ".join(differences(name, files, train.tokens))
    return CorpusStatus(name, True, str(files[0].parent), size, remedy(name), different)


def _articles(data_dir: str | Path | None) -> CorpusStatus:
    try:
        files = find_article_files(data_dir)
        size = f"{sum(len(articles(read_text(path))) for path in files)} articles of WikiText's validation and test"
    except DataError as error:
        return CorpusStatus(ARTICLES, False, "", "120 articles of WikiText's validation and test", str(error))
    return CorpusStatus(ARTICLES, True, str(files[0].parent), size, remedy(ARTICLES),
                        "; ".join(differences(ARTICLES, files)))
