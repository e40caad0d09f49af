"""The vocabulary: a number for every token, and back."""

import typing
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from minicrt.arguments import check_iterable, check_kind, check_whole, shown
from minicrt.array_arguments import checked_ids
from minicrt.data.tokenizers import END_OF_LINE, TOKENIZERS, UNKNOWN
from minicrt.errors import DataError, InputError
from minicrt.suggestion import choices_in_words


class Ids(dict[str, int]):
    """token → id; a token that is not there has the id of <unk>."""

    def __missing__(self, token: str) -> int:
        check_kind("a token", token, str, "a text")
        if UNKNOWN not in self:
            raise DataError(f"the token {shown(token)} is not in the vocabulary of {len(self)}, and that has no "
                            f"{UNKNOWN}")
        return self[UNKNOWN]


class Vocabulary:
    """The types of a corpus in a fixed order; a token's id is its place there.

    Arguments
        tokens: the types, all different; ids are 0, 1, ... in this order
        tokenizer: a name from TOKENIZERS: how a text of this corpus becomes tokens
    Raises DataError when there are no tokens, when two are the same or one is no text that UTF-8 can hold, or when the
    tokenizer is not known.
    """

    def __init__(self, tokens: Iterable[str], tokenizer: str = "blanks") -> None:
        check_iterable("the list of the vocabulary's tokens", tokens, "a list of texts")
        self.tokens: tuple[str, ...] = tuple(tokens)
        self.tokenizer = tokenizer
        if not isinstance(tokenizer, str) or tokenizer not in TOKENIZERS:
            raise DataError(f"the vocabulary's tokenizer is {shown(tokenizer)}, "
                            + choices_in_words(tokenizer, TOKENIZERS))
        for token in self.tokens:
            check_kind("a token of the vocabulary", token, str, "a text")
            if not token.isascii() and any("\ud800" <= character <= "\udfff" for character in token):
                raise DataError(f"the vocabulary holds {token!r}, half of a pair of surrogates, expected text")
        self._ids = Ids({token: number for number, token in enumerate(self.tokens)})
        if not self.tokens:
            raise DataError("the vocabulary is empty, expected at least one token")
        if len(self._ids) < len(self.tokens):
            twice = Counter(self.tokens).most_common(1)[0][0]
            raise DataError(f"the vocabulary holds {twice!r} more than once, expected every token once")

    @classmethod
    def count(cls, tokens: Iterable[str], minimum: int = 1, tokenizer: str = "blanks") -> "Vocabulary":
        """The types seen at least `minimum` times in `tokens`, the training part; the others become <unk>.

        Most frequent first; types of the same frequency in order of first appearance. <unk> takes the place that
        its count gives it and is there even when nothing became it: another part may hold types that training
        never saw.
        """
        check_iterable("the list of tokens", tokens, "a list of texts")
        check_whole("minimum", minimum, 0)
        try:
            seen = Counter(iter(tokens))
        except TypeError as error:                           # a list among them, say
            raise InputError(f"the list of tokens holds something that is no text: {error}") from None
        kept = Counter({token: number for token, number in seen.items() if number >= minimum})
        kept[UNKNOWN] += seen.total() - kept.total()
        return cls((token for token, _ in kept.most_common()), tokenizer)

    @property
    def size(self) -> int:
        return len(self.tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.tokens == other.tokens and self.tokenizer == other.tokenizer

    def __hash__(self) -> int:
        return hash((self.tokens, self.tokenizer))

    def __repr__(self) -> str:
        first = ", ".join(shown(token) for token in self.tokens[:5])
        return (f"<Vocabulary of size {self.size:,}, tokenizer {self.tokenizer!r}: {first}"
                f"{', …' if self.size > 5 else ''}>")

    def split(self, text: str) -> list[str]:
        """The tokens of `text` by the corpus's own rule; `encode(split(text))` numbers a prompt."""
        check_kind("the text", text, str, "a text to split into tokens")
        return list(TOKENIZERS[self.tokenizer](text))

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """The ids of `tokens` as int32 (N,); a token not in the vocabulary gets the id of <unk>.

        Raises DataError when a token is not in the vocabulary and <unk> is not either, InputError for what is no list
        of tokens: a text has to be split first.
        """
        if isinstance(tokens, str) and self.tokenizer != "characters":
            raise InputError(f"the tokens are the text {shown(tokens)}, expected a list; split(text) makes one")
        check_iterable("the list of tokens", tokens, "a list of texts")
        try:
            return np.fromiter(map(self._ids.__getitem__, tokens), np.int32)
        except TypeError as error:                           # a list among them, say
            raise InputError(f"the list of tokens holds something that is no text: {error}") from None

    def decode(self, ids: Iterable[int] | np.ndarray) -> list[str]:
        """The tokens with these ids. Raises InputError for what are no ids of this vocabulary."""
        if not isinstance(ids, np.ndarray):
            check_iterable("the list of ids", ids, "whole numbers")
            ids = list(ids)
        return [self.tokens[number] for number in checked_ids("the list of ids", ids, self.size)]

    def join(self, ids: Iterable[int] | np.ndarray) -> str:
        """Readable text: characters side by side, words with a blank between them, <eos> as a line end."""
        tokens = self.decode(ids)
        if self.tokenizer == "characters":
            return "".join(tokens)
        return " ".join(tokens).replace(f" {END_OF_LINE}", "\n").replace(END_OF_LINE, "\n").replace("\n ", "\n")

    def to_mapping(self) -> dict[str, typing.Any]:
        """Plain strings and lists (JSON, TOML) from which `from_mapping` makes an equal vocabulary."""
        return {"tokenizer": self.tokenizer, "tokens": list(self.tokens)}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, typing.Any]) -> "Vocabulary":
        check_kind("a stored vocabulary", mapping, Mapping, "a mapping with 'tokens' and 'tokenizer'")
        tokens, tokenizer = mapping.get("tokens"), mapping.get("tokenizer")
        if not isinstance(tokens, list | tuple) or not all(isinstance(token, str) for token in tokens):
            raise DataError("a stored vocabulary needs a list of strings under 'tokens'")
        if not isinstance(tokenizer, str):
            raise DataError("a stored vocabulary needs a string under 'tokenizer'")
        return cls(tokens, tokenizer)
