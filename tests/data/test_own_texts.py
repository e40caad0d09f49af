import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import decoding, load_corpus, reading
from tests.data.corpus_files import message, small_ptb, write


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=40, max_size=300), st.booleans())
def test_a_path_is_split_by_position(tmp_path_factory, words, closed):
    path = write(tmp_path_factory.mktemp("text") / "story.txt", " ".join(words) + ("\n" if closed else ""))
    corpus = load_corpus(path, tokenizer="blanks")
    total = len(words) + 1                                   # the last line has its <eos>, closed or not
    parts = corpus.train, corpus.valid, corpus.test
    assert [part.size for part in parts] == [total * 90 // 100, total * 95 // 100 - total * 90 // 100,
                                             total - total * 95 // 100]
    assert all(part.dtype == np.int32 and part.ndim == 1 for part in parts)
    train = words[:total * 90 // 100]
    expected = [word if train.count(word) >= 2 else "<unk>" for word in [*words, "<eos>"]]
    assert corpus.vocabulary.decode(np.concatenate(parts)) == expected
    assert (corpus.name, corpus.source) == ("story.txt", str(path))


def test_lines_of_a_path_end_in_eos(tmp_path):
    """A byte order mark is no part of the text, nor is the carriage return of a Windows line end."""
    path = str(write(tmp_path / "lines.txt", "\ufeff" + "one  two\r\n\r\n\r\n" * 20))
    corpus = load_corpus(path, tokenizer="blanks")
    assert corpus.vocabulary.decode(corpus.train[:6]) == ["one", "two", "<eos>", "<eos>", "<eos>", "one"]
    corpus = load_corpus(path, tokenizer="lines")
    assert corpus.vocabulary.decode(corpus.train[:4]) == ["one", "two", "<eos>", "one"]
    assert set(corpus.vocabulary.tokens) == {"one", "two", "<eos>", "<unk>"}


def test_punctuation_is_split_off_unless_another_tokenizer_is_named(tmp_path):
    path = write(tmp_path / "text", "A function.\n\n\n" * 30)
    begins = {"auto": ["a", "function", ".", "a"], "punctuation": ["a", "function", ".", "a"],
              "lines": ["A", "function.", "<eos>", "A"], "blanks": ["A", "function.", "<eos>", "<eos>"]}
    for tokenizer, begin in begins.items():
        corpus = load_corpus(path, tokenizer=tokenizer)
        assert corpus.vocabulary.decode(corpus.train[:4]) == begin
        assert corpus.vocabulary.tokenizer == ("punctuation" if tokenizer == "auto" else tokenizer)


def test_a_tokenizer_that_is_not_to_be_chosen(nowhere):
    path = write(nowhere / "text", "word " * 50)
    assert "expected one of 'auto', 'punctuation', 'lines', 'blanks'" in message(path, tokenizer="bytes")
    assert "leave the tokenizer out" in message(path, "character", tokenizer="lines")
    assert "leave the tokenizer out" in message("python-docs", tokenizer="lines")
    assert "leave the tokenizer out" in message("ptb", data_dir=small_ptb(nowhere), tokenizer="punctuation")
    assert load_corpus("ptb", data_dir=nowhere, tokenizer="blanks").vocabulary.size == 6


TEXT = "\u05d0 caf\u00e9 \u4e2d\U0001f600\r\nline " * 20


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-be"])
def test_encodings_are_known_by_the_bytes(tmp_path, codec, pack):
    mark = "\ufeff" if codec.endswith("-be") else ""
    text = load_corpus(write(tmp_path / "misleading.zip", pack((mark + TEXT).encode(codec))), "character")
    plain = load_corpus(write(tmp_path / "plain", TEXT), "character")
    assert text.vocabulary == plain.vocabulary
    for part in ("train", "valid", "test"):
        np.testing.assert_array_equal(getattr(text, part), getattr(plain, part))


@pytest.mark.parametrize("packed", [False, True])
def test_too_much_text(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(decoding, "LARGEST", 1000)
    monkeypatch.setattr(reading, "LARGEST", 1000)
    content = b"a b " * 10_000
    path = write(tmp_path / "text", gzip.compress(content) if packed else content)
    assert message(path) == f"{path} holds more than 1,000 bytes of text; take a part of it"


def test_a_path_by_character(tmp_path):
    text = "Ab b\n" * 20 + "x" + "é"
    corpus = load_corpus(write(tmp_path / "text", text), level="character")
    ids = np.concatenate([corpus.train, corpus.valid, corpus.test])
    assert ids.size == len(text)
    assert corpus.vocabulary.join(ids) == "Ab b\n" * 20 + "<unk><unk>"
    assert set(corpus.vocabulary.tokens) == {"A", "b", " ", "\n", "<unk>"}


def test_a_file_named_like_a_corpus(nowhere, monkeypatch):
    monkeypatch.chdir(nowhere)
    write(nowhere / "ptb", "word " * 50)
    assert load_corpus("./ptb").name == "ptb"
    assert "ptb.train.txt is not in" in message("ptb")


@pytest.mark.parametrize("names", [("train.txt", "valid.txt", "test.txt"), ("wiki.train.tokens", "wiki-DEV", "test"),
                                   ("a_training.gz", "b validation.xz", "c.test.utf16")])
def test_a_folder_of_texts(tmp_path, names):
    parts = ["one, two. " * 5, "two three one", "three. one"]
    for name, part in zip(names, parts, strict=True):
        pack = {".gz": gzip.compress, ".xz": lzma.compress}.get(Path(name).suffix, bytes)
        write(tmp_path / "mine" / name, pack(part.encode("utf-16" if "utf16" in name else "utf-8")))
    write(tmp_path / "mine/README", "about train and test")
    write(tmp_path / "mine/.train.txt.swp", "hidden")
    corpus = load_corpus(tmp_path / "mine")
    decode = corpus.vocabulary.decode
    assert decode(corpus.train[:5]) == ["one", ",", "two", ".", "one"]
    assert decode(corpus.valid) == ["two", "<unk>", "one"] and decode(corpus.test) == ["<unk>", ".", "one"]
    assert (corpus.name, corpus.source, corpus.undivided) == ("mine", str(tmp_path / "mine"), False)


def test_a_folder_without_its_parts(tmp_path):
    assert "has no train and no valid and no test text; expected three" in message(tmp_path)
    for name in ("train.txt", "test.txt"):
        write(tmp_path / name, "text")
    assert "has no valid text; expected three, such as train.txt, valid.txt (or dev.txt) and test.txt" in message(
        tmp_path)
    write(tmp_path / "dev.txt", "text")
    write(tmp_path / "valid.txt", "text")
    assert "has dev.txt and valid.txt, expected one valid text" in message(tmp_path)
    (tmp_path / "dev.txt").unlink()
    write(tmp_path / "test.txt", "")
    assert message(tmp_path) == f"{tmp_path / 'test.txt'} is empty, expected text"


def test_a_text_by_the_vocabulary_of_another(tmp_path):
    vocabulary = load_corpus(write(tmp_path / "text", "One two\n" * 30), tokenizer="lines").vocabulary
    corpus = load_corpus(write(tmp_path / "other", "two\n\n\none"), vocabulary=vocabulary)
    ids = np.concatenate([corpus.train, corpus.valid, corpus.test])
    assert corpus.vocabulary is vocabulary and corpus.undivided
    assert vocabulary.decode(ids) == ["two", "<eos>", "<unk>", "<eos>"]
