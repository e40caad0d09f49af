import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import unigram_perplexity
from minicrt.errors import DataError

ids = st.lists(st.integers(0, 5), min_size=1)


@given(ids, ids)
def test_against_the_definition(train, evaluated):
    counts = [train.count(i) for i in range(6)]
    if any(counts[i] == 0 for i in evaluated):
        counts = [count + 1 for count in counts]
    nll = -sum(math.log(counts[i] / sum(counts)) for i in evaluated) / len(evaluated)
    found = unigram_perplexity(np.array(train), np.array(evaluated), 6)
    assert math.isclose(found, math.exp(nll), rel_tol=1e-12)


def test_a_uniform_source_has_the_perplexity_of_its_size():
    assert math.isclose(unigram_perplexity(np.arange(12) % 4, np.array([1, 3]), 4), 4)


@pytest.mark.parametrize("tokens", [3, 49, 3000, 12_345])
def test_a_text_of_one_token_has_no_less_than_1(tokens):
    assert unigram_perplexity(np.zeros(tokens, int), np.zeros(tokens // 3 + 1, int), 1) == 1


@pytest.mark.parametrize(("train", "evaluated"), [(0, 3), (3, 0)])
def test_nothing_to_count(train, evaluated):
    with pytest.raises(DataError, match=f"got {train} and {evaluated} tokens"):
        unigram_perplexity(np.zeros(train, int), np.zeros(evaluated, int), 4)
