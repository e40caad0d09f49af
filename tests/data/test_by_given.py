"""A large text by the vocabulary of a run: the ids of a small one, in a temporary file and not in memory"""

import errno
import gzip

import numpy as np
import pytest

from minicrt.data import Corpus, Vocabulary, by_given, load_corpus
from minicrt.errors import DataError

TEXT = "The cat, the dog and a bird sat.\n\nOn the mat the cat sat; a bird did not.\n" * 3


@pytest.fixture
def large(monkeypatch):
    """Every text is, and pieces are small"""
    monkeypatch.setattr("minicrt.data.token_cache.LARGE", 1)
    monkeypatch.setattr("minicrt.data.text_pieces.BLOCK", 16)


@pytest.mark.parametrize("level, tokenizer", [("word", "punctuation"), ("word", "lines"), ("word", "blanks"),
                                              ("character", "auto")])
@pytest.mark.parametrize("name", ["own.txt", "own.txt.gz", "folder"])
def test_it_has_the_ids_of_a_small_one(tmp_path, request, name, level, tokenizer):
    texts = {part: TEXT[start:] for start, part in enumerate(("train.txt", "valid.txt", "test.txt"))}
    (tmp_path / "folder").mkdir()
    for part, text in texts.items():
        (tmp_path / "folder" / part).write_text(text, encoding="utf-8")
    (tmp_path / "own.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "own.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    vocabulary = Vocabulary(["the", "cat", "a", " ", "t", ".", "<eos>", "<unk>"],
                            "characters" if level == "character" else tokenizer)
    small = load_corpus(tmp_path / name, vocabulary=vocabulary)
    request.getfixturevalue("large")
    corpus = load_corpus(tmp_path / name, vocabulary=vocabulary)
    for part in ("train", "valid", "test"):
        assert isinstance(getattr(corpus, part), np.memmap) and getattr(corpus, part).dtype == np.uint16
        np.testing.assert_array_equal(getattr(corpus, part), getattr(small, part))
    np.testing.assert_array_equal(corpus.whole, np.concatenate([corpus.train, corpus.valid, corpus.test]))
    assert isinstance(corpus.whole, np.memmap) == (name != "folder")
    assert (corpus.vocabulary, corpus.undivided) == (vocabulary, small.undivided)


def test_the_whole_of_it_has_the_parts_in_order():
    ids = np.arange(9, dtype=np.int32)
    vocabulary = Vocabulary([str(i) for i in range(9)])
    assert Corpus("c", vocabulary, *np.split(ids, [4, 6]), "word", "here").whole is ids
    for train, valid, test in ((ids[5:], ids[:4], ids[4:5]), (ids[:4], ids[4:6], ids[8:5:-1]),
                               (ids[:4], ids[:4], ids[:1])):
        np.testing.assert_array_equal(Corpus("c", vocabulary, train, valid, test, "word", "here").whole,
                                      [*train, *valid, *test])


def test_no_room_for_the_ids_is_said_in_a_line(tmp_path, monkeypatch, large):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "own.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(by_given.tempfile, "TemporaryFile", full)
    with pytest.raises(DataError, match=r"own.txt cannot be put into .*: No space left on device; \$TMPDIR"):
        load_corpus(tmp_path / "own.txt", vocabulary=Vocabulary(["the", "<unk>"]))
