"""Tokens as text to read, while they are made."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minicrt.data import Vocabulary

WIDTH = 78                       # with the two blanks before a sample, as wide as a terminal usually is


def pieces(vocabulary: "Vocabulary", ids: Iterable[int]) -> Iterator[str]:
    """The text in pieces, each as soon as its token is there; line ends at the two ends of the text are left out.

    Words are put on lines of at most `WIDTH` columns, a longer one on a line of its own; characters stand as they are.
    """
    words = vocabulary.tokenizer != "characters"
    column, line_ends = -1, ""                               # -1: nothing is written yet
    for number in ids:
        token = vocabulary.join([number])
        if token == "\n":
            line_ends += token if column >= 0 else ""
            continue
        between = line_ends
        if words and column > 0 and not line_ends:
            between = " " if column + 1 + len(token) <= WIDTH else "\n"
        column = (column if between == " " else 0) + len(between.strip("\n") + token)
        line_ends = ""
        yield between + token


def readable(vocabulary: "Vocabulary", ids: Iterable[int]) -> str:
    """The whole text."""
    return "".join(pieces(vocabulary, ids))
