import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import TokenStream, evaluation_stream, largest_batch
from minicrt.errors import DataError, InputError


@st.composite
def cuts(draw):
    """A stream length, batch and segment length that fit together."""
    batch, length = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    least = batch * (length - 1) + 1                        # ceil(predictions/batch) >= length
    return draw(st.integers(least, least + 90)) + 1, batch, length


@given(cuts())
def test_every_prediction_is_scored_exactly_once(cut):
    size, batch, length = cut
    stream = TokenStream(np.arange(size), batch, length)
    pairs = [(int(x), int(y)) for tokens, targets in stream
             for x, y in zip(tokens.ravel(), targets.ravel(), strict=True) if y != -1]
    assert sorted(pairs) == [(i, i + 1) for i in range(size - 1)]
    assert stream.predictions == size - 1


@given(cuts())
def test_rows_are_continuous_across_segments(cut):
    size, batch, length = cut
    stream = TokenStream(np.arange(size), batch, length)
    segments = list(stream)
    tokens = np.concatenate([segment[0] for segment in segments], axis=1)
    targets = np.concatenate([segment[1] for segment in segments], axis=1)
    assert tokens.shape == targets.shape == (batch, -(-(size - 1) // batch))
    scored = targets != -1
    assert np.array_equal(np.where(scored, tokens + 1, -1), targets)
    follows = scored[:, 1:]
    assert np.array_equal(tokens[:, 1:][follows], tokens[:, :-1][follows] + 1)
    assert not tokens[~scored].any()


@given(cuts())
def test_the_shape_of_segments(cut):
    size, batch, length = cut
    stream = TokenStream(np.arange(size), batch, length)
    widths = []
    for index in range(len(stream)):
        tokens, targets = stream.segment(index)
        assert tokens.dtype == targets.dtype == np.int32
        assert tokens.shape == targets.shape
        widths.append(tokens.shape[1])
    assert all(width == length for width in widths[:-1])
    assert 1 <= widths[-1] <= length


@given(cuts())
def test_only_rows_of_a_full_segment_are_accepted(cut):
    """Row length ceil(P/batch) >= segment_length is the border; the advice in the error is the largest that works."""
    size, batch, length = cut
    tokens = np.zeros(batch * (length - 1) + 1, int)         # one token less than the shortest
    if length == 1:
        with pytest.raises(DataError, match="too few for one segment"):
            TokenStream(tokens, batch, length)
        return
    with pytest.raises(DataError) as caught:
        TokenStream(tokens, batch, length, "the test part")
    message = str(caught.value)
    assert message.startswith("the test part has") and "\n" not in message
    if batch > 1:
        largest = int(message.split("at most ")[1].split(",")[0])
        assert len(TokenStream(tokens, largest, length)) >= 1
        with pytest.raises(DataError):
            TokenStream(tokens, largest + 1, length)


def test_the_message_names_the_key():
    with pytest.raises(DataError, match="set evaluation_batch to at most 4, or take a longer text or a smaller"):
        evaluation_stream(np.zeros(150, int), 10, 35, "the validation part")
    assert largest_batch(150, 35) == 4


@given(st.integers(0, 60), st.integers(1, 12))
def test_the_largest_batch(size, length):
    largest = largest_batch(size, length)
    if largest:
        assert len(TokenStream(np.zeros(size, int), largest, length)) >= 1
    if length > 1 or not largest:
        with pytest.raises(DataError):
            TokenStream(np.zeros(size, int), largest + 1, length)


@pytest.mark.parametrize("size", [2, 20, 35])
def test_a_text_shorter_than_a_segment_is_scored_as_one_short_segment(size):
    stream = evaluation_stream(np.arange(size), 1, 35, "the test part")
    (tokens, targets), = stream
    assert tokens.tolist() == [list(range(size - 1))] and targets.tolist() == [list(range(1, size))]


@pytest.mark.parametrize("size", [0, 1, 2, 35])
def test_a_stream_shorter_than_one_segment(size):
    with pytest.raises(DataError, match=f"has {size} tokens, too few for one segment of 35"):
        TokenStream(np.zeros(size, np.int32), 1, 35)


def test_the_source_is_not_shared():
    tokens = np.arange(11)
    stream = TokenStream(tokens, 2, 5)
    tokens[:] = 0
    assert stream.segment(0)[0].tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@pytest.mark.parametrize("index", [-1, 2])
def test_a_segment_that_is_not_there(index):
    with pytest.raises(IndexError):
        TokenStream(np.arange(11), 1, 5).segment(index)


@pytest.mark.parametrize(("tokens", "batch", "length"), [
    (np.zeros((2, 9), int), 1, 1), (np.zeros(9), 1, 1), (np.zeros(9, int), 0, 1), (np.zeros(9, int), 1, 0),
])
def test_arguments_that_make_no_sense(tokens, batch, length):
    with pytest.raises(InputError):
        TokenStream(tokens, batch, length)
