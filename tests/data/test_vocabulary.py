import json
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import Vocabulary
from minicrt.data.tokenizers import blanks, characters, punctuation
from minicrt.errors import DataError, InputError

words = st.sampled_from(["a", "b", "cc", "<unk>", "<eos>", "é", "7"])


@given(st.lists(words, min_size=1), st.integers(1, 4))
def test_counting(tokens, minimum):
    vocabulary = Vocabulary.count(tokens, minimum)
    seen = Counter(tokens)
    assert set(vocabulary.tokens) == {word for word, n in seen.items() if n >= minimum} | {"<unk>"}
    counts = np.bincount(vocabulary.encode(tokens), minlength=vocabulary.size)
    assert counts.sum() == len(tokens)
    assert (np.diff(counts) <= 0).all()                      # most frequent first, <unk> with what became it


@given(st.lists(words))
def test_decode_inverts_encode(tokens):
    vocabulary = Vocabulary(["a", "b", "cc", "<unk>", "<eos>", "é", "7"])
    ids = vocabulary.encode(tokens)
    assert ids.dtype == np.int32 and ids.shape == (len(tokens),)
    assert vocabulary.decode(ids) == tokens


@given(st.lists(words, min_size=1), st.sampled_from(["blanks", "lines", "punctuation", "characters"]))
def test_the_mapping_survives_json(tokens, tokenizer):
    vocabulary = Vocabulary.count(tokens, 1, tokenizer)
    again = Vocabulary.from_mapping(json.loads(json.dumps(vocabulary.to_mapping())))
    assert again == vocabulary and again.tokens == vocabulary.tokens and hash(again) == hash(vocabulary)
    assert vocabulary != Vocabulary([*vocabulary.tokens, "new"], tokenizer)


def test_ties_stand_in_order_of_appearance():
    assert Vocabulary.count(["z", "y", "x", "y", "z"], 2).tokens == ("z", "y", "<unk>")
    assert Vocabulary.count(["z", "y"]).tokens == ("z", "y", "<unk>")


def test_unknown_tokens():
    assert Vocabulary(["a", "<unk>"]).encode(["b", "a"]).tolist() == [1, 0]
    with pytest.raises(DataError, match="the token 'b' is not in the vocabulary of 1, and that has no <unk>"):
        Vocabulary(["a"]).encode(["a", "b"])


@pytest.mark.parametrize("number", [-1, 2])
def test_ids_out_of_range(number):
    with pytest.raises(InputError, match=f"the id {number}, expected ids from 0 to 1"):
        Vocabulary(["a", "b"]).decode([0, number])


@pytest.mark.parametrize("mapping", [
    {}, {"tokens": ["a"]}, {"tokens": "abc", "tokenizer": "blanks"}, {"tokens": ["a", 1], "tokenizer": "blanks"},
    {"tokens": [], "tokenizer": "blanks"}, {"tokens": ["a", "a"], "tokenizer": "blanks"},
    {"tokens": ["a"], "tokenizer": "subwords"}, {"tokens": ["a"], "tokenizer": 1},
    {"tokens": ["a", "\ud800"], "tokenizer": "blanks"},
])
def test_damaged_mappings(mapping):
    with pytest.raises(DataError):
        Vocabulary.from_mapping(mapping)


def test_readable_text():
    lines = Vocabulary(["the", "cat", "<eos>"])
    assert lines.join([0, 1, 2, 0, 1, 2]) == "the cat\nthe cat\n"
    assert lines.join([2, 0]) == "\nthe"
    letters = Vocabulary(["a", "\n", " "], "characters")
    assert letters.join([0, 2, 0, 1]) == "a a\n"


def test_prompts_are_split_as_the_corpus_was():
    assert Vocabulary(["a"]).split("The cat\nsat") == ["The", "cat", "<eos>", "sat"]
    assert Vocabulary(["a"], "punctuation").split("The cat, sat.") == ["the", "cat", ",", "sat", "."]
    assert Vocabulary(["a"], "characters").split("a\nB") == ["a", "\n", "B"]


@given(st.text(alphabet=st.sampled_from("ab \n\t\f\x1c\x85\u2028")))
def test_only_newlines_end_lines(text):
    tokens = list(blanks(text))
    assert tokens.count("<eos>") == text.count("\n")
    assert "".join(token for token in tokens if token != "<eos>") == "".join(text.split())


@given(st.text())
def test_characters_lose_nothing(text):
    assert "".join(characters(text)) == text


def test_a_long_rule_takes_no_memory():
    tracemalloc.start()
    assert list(punctuation("." * 500_000)) == ["...."]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000                                  # the text in lower case, and its match


def test_punctuation():
    assert list(punctuation('A.__init__("x"), ... x==y')) == [
        "a", ".", "__init__", "(", '"', "x", '"', ")", ",", ".", ".", ".", "x", "=", "=", "y"]
    assert list(punctuation("Title\n=====\n+----+--------+")) == ["title", "====", "+", "----", "+", "----", "+"]
