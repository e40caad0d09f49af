import bz2
import gzip
import lzma
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import CORPORA, catalogue, decoding, load_corpus, reading, unigram_perplexity
from minicrt.data import locations as locations_module
from minicrt.errors import DataError


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data folder but those that the test names: neither the environment's nor the user's cache."""
    monkeypatch.delenv("MINICRT_DATA", raising=False)
    cache = tmp_path / "cache"
    monkeypatch.setattr(locations_module, "cache_directory", lambda: cache)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def small_ptb(directory):
    write(directory / "ptb/ptb.train.txt", " a b <unk> N \n a a c\n")
    write(directory / "ptb/ptb.valid.txt", " b c z \n")
    write(directory / "ptb/ptb.test.txt", " c \n\n a \n")
    return directory


def message(name, *arguments, **options):
    """The one line that loading this corpus ends in."""
    with pytest.raises(DataError) as caught:
        load_corpus(name, *arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- the Python documentation ---------------------------------------------------------------------------------------

def test_python_docs():
    corpus = load_corpus("python-docs")
    total = corpus.train.size + corpus.valid.size + corpus.test.size
    assert 80_000 < total < 200_000                          # it grows with Python's version
    assert corpus.train.size == total * 90 // 100
    assert abs(corpus.valid.size - corpus.test.size) <= 1
    counts = np.bincount(corpus.train, minlength=corpus.vocabulary.size)
    rare = [token for token, n in zip(corpus.vocabulary.tokens, counts, strict=True) if n < 2]
    assert rare in ([], ["<unk>"])
    assert all(token == token.lower() for token in corpus.vocabulary.tokens)
    assert unigram_perplexity(corpus.train, corpus.valid, corpus.vocabulary.size) > 100
    assert (corpus.name, corpus.level) == ("python-docs", "word")


def test_python_docs_by_character():
    corpus = load_corpus("python-docs", "character")
    assert corpus.level == "character"
    assert "\n" in corpus.vocabulary.tokens and "A" in corpus.vocabulary.tokens
    assert corpus.vocabulary.join(corpus.train[:22]) == 'The "assert" statement'


def test_a_python_without_its_documentation(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    assert "comes without pydoc_data.topics" in message("python-docs")
    assert not catalogue()[0].found


# --- files ----------------------------------------------------------------------------------------------------------

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


# --- published corpora ----------------------------------------------------------------------------------------------

def test_published_parts(nowhere):
    corpus = load_corpus("ptb", data_dir=small_ptb(nowhere))
    decode = corpus.vocabulary.decode
    assert corpus.vocabulary.tokens == ("a", "<eos>", "b", "<unk>", "N", "c")
    assert decode(corpus.train) == ["a", "b", "<unk>", "N", "<eos>", "a", "a", "c", "<eos>"]
    assert decode(corpus.valid) == ["b", "c", "<unk>", "<eos>"]
    assert decode(corpus.test) == ["c", "<eos>", "<eos>", "a", "<eos>"]
    assert corpus.source == str(nowhere / "ptb")


def test_published_parts_by_character(nowhere):
    corpus = load_corpus("ptb", "character", small_ptb(nowhere))
    assert corpus.vocabulary.join(corpus.test) == " <unk> \n\n a \n"          # c stands in training once


def test_the_order_of_the_search(nowhere, monkeypatch):
    argument, variable, cache = (nowhere / name for name in ("argument", "variable", "cache"))
    argument.mkdir()
    monkeypatch.setenv("MINICRT_DATA", str(variable))
    for directory in (cache, variable, argument):
        small_ptb(directory)
        assert load_corpus("ptb", data_dir=argument).source == str(directory / "ptb")


@pytest.mark.parametrize("folder", ["wikitext", "wikitext-2"])
def test_wikitext_folders(nowhere, folder):
    for split in ("train", "valid", "test"):
        write(nowhere / folder / f"wiki.{split}.tokens", " \n = A Title = \n \n a b <unk> \n")
    corpus = load_corpus("wikitext-2", data_dir=nowhere)
    assert corpus.source == str(nowhere / folder)
    assert corpus.vocabulary.join(corpus.valid) == "\n= A Title =\n\na b <unk>\n"


def test_a_wikitext_folder_holds_one_of_the_two(nowhere, monkeypatch):
    for split in ("train", "valid", "test"):
        write(nowhere / "wikitext" / f"wiki.{split}.tokens", " a \n")
    assert "the size of the other WikiText" in message("wikitext-103", data_dir=nowhere)
    monkeypatch.setattr(locations_module, "WIKITEXT_BOUNDARY", 2)
    assert "the size of the other WikiText" in message("wikitext-2", data_dir=nowhere)
    found = {status.name: status.found for status in catalogue(nowhere)}
    assert found["wikitext-103"] and not found["wikitext-2"]


# --- errors ---------------------------------------------------------------------------------------------------------

def test_missing_corpora(nowhere, monkeypatch):
    monkeypatch.setenv("MINICRT_DATA", str(nowhere / "variable"))
    text = message("ptb", data_dir=nowhere)
    for directory in (nowhere, nowhere / "variable", nowhere / "cache"):
        assert str(directory) in text
    assert "ptb/ptb.train.txt" in text and text.endswith("run `minicrt data get ptb`")
    text = message("wikitext-103")
    assert "put wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens into a folder wikitext-103" in text


def test_missing_parts(nowhere):
    for split in ("valid", "test"):
        write(nowhere / f"wikitext/wiki.{split}.tokens", " a \n")
    folder = nowhere / "wikitext"
    assert message("wikitext-2", data_dir=nowhere) == (
        f"corpus wikitext-2: {folder} lacks wiki.train.tokens; put what is missing there")
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
    assert message(absent) == f"there is no file {absent}; give the path of a text file"
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


# --- what there is --------------------------------------------------------------------------------------------------

def test_the_catalogue(nowhere):
    python_docs, ptb, *wikitexts = catalogue(small_ptb(nowhere))
    assert python_docs.found and python_docs.how == "comes with Python"
    assert ptb.found and ptb.where == str(nowhere / "ptb") and "minicrt data get ptb" in ptb.how
    assert [status.name for status in wikitexts] == ["wikitext-2", "wikitext-103"]
    for status in wikitexts:
        assert not status.found and status.where == ""
        assert f"wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens into a folder {status.name}" in status.how


# --- the real corpora, where they are -------------------------------------------------------------------------------

def real(*files):
    """Skip a test unless $MINICRT_DATA holds these files."""
    directory = os.environ.get("MINICRT_DATA")
    there = directory is not None and all((Path(directory) / file).is_file() for file in files)
    return pytest.mark.skipif(not there, reason=f"$MINICRT_DATA holds no {files[0]}")


@real("ptb/ptb.train.txt", "ptb/ptb.valid.txt", "ptb/ptb.test.txt")
def test_ptb_has_its_published_counts_and_unigram_perplexities():
    corpus = load_corpus("ptb")
    size = corpus.vocabulary.size
    assert (corpus.train.size, corpus.valid.size, corpus.test.size) == (929_589, 73_760, 82_430)
    assert size == 10_000
    counts = dict(zip(corpus.vocabulary.tokens, np.bincount(corpus.train), strict=True))
    assert (counts["<unk>"], counts["N"], counts["<eos>"]) == (45_020, 32_481, 42_068)
    assert round(unigram_perplexity(corpus.train, corpus.valid, size)) == 687
    assert round(unigram_perplexity(corpus.train, corpus.test, size)) == 639


@real("wikitext/wiki.valid.tokens", "wikitext/wiki.test.tokens")
def test_wikitext_has_its_published_counts():
    from minicrt.data.reading import read_text
    from minicrt.data.tokenizers import blanks

    directory = locations_module.data_directories()[0]
    counts = [sum(1 for _ in blanks(read_text(directory / f"wikitext/wiki.{split}.tokens")))
              for split in ("valid", "test")]
    assert counts == [217_646, 245_569]
