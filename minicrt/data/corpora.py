"""The corpora: the Python documentation that comes with Python, PTB, WikiText, or any text file."""

import difflib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from minicrt.data.locations import LAYOUTS, find
from minicrt.data.reading import exists, read_text
from minicrt.data.tokenizers import TOKENIZERS
from minicrt.data.vocabulary import Vocabulary
from minicrt.errors import DataError

PYTHON_DOCS = "python-docs"
CORPORA = (PYTHON_DOCS, *LAYOUTS)
LEVELS = ("word", "character")
SHORTEST_TEXT = 40                  # tokens: two each for validation and test, the least that has a prediction


@dataclass(frozen=True, eq=False)
class Corpus:
    """A corpus as numbers.

    name         the corpus's name, or the file's
    vocabulary   from the training part alone
    train, valid, test   (N,) int32 ids, each part one stream in document order
    level        "word" or "character"
    source       where it came from: a folder, a file or a module of Python
    """

    name: str
    vocabulary: Vocabulary
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    level: str
    source: str


def load_corpus(name_or_path: str | Path, level: str = "word", data_dir: str | Path | None = None) -> Corpus:
    """Load a corpus by name, or any UTF-8 text file by its path.

    python-docs           the topics of `pydoc_data`, in alphabetical order, split 90/5/5 by position. Words are
                          lower-cased, punctuation marks are tokens (tokenizers.punctuation).
    ptb, wikitext-2/-103  the published parts. Words split at blanks, <eos> at each line's end.
    a path                one stream split 90/5/5 by position. Words split at blanks, <eos> at each line's end.

    level="character": every character of the text as it stands is a token, line ends included.

    Types are counted in the training part. Those seen fewer than 2 times there, and those of other parts that are
    not seen there at all, become <unk>; but the published word lists of PTB and WikiText are kept whole.

    Arguments
        name_or_path: a name from CORPORA or a path; a file of such a name is reached as ./name
        level: "word" or "character"
        data_dir: a folder to look in before $MINICRT_DATA and the user's cache
    Raises DataError for an unknown name, and for a missing, empty, binary or too short file.
    """
    if level not in LEVELS:
        raise DataError(f"the level is {level!r}, expected one of {', '.join(map(repr, LEVELS))}")
    name = str(name_or_path)
    if name == PYTHON_DOCS:
        tokenizer = "punctuation" if level == "word" else "characters"
        return _split(name, python_docs(), tokenizer, level, "pydoc_data.topics of Python's standard library")
    if name in LAYOUTS:
        return _published(name, level, data_dir)
    path = Path(name_or_path).expanduser()
    if not name or _is_a_word(name) and not exists(path):
        raise unknown_corpus(name)
    tokenizer = "blanks" if level == "word" else "characters"
    return _split(path.name, read_text(path), tokenizer, level, str(path))


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


def _published(name: str, level: str, data_dir: str | Path | None) -> Corpus:
    tokenizer, minimum = ("blanks", 1) if level == "word" else ("characters", 2)
    tokenize = TOKENIZERS[tokenizer]
    paths = find(name, data_dir)
    texts = [_closed(read_text(path), tokenizer) for path in paths]
    vocabulary = Vocabulary.count(tokenize(texts[0]), minimum, tokenizer)
    train, valid, test = (vocabulary.encode(tokenize(text)) for text in texts)
    return Corpus(name, vocabulary, train, valid, test, level, str(paths[0].parent))


def _split(name: str, text: str, tokenizer: str, level: str, source: str) -> Corpus:
    """Split the tokens of one text 90/5/5 by position; the vocabulary is counted over the first 90 % alone."""
    tokenize = TOKENIZERS[tokenizer]
    text = _closed(text, tokenizer)
    total = sum(1 for _ in tokenize(text))
    if total < SHORTEST_TEXT:
        raise DataError(f"{source} has {total} tokens, too few to split into training, validation and test; "
                        f"expected at least {SHORTEST_TEXT}")
    first, second = total * 90 // 100, total * 95 // 100
    vocabulary = Vocabulary.count(islice(tokenize(text), first), 2, tokenizer)
    ids = vocabulary.encode(tokenize(text))
    train, valid, test = np.split(ids, [first, second])
    return Corpus(name, vocabulary, train, valid, test, level, source)


def _closed(text: str, tokenizer: str) -> str:
    """`text` with its last line ended, so that this line has its <eos> too; other tokenizers need no change."""
    return text + "\n" if tokenizer == "blanks" and not text.endswith("\n") else text
