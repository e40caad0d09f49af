import bz2
import gzip
import lzma
import os

import pytest

from minicrt.data import CORPORA, catalogue, load_corpus
from minicrt.errors import DataError
from tests.data.corpus_files import message, small_ptb, write


def test_missing_corpora(nowhere, monkeypatch):
    monkeypatch.setenv("MINICRT_DATA", str(nowhere / "variable"))
    text = message("ptb", data_dir=nowhere)
    for directory in (nowhere, nowhere / "variable", nowhere / "cache"):
        assert str(directory) in text
    assert "ptb/ptb.train.txt" in text and text.endswith("run `minicrt data get ptb`")
    text = message("wikitext-103")
    assert "put wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens (of wikitext-103-v1.zip, Merity et al." in text
    assert "into a folder wikitext-103" in text
    text = message("wikitext-articles")
    assert "wiki.valid.tokens, wiki.test.tokens (of wikitext-2-v1.zip, Merity et al. 2016)" in text
    assert "into a folder wikitext " in text


def test_missing_parts(nowhere):
    for split in ("valid", "test"):
        write(nowhere / f"wikitext/wiki.{split}.tokens", " a \n")
    folder = nowhere / "wikitext"
    assert message("wikitext-2", data_dir=nowhere) == (
        f"corpus wikitext-2: {folder} lacks wiki.train.tokens; put what is missing there (of wikitext-2-v1.zip, "
        "Merity et al. 2016), or take wikitext-articles, cut from the two files by article")
    (small_ptb(nowhere) / "ptb/ptb.test.txt").unlink()
    assert message("ptb", data_dir=nowhere) == (
        f"corpus ptb: {nowhere / 'ptb'} lacks ptb.test.txt; run `minicrt data get ptb`")


def test_a_data_folder_that_is_not_there(nowhere):
    text = message("ptb", data_dir=nowhere / "typo")
    assert f"the data folder {nowhere / 'typo'} does not exist" in text
    with pytest.raises(DataError, match="does not exist"):
        catalogue(nowhere / "typo")


@pytest.mark.parametrize(("name", "hint"), [
    ("ptbb", "did you mean ptb?"), ("PTB", "did you mean ptb?"), ("wikitext", "did you mean wikitext-2?"),
    ("python", "did you mean python-docs?"), ("shakespeare", f"known: {', '.join(CORPORA)}"), ("", "known: "),
])
def test_unknown_corpora(nowhere, monkeypatch, name, hint):
    monkeypatch.chdir(nowhere)
    text = message(name)
    assert f"unknown corpus {name!r}" in text and hint in text


def test_unknown_level():
    assert message("python-docs", "byte") == "the level is 'byte', expected one of 'word', 'character'"


@pytest.mark.parametrize("level", ["word", "character"])
@pytest.mark.parametrize(("content", "expected"), [
    (b"", "is empty"), (b" \n\n", "is empty"),
    (b"text\0text", "is a binary file: byte 0x00 at offset 4"),
    ("caf\u00e9".encode("latin-1"), "is not UTF-8 text: byte 0xe9 at offset 3"),
    ("text".encode("utf-16-le"), "is UTF-16 without a byte order mark, or binary: byte 0x00 at offset 1"),
    ("text".encode("utf-16")[:-1], "is UTF-16 by its byte order mark, but truncated data at offset 8"),
    ("a\0b".encode("utf-16"), "is a binary file: character U+0000 at offset 1"),
    (" \n".encode("utf-32"), "is empty"),
    (gzip.compress(b"text", mtime=0)[:-1], "is a damaged gzip file"),
    (gzip.compress(b"text" * 99, mtime=0)[:30] + b"?", "is a damaged gzip file"),
    (lzma.compress(b"text")[:-1], "is a damaged xz file"),
    (bz2.compress(b"text")[:-1], "is a damaged bzip2 file"),
    (gzip.compress(gzip.compress(b"text", mtime=0), mtime=0), "is a binary file"),
    (b"PK\x03\x04 and so on", "is a ZIP archive"),
    (b"%PDF-1.7 and so on", "is a PDF document"),
])
def test_bad_files(tmp_path, content, expected, level):
    path = write(tmp_path / "file", content)
    text = message(path, level)
    assert str(path) in text and expected in text


@pytest.mark.parametrize(("level", "text"), [("word", "word\n" * 19 + "x"), ("character", 40 * "x")])
def test_texts_too_short_to_split(tmp_path, level, text):
    path = write(tmp_path / "short.txt", text)
    corpus = load_corpus(path, level, tokenizer="blanks" if level == "word" else "auto")
    assert corpus.valid.size == corpus.test.size == 2
    write(path, text[:-1])
    shorter = 38 if level == "word" else 39                  # without the x the last line is whole: 19 words, 19 <eos>
    text = message(path, level, tokenizer="blanks" if level == "word" else "auto")
    assert text.startswith(f"{path} has {shorter} tokens, too few to split")


def test_what_is_not_a_file(tmp_path):
    absent = tmp_path / "absent.txt"
    assert message(absent) == f"there is no file {absent}; give the path of one that is there"
    assert "it is a device, expected a regular file" in message(os.devnull)
    assert "there is no file" in message("absent.txt")


def test_a_bad_part(nowhere):
    write(small_ptb(nowhere) / "ptb/ptb.valid.txt", "")
    assert message("ptb", data_dir=nowhere) == f"{nowhere / 'ptb/ptb.valid.txt'} is empty, expected text"


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = write(tmp_path / "secret", "text")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "cannot be read: Permission denied" in message(path)
