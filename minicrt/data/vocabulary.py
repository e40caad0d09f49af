"""The vocabulary: a number for every token, and back."""

import typing
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from minicrt.data.tokenizers import END_OF_LINE, TOKENIZERS, UNKNOWN
from minicrt.errors import DataError


class Vocabulary:
    """The types of a corpus in a fixed order; a token's id is its place there.

    Arguments
        tokens: the types, all different; ids are 0, 1, ... in this order
        tokenizer: "blanks", "punctuation" or "characters": how a text of this corpus becomes tokens
    Raises DataError when there are no tokens, when two are the same, or when the tokenizer is not known.
    """

    def __init__(self, tokens: Iterable[str], tokenizer: str = "blanks") -> None:
        self.tokens: tuple[str, ...] = tuple(tokens)
        self.tokenizer = tokenizer
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        if tokenizer not in TOKENIZERS:
            known = ", ".join(map(repr, TOKENIZERS))
            raise DataError(f"the vocabulary's tokenizer is {tokenizer!r}, expected one of {known}")
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
        seen = Counter(tokens)
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
        return f"Vocabulary({self.size} tokens, tokenizer={self.tokenizer!r})"

    def split(self, text: str) -> list[str]:
        """The tokens of `text` by the corpus's own rule; `encode(split(text))` numbers a prompt."""
        return list(TOKENIZERS[self.tokenizer](text))

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """The ids of `tokens` as int32 (N,); a token not in the vocabulary gets the id of <unk>.

        Raises DataError when a token is not in the vocabulary and <unk> is not either.
        """
        ids = self._ids
        unknown = ids.get(UNKNOWN)
        if unknown is None:
            try:
                return np.fromiter((ids[token] for token in tokens), np.int32)
            except KeyError as error:
                raise DataError(f"the token {error.args[0]!r} is not in the vocabulary of {self.size}, "
                                f"and that has no {UNKNOWN}") from None
        return np.fromiter((ids.get(token, unknown) for token in tokens), np.int32)

    def decode(self, ids: Iterable[int] | np.ndarray) -> list[str]:
        """The tokens with these ids; DataError for an id outside 0 .. size-1."""
        ids = list(ids)
        for number in ids:
            if not 0 <= number < self.size:
                raise DataError(f"the id {number} is not in the vocabulary, expected 0 to {self.size - 1}")
        return [self.tokens[number] for number in ids]

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
        tokens, tokenizer = mapping.get("tokens"), mapping.get("tokenizer")
        if not isinstance(tokens, list | tuple) or not all(isinstance(token, str) for token in tokens):
            raise DataError("a stored vocabulary needs a list of strings under 'tokens'")
        if not isinstance(tokenizer, str):
            raise DataError("a stored vocabulary needs a string under 'tokenizer'")
        return cls(tokens, tokenizer)
