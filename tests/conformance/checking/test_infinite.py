"""What is said of values that are NaN or infinite: which entries, and what usually gives them"""

import numpy as np
import pytest

from minicrt.conformance import check_port
from minicrt.conformance.checking.infinite import told_of_infinite

OURS = np.random.default_rng(0).normal(size=(2, 3, 4, 4))
AHEAD = ~np.tri(4, dtype=bool)


def at(place, value, ours=OURS):
    theirs = ours.copy()
    theirs[place] = value
    return theirs


@pytest.mark.parametrize("theirs, words", [
    (at((..., AHEAD), -np.inf), "is −∞ where a number is expected, in all entries above the diagonal"),
    (at((1,), np.nan), "is NaN where a number is expected, in all of rows of the batch 1 and nowhere else"),
    (at((0, 1, 2, 3), np.inf), "in some of rows of the batch 0 and nowhere else"),
    (at(..., np.inf), "is ∞ where a number is expected, everywhere")])
def test_where_it_is(theirs, words):
    told = told_of_infinite(OURS, theirs)
    assert words in told[0] and len(told) == 2


def test_a_whole_row_and_zeros():
    ours, rows = np.zeros((6, 7, 5)), ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    assert told_of_infinite(ours, at(rows, np.nan, ours))[0] == (
        "is NaN where 0 is expected, in 6 of 42 rows, and there in the whole row.")


def test_what_is_as_it_should_be_is_not_told():
    masked = at((..., AHEAD), -np.inf)
    assert not told_of_infinite(masked, masked) and not told_of_infinite(OURS, 2 * OURS)
    assert not told_of_infinite(OURS, OURS[0])


def test_a_port_is_told():
    def port(q, k, v, heads):
        p = np.where(np.tri(q.shape[1], dtype=bool), np.ones((len(q), heads, q.shape[1], q.shape[1])), -np.inf)
        return {"p": p}

    text = str(check_port(port, "attention"))
    assert "p is −∞ where 0 is expected" in text and "above the diagonal" in text and "logarithm of 0" in text
