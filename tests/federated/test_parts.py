"""Which tokens are whose"""

import numpy as np
import pytest

from minicrt.data import Vocabulary
from minicrt.errors import ConfigurationError, InputError
from minicrt.federated import parts_of
from minicrt.federated.parts import BLOCK

TEXT = "= One = <eos> a b c <eos> = = Part = = <eos> d e <eos> = Two = <eos> f g h i <eos> j <eos>".split()
VOCABULARY = Vocabulary(dict.fromkeys(TEXT))
IDS = np.array([VOCABULARY.tokens.index(token) for token in TEXT])
PLAIN = Vocabulary("abcd")


def words(part, vocabulary=VOCABULARY):
    return [vocabulary.tokens[token] for token in part]


def test_an_article_begins_a_clients_text():
    first, second = parts_of(IDS, VOCABULARY, 2)
    assert words(second)[:3] == ["=", "Two", "="]            # and not the section, nor the middle
    assert words(first) + words(second) == TEXT


@pytest.mark.parametrize("clients", [1, 2, 3, 7, 30])
def test_stretches_are_the_text_in_order(clients):
    text = np.random.default_rng(0).integers(0, 4, 30)
    parts = parts_of(text, PLAIN, clients)
    assert len(parts) == clients and max(map(len, parts)) - min(map(len, parts)) <= 1
    np.testing.assert_array_equal(np.concatenate(parts), text)


def test_lines_that_are_dealt_out_stay_whole_and_are_all_there():
    parts = parts_of(IDS, VOCABULARY, 3, "iid", seed=1)
    lines = sorted(line.strip() for part in parts for line in " ".join(words(part)).split("<eos>") if line)
    assert lines == sorted(line.strip() for line in " ".join(TEXT).split("<eos>") if line)
    assert max(map(len, parts)) < len(IDS)
    other = parts_of(IDS, VOCABULARY, 3, "iid", seed=2)
    assert [words(part) for part in other] != [words(part) for part in parts]
    assert [words(part) for part in parts_of(IDS, VOCABULARY, 3, "iid", seed=1)] == [words(part) for part in parts]


def test_a_text_without_lines_is_dealt_out_in_blocks():
    text = np.random.default_rng(0).integers(0, 4, 10 * BLOCK)
    parts = parts_of(text, PLAIN, 5, "iid")
    assert [len(part) for part in parts] == [2 * BLOCK] * 5
    assert sorted(np.concatenate(parts)) == sorted(text)


def test_what_cannot_be_shared_out():
    with pytest.raises(InputError, match="the text has 30 tokens, fewer than 40 clients; take fewer"):
        parts_of(np.zeros(30, int), PLAIN, 40)
    with pytest.raises(ConfigurationError, match="split is 'random'"):
        parts_of(IDS, VOCABULARY, 2, "random")
