"""Where the texts of a corpus come from: Python, the files of a published corpus, a file or a folder of one's own."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from minicrt.data.articles import REMARK, cut_by_article
from minicrt.data.locations import ARTICLES, LAYOUTS, find, find_article_files
from minicrt.data.names import address, path_of, printable
from minicrt.data.own_folder import find_parts
from minicrt.data.reading import exists, read_standard_input, read_text
from minicrt.errors import DataError

PYTHON_DOCS = "python-docs"
STANDARD_INPUT = "-"
CORPORA = (PYTHON_DOCS, *LAYOUTS, ARTICLES)


@dataclass(frozen=True)
class Texts:
    """The texts of a corpus before they become tokens; those in files are not read before `read`.

    name       the corpus's name; of a user's own the name of its file or folder, printable
    address    what `find_texts` takes to find them again, from any folder
    source     where they were found, for messages
    given      the texts, where they are not in files as they are
    files      their files; none for python-docs
    tokenizer  the name of the one for words, unless another is asked for
    minimum    how often training must hold a word for the vocabulary to hold it
    remark     what has to be known of figures on them; empty where there is nothing
    """

    name: str
    address: str
    source: str
    given: tuple[str, ...]
    files: tuple[Path, ...]
    tokenizer: str
    minimum: int
    remark: str = ""

    @property
    def own(self) -> bool:
        """Whether they are the user's, so that the user may choose the tokenizer."""
        return self.address not in CORPORA

    @property
    def undivided(self) -> bool:
        """Whether it is one text, to be split by position."""
        return len(self.given or self.files) == 1

    def least(self, tokenizer: str) -> int:
        """How often training must hold a token by this tokenizer for the vocabulary to hold it"""
        return 2 if tokenizer == "characters" else self.minimum

    def read(self) -> tuple[str, ...]:
        """(train, valid, test), or (text,). Raises DataError where `read_text` does."""
        return self.given or tuple(map(read_text, self.files))


def find_texts(name_or_path: str | Path, data_dir: str | Path | None = None) -> Texts:
    """The texts of a named corpus, of a text file, or of a folder with a train, a valid (or dev) and a test text.

    "-" is standard input.

    Raises DataError for an unknown name, and for a missing or ambiguous file.
    """
    name = str(name_or_path)
    if name == PYTHON_DOCS:
        source = "pydoc_data.topics of Python's standard library"
        return Texts(name, name, source, (python_docs(),), (), "punctuation", 2)
    if name in LAYOUTS:
        parts = find(name, data_dir)
        return Texts(name, name, str(parts[0].parent), (), parts, "blanks", 1)
    if name == ARTICLES:
        files = find_article_files(data_dir)
        return Texts(name, name, str(files[0].parent), cut_by_article(*files), files, "blanks", 2, REMARK)
    if name == STANDARD_INPUT:
        return Texts("standard input", name, "standard input", (read_standard_input(),), (), "punctuation", 2)
    if not name:
        raise unknown_corpus(name)
    path = path_of(name_or_path)
    if _is_a_word(name) and not exists(path):
        raise unknown_corpus(name)
    own = tuple(find_parts(path)) if path.is_dir() else (path,)
    called = path.name or path.absolute().name or "corpus"
    return Texts(printable(called), address(path), str(path), (), own, "punctuation", 2)


def python_docs() -> str:
    """The documentation topics that every CPython carries, one after the other in alphabetical order.

    Raises DataError where the interpreter comes without them, as some stripped-down packages do.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise DataError("this Python comes without pydoc_data.topics, the text of the corpus python-docs; give the "
                        "path of a text file instead") from None
    return "\n".join(topics[topic] for topic in sorted(topics))


def unknown_corpus(name: str) -> DataError:
    close = difflib.get_close_matches(name.lower(), CORPORA, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(CORPORA)}"
    return DataError(f"unknown corpus {name!r}, and no file has that path; {hint}")


def _is_a_word(name: str) -> bool:
    """Whether `name` was rather meant as a corpus's name than as a path."""
    return Path(name).name == name and not Path(name).suffix and not name.startswith("~")
