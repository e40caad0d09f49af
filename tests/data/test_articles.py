"""WikiText's articles, and the corpus that is cut from its validation and test files by article"""

import numpy as np
import pytest

from minicrt.data import catalogue, cautions, load_corpus
from minicrt.data import locations as locations_module
from minicrt.data.articles import articles
from minicrt.data.reading import read_text
from tests.data.corpus_files import message, write
from tests.data.test_corpora import real


def article(number):
    return (f" \n = Article {number} = \n \n about number {number} . \n = {number} in a formula = \n more \n"
            f" \n = = Section = = \n \n = = = Deeper = = = \n \n text \n")


def written(folder, valid, test):
    for split, numbers in (("valid", valid), ("test", test)):
        write(folder / "wikitext" / f"wiki.{split}.tokens", "".join(map(article, numbers)) + " \n \n")
    return folder


def test_articles_are_cut_at_titles_between_blank_lines():
    text = article(1) + article(2) + article(3)
    assert articles(text) == [article(1), article(2), article(3)]
    assert articles("no title \n" + text) == ["no title \n", article(1), article(2), article(3)]
    assert articles(" \n" + text) == [" \n" + article(1), article(2), article(3)]
    assert articles("no title at all \n = neither = \n") == ["no title at all \n = neither = \n"]
    assert articles(" \n = A = = B = \n \n") == [" \n = A = = B = \n \n"]


def test_of_twelve_articles_ten_are_for_training(nowhere):
    corpus = load_corpus("wikitext-articles", data_dir=written(nowhere, range(1, 8), range(8, 25)))
    said = {part: {word for word in corpus.vocabulary.join(getattr(corpus, part)).split() if word.isdigit()}
            for part in ("train", "valid", "test")}
    numbers = set(map(str, range(1, 25)))
    assert said["train"] == numbers - {"6", "12", "18", "24"}
    assert not said["valid"] and not said["test"]            # their numbers are not in training
    whole = sum(len(text.split()) + text.count("\n") for text in (
        read_text(nowhere / f"wikitext/wiki.{split}.tokens") for split in ("valid", "test")))
    assert corpus.train.size + corpus.valid.size + corpus.test.size == whole
    one = len(article(1).split()) + article(1).count("\n")
    assert corpus.valid.size == 2 * one and corpus.test.size == 2 * one + 2


def test_it_says_what_it_is(nowhere):
    corpus = load_corpus("wikitext-articles", data_dir=written(nowhere, range(7), range(7, 20)))
    assert "cut by article from WikiText's validation and test files" in corpus.remark
    assert corpus.remark in cautions(corpus)
    assert [difference.split()[0] for difference in corpus.differences] == ["wiki.valid.tokens", "wiki.test.tokens"]
    *_, status = catalogue(nowhere)
    assert status.found and status.size.startswith("20 articles") and "SHA-256" in status.differs


def test_fewer_than_twelve_articles_are_refused(nowhere):
    said = message("wikitext-articles", data_dir=written(nowhere, range(5), range(6)))
    assert "hold 11 articles, expected 12 or more: each begins with a line ' = Title = '" in said
    (nowhere / "wikitext/wiki.test.tokens").unlink()
    assert "wikitext/wiki.test.tokens are not in" in message("wikitext-articles", data_dir=nowhere)


@real("wikitext/wiki.valid.tokens", "wikitext/wiki.test.tokens")
def test_the_real_articles():
    folder = locations_module.data_directories()[0] / "wikitext"
    assert [len(articles(read_text(folder / f"wiki.{split}.tokens"))) for split in ("valid", "test")] == [60, 60]
    corpus = load_corpus("wikitext-articles")
    assert corpus.differences == ()
    assert (corpus.train.size, corpus.valid.size, corpus.test.size) == (382_071, 27_451, 53_693)
    assert corpus.vocabulary.size == 12_248 and np.issubdtype(corpus.train.dtype, np.int32)


@pytest.mark.parametrize("name", ["wikitext-2", "wikitext-103"])
def test_where_training_is_missing_it_is_offered(nowhere, name):
    said = message(name, data_dir=written(nowhere, [1], [2]))
    assert f"lacks wiki.train.tokens; put what is missing there (of {name}-v1.zip" in said
    assert "wikitext-articles" in said
