"""A text in as many parts as there are clients, each token in one of them"""

from typing import Literal, get_args

import numpy as np

from minicrt.arguments import check_whole
from minicrt.array_arguments import Array, checked_ids
from minicrt.configuration import checked_choice
from minicrt.data import Vocabulary
from minicrt.data.tokenizers import END_OF_LINE
from minicrt.errors import InputError

Split = Literal["by-article", "iid"]
BLOCK = 32                                                   # tokens, of a text without lines


def parts_of(tokens: Array, vocabulary: Vocabulary, clients: int, split: Split = "by-article", seed: int = 0
             ) -> list[Array]:
    """Each client's tokens, of a text (N,).

    by-article   stretches of equal length, so that each client has subjects of its own. One begins at the
                 heading of WikiText (a line `= Title =`) that is nearest, if within half a stretch.
    iid          lines (what <eos> ends; blocks of 32 tokens where there is none), dealt out at random by `seed`

    Raises InputError for a text with fewer tokens than clients.
    """
    clients = check_whole("clients", clients, 1)
    tokens = checked_ids("the text", tokens, vocabulary.size)
    if tokens.size < clients:
        raise InputError(f"the text has {tokens.size:,} tokens, fewer than {clients:,} clients; take fewer clients, or "
                         "a longer text")
    checked_choice("split", split, get_args(Split), "parts_of")
    if split == "iid":
        pieces = np.split(tokens, line_starts(tokens, vocabulary)[1:])
        owner = np.random.default_rng([seed, 3]).permutation(len(pieces)) % clients
        return [np.concatenate([piece for piece, whose in zip(pieces, owner) if whose == k] or [tokens[:0]])
                for k in range(clients)]
    headings, cuts = heading_starts(tokens, vocabulary), [0]
    for k in range(1, clients):
        even = tokens.size * k // clients
        near = headings[(headings > cuts[-1]) & (2 * clients * np.abs(headings - even) <= tokens.size)]
        cuts.append(int(near[np.argmin(np.abs(near - even))]) if near.size else even)
    return np.split(tokens, cuts[1:])


def line_starts(tokens: Array, vocabulary: Vocabulary) -> Array:
    """Where lines begin, the first at 0"""
    if END_OF_LINE not in vocabulary.tokens:
        return np.arange(0, tokens.size, BLOCK)
    starts = 1 + np.flatnonzero(tokens[:-1] == vocabulary.tokens.index(END_OF_LINE))
    return np.concatenate([[0], starts])


def heading_starts(tokens: Array, vocabulary: Vocabulary) -> Array:
    """Where a line `= Title =` begins: an article, and not one of its sections `= = Section = =`"""
    if "=" not in vocabulary.tokens or END_OF_LINE not in vocabulary.tokens:
        return np.empty(0, int)
    starts, mark = line_starts(tokens, vocabulary), vocabulary.tokens.index("=")
    starts = starts[starts < tokens.size - 1]
    return starts[(tokens[starts] == mark) & (tokens[starts + 1] != mark)]
