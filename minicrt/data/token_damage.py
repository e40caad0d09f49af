"""A text as it arrives over a bad line: tokens are lost, come twice, out of order or wrong, and nobody says which.

    received = dropped(corpus.test, 0.1, np.random.default_rng(0))
    stream = DamagedStream(corpus.test, received, batch=10, segment_length=35)
    evaluate(model, parameters, stream).perplexity

Each damage is a function of a text (N,), a rate from 0 to 1 and a generator, which leaves the text as it is. What is
asked after each token that arrives is what the text, undamaged, goes on with: so a figure says how well the text is
predicted from a damaged past, and the damage itself, which nobody could predict, is not in it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, check_number, check_whole, shown
from minicrt.array_arguments import checked_ids
from minicrt.data.streams import NOT_SCORED, TokenStream
from minicrt.errors import InputError

Array = np.ndarray
Rng = np.random.Generator
LONGEST_GAP = 64                                             # tokens


class Received(NamedTuple):
    """What arrives of a text.

    tokens   (M,) as they arrive, int32
    places   (M,) which token of the text each of them is, or stands in the place of
    """

    tokens: Array
    places: Array


Damage = Callable[[Array, float, Rng], Received]


def dropped(text: Array, rate: float, rng: Rng) -> Received:
    """A share `rate` of the tokens is lost, one by one; the others close up."""
    text = _checked(text, rate, rng)
    return _at(text, np.flatnonzero(rng.random(text.size) >= rate))


def repeated(text: Array, rate: float, rng: Rng) -> Received:
    """A share `rate` of the tokens comes twice."""
    text = _checked(text, rate, rng)
    return _at(text, np.repeat(np.arange(text.size), 1 + (rng.random(text.size) < rate)))


def swapped(text: Array, rate: float, rng: Rng) -> Received:
    """A share `rate` of the tokens changes places with a neighbour; none goes further than one place."""
    text = _checked(text, rate, rng)
    first = np.arange(rng.integers(2), text.size - 1, 2)
    first = first[rng.random(first.size) < rate]
    places = np.arange(text.size)
    places[first], places[first + 1] = first + 1, first
    return _at(text, places)


def replaced(text: Array, rate: float, rng: Rng) -> Received:
    """A share `rate` of the tokens is wrong: each such is a token drawn from the text, as often as it stands there,
    so that now and then it is the same one."""
    text = _checked(text, rate, rng)
    wrong = np.flatnonzero(rng.random(text.size) < rate)
    tokens = text.copy()
    tokens[wrong] = text[rng.integers(0, max(text.size, 1), wrong.size)]
    return Received(tokens, np.arange(text.size))


def gaps(text: Array, rate: float, rng: Rng, longest: int = LONGEST_GAP) -> Received:
    """A share `rate` of the tokens is lost in gaps of 1 to `longest` tokens, all lengths alike; gaps may touch."""
    text, longest = _checked(text, rate, rng), check_whole("longest", longest, 1)
    lengths = rng.integers(1, longest + 1, int(2 * rate * text.size / (1 + longest) + rng.random()))
    lengths = lengths[np.cumsum(lengths) <= text.size]
    lost = int(lengths.sum())
    starts = np.sort(rng.integers(0, text.size - lost + 1, lengths.size)) + np.cumsum(lengths) - lengths
    kept = np.ones(text.size, bool)
    kept[np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lost)] = False
    return _at(text, np.flatnonzero(kept))


DAMAGES: dict[str, Damage] = {"dropped": dropped, "repeated": repeated, "swapped": swapped, "replaced": replaced,
                              "gaps": gaps}


def mixed(text: Array, rate: float, rng: Rng, stretch: int = 1024) -> Received:
    """Each `stretch` tokens have one of the damages, at a rate of their own, drawn evenly from 0 to `rate`."""
    text, stretch = _checked(text, rate, rng), check_whole("stretch", stretch, 1)
    kinds = list(DAMAGES.values())
    parts = [Received(text[:0], np.arange(0))]
    for start in range(0, text.size, stretch):
        damage = kinds[rng.integers(len(kinds))]
        tokens, places = damage(text[start:start + stretch], rate * rng.random(), rng)
        parts.append(Received(tokens, start + places))
    tokens, places = (np.concatenate(arrays) for arrays in zip(*parts))
    return Received(tokens, places)


class DamagedStream(TokenStream):
    """A text as it was received, cut into rows and segments as a `TokenStream` cuts one, with the true targets.

    After a token that is, or stands for, the text's token p the target is the text's token p + 1, whether or not that
    one arrives. It is not scored (−1) where it has been read already, as after a swap; of a token that comes twice
    only the last is scored, so that no token of the text is asked for twice.

    Arguments
        text, received     (N,) ids, and what a damage made of them
        batch, segment_length, name, key     as of a TokenStream
    Raises InputError for what was received of another text, DataError when too little of it is left for a segment.
    """

    def __init__(self, text: Array, received: Received, batch: int, segment_length: int,
                 name: str = "what was received", key: str = "batch") -> None:
        self._targets = true_targets(text, received)
        super().__init__(received.tokens, batch, segment_length, name, key)

    def segment(self, index: int) -> tuple[Array, Array]:
        """Segment `index` of every row: tokens (B, T_i) and true targets (B, T_i), int32."""
        tokens, arrived = super().segment(index)
        places = self._places(index)[:, :-1]
        return tokens, np.where(arrived == NOT_SCORED, NOT_SCORED, self._targets[places % self._targets.size])


def true_targets(text: Array, received: Received) -> Array:                  # -> (M,), int32
    """What the text goes on with after each token received; −1 where that has been read already, is asked for once
    more by the next token, or is beyond the text's end"""
    text = checked_ids("the text", text)
    check_kind("received", received, Received, "what a damage returned, as dropped(text, 0.1, rng)")
    places = np.asarray(received.places)
    if places.shape != np.shape(received.tokens) or places.size and not 0 <= places.min() <= places.max() < text.size:
        raise InputError(f"{places.size} places were received of a text of {text.size} tokens, expected one from 0 to "
                         f"{text.size - 1} for each of {np.size(received.tokens)} tokens; give the text that was "
                         "damaged")
    known = (places < np.maximum.accumulate(places)) | (places == text.size - 1)
    known[:-1] |= places[1:] == places[:-1]
    return np.where(known, NOT_SCORED, text[np.minimum(places + 1, text.size - 1)]).astype(np.int32)


def _at(text: Array, places: Array) -> Received:
    return Received(text[places], places)


def _checked(text: Array, rate: float, rng: Rng) -> Array:
    """The text as int32, once all three are what they should be"""
    check_kind("rng", rng, Rng, A_GENERATOR)
    if check_number("rate", rate, 0) > 1:
        raise InputError(f"rate is {shown(rate)}, expected a share from 0 to 1")
    return np.asarray(checked_ids("the text", text), np.int32)
