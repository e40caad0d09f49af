"""A corpus as numbers: its texts by a tokenizer, and a vocabulary counted over the training part alone."""

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np

from minicrt.arguments import check_kind, shown
from minicrt.array_arguments import checked_ids
from minicrt.data.by_given import encoded
from minicrt.data.published import SHA256, TRAINING_TOKENS, differences
from minicrt.data.shares import borders, refuse_too_short
from minicrt.data.texts import Texts, find_texts
from minicrt.data.token_cache import is_large, token_file
from minicrt.data.tokenizers import OF_LINES, OF_WORDS, TOKENIZERS, closed
from minicrt.data.vocabulary import Vocabulary
from minicrt.errors import DataError
from minicrt.suggestion import choices_in_words

LEVELS = ("word", "character")
AUTO = "auto"


@dataclass(frozen=True, eq=False, repr=False)
class Corpus:
    """A corpus as numbers.

    name         the corpus's name, or the file's
    vocabulary   from the training part alone
    train, valid, test   (N,) int32 ids, each part one stream in document order; of a large text uint16 or uint32 in a
                 memory-mapped file
    level        "word" or "character"
    source       where it came from: a folder, a file or a module of Python
    address      what `load_corpus` takes to load it again; empty for one made by hand
    undivided    whether it is one text of the user's, split by position only here
    differences  how its files differ from the published ones, a sentence each; none if they do not
    remark       what else has to be known of figures on it; empty where there is nothing

    Raises InputError for a part that is not of integers in one dimension, each one in the vocabulary.
    """

    name: str
    vocabulary: Vocabulary
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    level: str
    source: str
    address: str = ""
    undivided: bool = False
    differences: tuple[str, ...] = ()
    remark: str = ""

    def __post_init__(self) -> None:
        check_kind("the corpus's vocabulary", self.vocabulary, Vocabulary, "a Vocabulary")
        for part in ("train", "valid", "test"):
            ids = checked_ids(f"the corpus's part {part!r}", getattr(self, part), self.vocabulary.size)
            object.__setattr__(self, part, ids)

    @property
    def whole(self) -> np.ndarray:
        """The three parts as one stream, without a copy where they lie one behind the other in an array"""
        parts, base = (self.train, self.valid, self.test), self.train.base
        if isinstance(base, np.ndarray) and base.shape == (sum(part.size for part in parts),):
            place = base.ctypes.data
            for part in parts:
                if part.base is not base or part.ctypes.data != place or not part.flags.c_contiguous:
                    break
                place += part.nbytes
            else:
                return base
        return np.concatenate(parts)

    def described(self) -> dict[str, Any]:
        """What a checkpoint says of it"""
        return {"vocabulary": self.vocabulary.to_mapping()}

    def __repr__(self) -> str:
        unit = "words" if self.level == "word" else "characters"
        return (f"<Corpus {self.name}: {self.train.size:,} {unit} to train on, {self.valid.size:,} to validate, "
                f"{self.test.size:,} to test; vocabulary {self.vocabulary.size:,}>")


