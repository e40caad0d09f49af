import os
import sys
from pathlib import Path

import numpy as np
import pytest

from minicrt.data import catalogue, load_corpus, unigram_perplexity
from minicrt.data import locations as locations_module
from tests.data.corpus_files import message, small_ptb, write

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


# --- what there is --------------------------------------------------------------------------------------------------

def test_the_catalogue(nowhere):
    python_docs, ptb, *wikitexts, cut = catalogue(small_ptb(nowhere))
    assert python_docs.found and python_docs.how == "comes with Python"
    assert ptb.found and ptb.where == str(nowhere / "ptb") and "minicrt data get ptb" in ptb.how
    assert [status.name for status in wikitexts] == ["wikitext-2", "wikitext-103"]
    for status in wikitexts:
        assert not status.found and status.where == ""
        assert f"wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens (of {status.name}-v1.zip" in status.how
        assert f"into a folder {status.name}" in status.how
    assert cut.name == "wikitext-articles" and not cut.found and "into a folder wikitext" in cut.how


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
