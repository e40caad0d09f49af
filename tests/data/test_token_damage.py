"""What damages do to a text, and what is asked of a text that arrived damaged"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import TokenStream
from minicrt.data.token_damage import (
    DAMAGES,
    DamagedStream,
    Received,
    dropped,
    gaps,
    mixed,
    repeated,
    replaced,
    swapped,
    true_targets,
)
from minicrt.errors import DataError, InputError
from minicrt.models import create_model
from minicrt.training import evaluate

TEXT = np.random.default_rng(0).integers(0, 50, 20_000)
EVERY = {**DAMAGES, "mixed": mixed}
texts = st.integers(0, 200).map(lambda size: np.random.default_rng(size).integers(0, 9, size))


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", EVERY)
@given(texts, st.floats(0, 1), st.integers(0, 5))
def test_what_arrives_is_of_the_text_and_the_same_at_every_run(name, text, rate, seed):
    before = text.copy()
    tokens, places = EVERY[name](text, rate, rng(seed))
    again = EVERY[name](text, rate, rng(seed))
    np.testing.assert_array_equal(text, before)
    np.testing.assert_array_equal(tokens, again.tokens)
    np.testing.assert_array_equal(places, again.places)
    assert tokens.dtype == np.int32 and tokens.shape == places.shape
    assert np.isin(places, np.arange(text.size)).all() and np.isin(tokens, text).all()
    if name not in ("replaced", "mixed"):
        np.testing.assert_array_equal(tokens, text[places])


@pytest.mark.parametrize("name", EVERY)
def test_at_rate_0_all_arrives_as_it_is(name):
    tokens, places = EVERY[name](TEXT, 0, rng())
    np.testing.assert_array_equal(tokens, TEXT)
    np.testing.assert_array_equal(places, np.arange(TEXT.size))


def test_a_share_of_the_tokens_is_lost_comes_twice_moves_or_is_wrong():
    N = TEXT.size
    lost = dropped(TEXT, 0.2, rng()).places
    assert 1 - lost.size / N == pytest.approx(0.2, abs=0.01) and (np.diff(lost) > 0).all()
    assert repeated(TEXT, 0.2, rng()).places.size / N == pytest.approx(1.2, abs=0.01)
    moved = swapped(TEXT, 0.2, rng()).places - np.arange(N)
    assert (moved != 0).mean() == pytest.approx(0.2, abs=0.01) and set(moved) == {-1, 0, 1}
    assert sorted(moved + np.arange(N)) == list(range(N))
    wrong = replaced(np.arange(N), 0.2, rng())
    assert (wrong.tokens != np.arange(N)).mean() == pytest.approx(0.2, abs=0.01)
    assert dropped(TEXT, 1, rng()).places.size == 0
    assert (swapped(TEXT, 1, rng()).places != np.arange(N)).sum() >= N - 2


def test_gaps_are_of_many_lengths():
    places = gaps(TEXT, 0.2, rng(), longest=9).places
    assert 1 - places.size / TEXT.size == pytest.approx(0.2, abs=0.01)
    jumps = np.diff(places) - 1
    lengths = np.bincount(jumps[jumps > 0])
    assert (lengths[1:10] > 50).all()                        # of about 89 each; longer ones have touched
    assert gaps(TEXT[:40], 1, rng(), longest=64).places.size >= 0
    few = [gaps(TEXT[:100], 0.1, rng(seed)).places.size for seed in range(2000)]
    assert 1 - np.mean(few) / 100 == pytest.approx(0.1, abs=0.01)            # where a gap is longer than what is lost


def test_mixed_has_every_damage_at_rates_up_to_its_own():
    places = mixed(TEXT, 1, rng(), stretch=100).places
    steps = np.diff(places)
    assert {-1, 0, 1} < set(steps.tolist()) and steps.max() > 20
    assert {mixed(TEXT, 0.3, rng(seed)).places.size for seed in range(3)} - {TEXT.size}
    lost = [dropped(TEXT[:1000], 0.3 * rate, rng()).places.size for rate in (0, 0.5, 1)]
    assert lost == sorted(lost, reverse=True)


def test_the_targets_are_those_of_the_text_each_once():
    text = np.arange(10, 18)
    assert true_targets(text, Received(text, np.arange(8))).tolist() == [11, 12, 13, 14, 15, 16, 17, -1]
    of_places = {(0, 2, 3, 6, 7): [11, 13, 14, 17, -1],      # 1, 4 and 5 are lost: 1 and 4 are asked for
                 (0, 1, 1, 2): [11, -1, 12, 13],             # 1 comes twice: the last is followed by 2
                 (0, 2, 1, 3): [11, 13, -1, 14]}             # 2 has been read before 1, after which it would be asked
    for places, targets in of_places.items():
        received = Received(text[list(places)], np.array(places))
        assert true_targets(text, received).tolist() == targets
    wrong = Received(np.array([10, 99, 12]), np.arange(3))
    assert true_targets(text, wrong).tolist() == [11, 12, 13]


@pytest.mark.parametrize("name", EVERY)
@given(st.floats(0, 1), st.integers(0, 5), st.sampled_from([64, 200]))
def test_no_token_is_asked_for_twice_or_after_it_was_read(name, rate, seed, size):
    text = np.arange(size)                                   # so that a token is its place
    received = EVERY[name](text, rate, rng(seed))
    asked = true_targets(text, received)
    scored = asked[asked >= 0]
    assert np.unique(scored).size == scored.size
    for m, target in enumerate(asked):
        assert target < 0 or target == received.places[m] + 1 and target not in received.places[:m + 1]


@pytest.mark.parametrize("batch, length", [(1, 7), (4, 5)])
def test_an_undamaged_text_is_a_token_stream(batch, length):
    for size in (100, 101, 103):
        text = TEXT[:size]
        damaged = DamagedStream(text, dropped(text, 0, rng()), batch, length)
        plain = TokenStream(text, batch, length)
        assert len(damaged) == len(plain) and damaged.predictions == plain.predictions
        for one, other in zip(damaged, plain):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])
            assert one[1].dtype == np.int32


def test_rows_of_a_damaged_text_are_what_was_received():
    text = np.arange(300)
    received = replaced(text, 0.5, rng())
    stream = DamagedStream(text, received, 3, 8)
    tokens, targets = (np.concatenate(parts, 1) for parts in zip(*stream))
    np.testing.assert_array_equal(tokens.ravel()[:299], received.tokens[:299])
    np.testing.assert_array_equal(targets.ravel()[:299], text[1:])
    assert (targets.ravel()[299:] == -1).all()


def test_a_model_is_scored_on_a_damaged_text_and_one_that_knows_nothing_as_on_any():
    model = create_model(model="crt", vocabulary=50, width=8, layers=1, heads=1, inner=8, segment_length=7,
                         engine="numpy")
    parameters = model.initialize(rng())
    parameters.flat[...] = 0
    received = mixed(TEXT[:900], 0.3, rng())
    found = evaluate(model, parameters, DamagedStream(TEXT[:900], received, 2, 7))
    assert found.perplexity == pytest.approx(50)
    assert found.tokens == (true_targets(TEXT[:900], received)[:-1] >= 0).sum()


@pytest.mark.parametrize("name", EVERY)
def test_what_makes_no_sense_is_refused_in_one_line(name):
    damage = EVERY[name]
    for text, rate, generator, said in ((TEXT, 1.5, rng(), "a share from 0 to 1"), (TEXT, -0.1, rng(), "0 or more"),
                                        (TEXT, float("nan"), rng(), "finite"), (TEXT, "0.1", rng(), "finite"),
                                        (TEXT, 0.1, 3, "a generator"), ([[1]], 0.1, rng(), "shape (N,)"),
                                        ([-1, 2], 0.1, rng(), "ids from 0"), ([0.5], 0.1, rng(), "integers")):
        with pytest.raises(InputError) as refused:
            damage(text, rate, generator)
        assert said in str(refused.value) and "\n" not in str(refused.value)
    with pytest.raises(InputError, match="longest"):
        gaps(TEXT, 0.1, rng(), longest=0)
    with pytest.raises(InputError, match="stretch"):
        mixed(TEXT, 0.1, rng(), stretch=0)


def test_a_stream_refuses_what_was_received_of_another_text_and_too_little():
    received = dropped(TEXT, 0.5, rng())
    with pytest.raises(InputError, match="give the text that was damaged"):
        DamagedStream(TEXT[:100], received, 1, 5)
    with pytest.raises(InputError, match="what a damage returned"):
        DamagedStream(TEXT, TEXT, 1, 5)
    with pytest.raises(InputError, match="for each of 9 tokens"):
        DamagedStream(TEXT, Received(TEXT[:9], np.arange(8)), 1, 5)
    with pytest.raises(DataError, match="what was received has 0 tokens, too few for one segment of 5"):
        DamagedStream(TEXT, dropped(TEXT, 1, rng()), 1, 5)
    with pytest.raises(IndexError, match="segment 99"):
        DamagedStream(TEXT[:100], dropped(TEXT[:100], 0.1, rng()), 1, 5).segment(99)
