"""Given values: PCG64 written out with Python's integers, as somebody would in another language"""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.conformance.golden import all_cases, values

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645


def outputs(stream, count):
    digest = hashlib.sha256(stream.encode("utf-8")).digest()
    state, increment = int.from_bytes(digest[:16], "little"), int.from_bytes(digest[16:], "little") | 1
    found = []
    for _ in range(count):
        state = (state * MULTIPLIER + increment) % 2**128
        folded, turn = (state >> 64 ^ state) % 2**64, state >> 122
        found.append((folded >> turn | folded << (64 - turn) % 64) % 2**64)
    return found


@given(st.text(min_size=1, max_size=20), st.integers(1, 9))
def test_raw_outputs_are_those_of_the_written_out_generator(stream, count):
    assert values.raw(stream, (count,)).tolist() == outputs(stream, count)


def test_what_is_made_of_the_outputs():
    raw = outputs("gru/x", 6)
    assert values.uniform("gru/x", (2, 3)).ravel().tolist() == [((k >> 44) - 2**19) / 2**19 for k in raw]
    assert values.uniform("gru/x", (6,), 3, bits=4).tolist() == [3 * ((k >> 60) - 8) / 8 for k in raw]
    assert values.integers("gru/x", (6,), 7).tolist() == [(k >> 32) * 7 >> 32 for k in raw]
    assert values.fractions("gru/x", (6,)).tolist() == [(k >> 40) / 2**24 for k in raw]


def test_a_case_draws_from_streams_of_its_name():
    raw = outputs("gru/x", 30)
    assert all_cases()["gru"]()["x"].value.ravel().tolist() == [1.5 * ((k >> 44) - 2**19) / 2**19 for k in raw]


@pytest.mark.parametrize("drawn", [values.uniform("s", (4000,), 2.0), values.fractions("s", (4000,)) * 4 - 2])
def test_values_fill_their_range(drawn):
    assert -2 <= drawn.min() < -1.99 and 1.99 < drawn.max() < 2
    assert abs(drawn.mean()) < 0.05 and len(set(drawn)) > 3900


def test_integers_fill_their_range():
    assert np.bincount(values.integers("s", (4000,), 5), minlength=5).min() > 700
    assert values.integers("s", (4000,), 5).max() == 4
