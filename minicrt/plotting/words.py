"""Words coloured by how much they surprised a model, as HTML that loads nothing and that a notebook shows"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minicrt.arguments import check_iterable
from minicrt.array_arguments import as_array
from minicrt.errors import InputError
from minicrt.inference.surprise_page import STEPS, colour
from minicrt.picture import as_written

Array = np.ndarray
BOX = ("font: 1rem/1.9 Georgia, serif; max-width: 46rem; padding: .4em .8em; color: #111; background-color: #fff")
LEGEND = "font: .85rem/1.6 sans-serif"
WORD = "padding: .1em .18em; border-radius: .2em"
LESS, MORE = (0, 114, 178), (213, 94, 0)                     # the package's blue and orange
MOST = 4.0                                                   # bits of difference, from which on the colour is darkest
DIFFERENCES = (-4, -2, -1, 0, 1, 2, 4)                       # of the legend
BREAKS = ("\n", "<eos>")                                     # tokens that end a line


@dataclass(frozen=True, repr=False)
class ColouredText:
    """`html` is one element with styles of its own; a notebook shows it, and a terminal the words with their bits."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


def tokens_by_surprisal(tokens: Sequence[str], bits: Sequence[float | None] | Array,
                        beside: Sequence[float | None] | Array | None = None, title: str = "") -> ColouredText:
    """A text whose words are the darker the more they surprised; a word's figure shows where the pointer rests on it.

    Arguments
        tokens   N words; `<eos>` and a line's end break the line
        bits     the surprisal of each, −log₂ p, as minicrt.inference.surprisal yields it; None or NaN: not predicted
        beside   the surprisal of the same words otherwise. Then the difference is coloured: blue (and underlined) where
                 `bits` is less, orange where it is more
    Raises InputError where there are not as many figures as words.
    """
    check_iterable("the list of tokens", tokens, "a text each")
    words = [as_written(token) for token in tokens]
    values = _figures("bits", bits, len(words))
    others = None if beside is None else _figures("beside", beside, len(words))
    drawn = [_word(word, value, None if others is None else other) for word, value, other in
             zip(words, values, values if others is None else others)]
    says, legend = ("surprisal in bits", [_span(f"{step}{'+' * (step == STEPS[-1])}", _tint(step)) for step in STEPS])
    if others is not None:
        says, legend = "bits more or less", [_span(f"{step:+d}" if step else "0", _shade(step)) for step in DIFFERENCES]
    head = f"<p><strong>{html.escape(as_written(title))}</strong></p>" if title else ""
    key = f'<p style="{LEGEND}">{says}: {" ".join(legend)}</p>'
    body = f'<div style="{BOX}">{head}{key}<p>{" ".join(drawn)}</p></div>'
    shown = values if others is None else values - others
    text = " ".join(word if np.isnan(value) else f"{word}({value:{'.1f' if others is None else '+.1f'}})"
                    for word, value in zip(words, shown))
    return ColouredText(body, f"{as_written(title)}: {text}" if title else text)


def _figures(name: str, values: Sequence[float | None] | Array, count: int) -> Array:
    check_iterable(name, values, "a number, or None, for each token")
    array = as_array(name, [np.nan if value is None else value for value in values])
    if array.ndim != 1 or array.size and array.dtype.kind not in "fiu":
        raise InputError(f"{name}: got {array.dtype} of shape {array.shape}, expected a number, or None, a token")
    if len(array) != count:
        raise InputError(f"there are {count} tokens and {len(array)} figures in {name}, expected as many")
    return array.astype(float)


def _word(word: str, bits: float, other: float | None) -> str:
    if word in BREAKS:
        return "<br>"
    difference = None if other is None else bits - other
    if np.isnan(bits if difference is None else difference):
        return _span(html.escape(word), "", "not predicted")
    if difference is None:
        return _span(html.escape(word), _tint(bits), f"{bits:.2f} bits")
    return _span(html.escape(word), _shade(difference), f"{bits:.2f} bits, {other:.2f} otherwise")


def _tint(bits: float) -> str:
    return f"background-color: {colour(bits)}"


def _shade(difference: float) -> str:
    """White at 0, blue below and orange above; blue is underlined, so that print without colours tells them apart."""
    share = 0.75 * min(abs(difference), MOST) / MOST
    rgb = ", ".join(f"{round(255 + share * (c - 255))}" for c in (LESS if difference < 0 else MORE))
    return f"background-color: rgb({rgb})" + ("; border-bottom: 2px solid #0072B2" if difference <= -1 else "")


def _span(text: str, style: str, title: str = "") -> str:
    says = f' title="{title}"' if title else ""
    return f'<span{says} style="{WORD}{"; " + style if style else ""}">{text}</span>'