def load_corpus(name_or_path: str | Path, level: str = "word", data_dir: str | Path | None = None,
                tokenizer: str = AUTO, vocabulary: Vocabulary | None = None,
                token_dir: str | Path | None = None) -> Corpus:
    """Load a corpus by name, or a text of one's own by its path.

        corpus = load_corpus("python-docs")
        corpus.train, corpus.valid, corpus.test         # (N,) int32 ids each
        corpus.vocabulary.join(corpus.valid[:60])       # as a text again

    python-docs           the topics of `pydoc_data`, in alphabetical order, split 90/5/5 by position; by "punctuation"
    ptb, wikitext-2/-103  the published parts; by "blanks"
    wikitext-articles     cut by article from WikiText's validation and test file, for those who have only these: of
                          every twelve articles ten to train on; by "blanks"
    a file                one stream split 90/5/5 by position; by "punctuation" unless another tokenizer is named
    a folder              its train, valid (or dev) and test file; by "punctuation" unless another is named

    level="word": the tokenizers are
      "punctuation"  lower-cased words and punctuation marks; line ends leave no token
      "lines"        words between blanks, and <eos> at the end of each line that has words
      "blanks"       words between blanks, and <eos> at the end of each line: the protocol of PTB and WikiText
    level="character": every Unicode code point of the text as it stands is a token, line ends included.

    Types are counted in the training part. Those seen fewer than 2 times there, and those of other parts that are
    not seen there at all, become <unk>; but the published word lists of PTB and WikiText are kept whole.

    Files of 50 MB or more become a token file once, which is mapped into memory: the parts are then uint16 or uint32,
    and take no memory.

    Arguments
        name_or_path: a name from CORPORA or a path; a file of such a name is reached as ./name
        level: "word" or "character"
        data_dir: a folder to look in before $MINICRT_DATA and the user's cache
        tokenizer: of a text of one's own at level "word"; "auto": the corpus's usual one
        vocabulary: read the text by this one and its tokenizer; nothing is counted, and no text is too short to split.
            The ids of a large one lie in a temporary file
        token_dir: where the token files of large texts are kept, by default $MINICRT_TOKENS or the user's cache
    Raises DataError for an unknown name, a tokenizer that is not the corpus's, and for a missing, empty, binary or too
    short file.
    """
    check_kind("the corpus", name_or_path, (str, os.PathLike), "a name or a path")
    check_kind("the vocabulary", vocabulary, (Vocabulary, NoneType), "a Vocabulary, or None")
    if not isinstance(level, str) or level not in LEVELS:
        raise DataError(f"the level is {shown(level)}, {choices_in_words(level, LEVELS)}")
    if not isinstance(tokenizer, str):
        raise DataError(f"the tokenizer is {shown(tokenizer)}, {choices_in_words(tokenizer, (AUTO, *OF_WORDS))}")
    if vocabulary is not None:
        level = "character" if vocabulary.tokenizer == "characters" else "word"
    texts = find_texts(name_or_path, data_dir)
    by = vocabulary.tokenizer if vocabulary is not None else _chosen(texts, level, tokenizer)
    if vocabulary is None and is_large(texts):
        file = token_file(texts, by, token_dir)
        return _corpus(texts, file.vocabulary, file.parts, level)
    if vocabulary is not None and is_large(texts):
        ids = encoded(texts.files, vocabulary)
        train, valid, test = np.split(ids[0], borders(ids[0].size)) if texts.undivided else ids
        return _corpus(texts, vocabulary, (train, valid, test), level)
    parts = [closed(text) if by in OF_LINES else text for text in texts.read()]
    if texts.undivided:
        vocabulary, (train, valid, test) = _split(parts[0], by, vocabulary, texts.source)
    else:
        tokenize = TOKENIZERS[by]
        vocabulary = vocabulary or Vocabulary.count(tokenize(parts[0]), texts.least(by), by)
        train, valid, test = (vocabulary.encode(tokenize(part)) for part in parts)
    return _corpus(texts, vocabulary, (train, valid, test), level)


def _corpus(texts: Texts, vocabulary: Vocabulary, parts: tuple[np.ndarray, ...], level: str) -> Corpus:
    train, valid, test = parts
    different: tuple[str, ...] = ()
    if texts.name in SHA256 and not texts.own:
        counted = vocabulary.tokenizer == "blanks" and texts.name in TRAINING_TOKENS
        different = differences(texts.name, texts.files, train.size if counted else None)
    return Corpus(texts.name, vocabulary, train, valid, test, level, texts.source, texts.address,
                  texts.own and texts.undivided, different, texts.remark)


def _chosen(texts: Texts, level: str, tokenizer: str) -> str:
    """The name of the tokenizer to use, refused where it is not one to choose."""
    usual = texts.tokenizer if level == "word" else "characters"
    if tokenizer in (AUTO, usual):
        return usual
    if level == "word" and texts.own and tokenizer in OF_WORDS:
        return tokenizer
    if tokenizer not in OF_WORDS:
        raise DataError(f"the tokenizer is {tokenizer!r}, expected one of {', '.join(map(repr, (AUTO, *OF_WORDS)))}")
    what = f"the corpus {texts.name}" if level == "word" else "the level 'character'"
    raise DataError(f"{what} goes with the tokenizer {usual!r}, got {tokenizer!r}; leave the tokenizer out: it is for "
                    "the words of a text of your own")


def _split(text: str, tokenizer: str, vocabulary: Vocabulary | None, source: str
           ) -> tuple[Vocabulary, list[np.ndarray]]:
    """Split the tokens of one text 90/5/5 by position; the vocabulary is counted over the first 90 % alone."""
    tokenize = TOKENIZERS[tokenizer]
    total = sum(1 for _ in tokenize(text))
    first, second = borders(total)
    if vocabulary is None:
        refuse_too_short(total, source)
        vocabulary = Vocabulary.count(islice(tokenize(text), first), 2, tokenizer)
    return vocabulary, np.split(vocabulary.encode(tokenize(text)), [first, second])
