"""From text to tokens: words and punctuation, words between blanks, or characters.

They are generators: as a list, the tokens of a large corpus would take ten times the memory of its text.
"""

import re
from collections.abc import Callable, Iterator

END_OF_LINE = "<eos>"
UNKNOWN = "<unk>"

# A word, or a ruled line such as "------" (four or more of one mark), or one punctuation mark. {3,}+ never goes back,
# for which {3,} would keep 80 bytes of each mark.
_WORD_RULE_OR_MARK = re.compile(r"\w+|([^\w\s])\1{3,}+|[^\w\s]")


def blanks(text: str) -> Iterator[str]:
    """Words split at blanks, and <eos> for every line end: the protocol of PTB and WikiText.

    Only "\\n" ends a line. (str.splitlines would also break at form feeds and other marks inside a line.)
    """
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield from text[start:end].split()
        yield END_OF_LINE
        start = end + 1
    yield from text[start:].split()


def lines(text: str) -> Iterator[str]:
    """Words split at blanks, and <eos> at the end of every line that has words; other lines leave no token."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        words = text[start:end].split()
        if words:
            yield from words
            yield END_OF_LINE
        start = end + 1
    yield from text[start:].split()


def closed(text: str) -> str:
    """`text` with its last line ended, so that this line has its <eos> too."""
    return text if text.endswith("\n") else text + "\n"


def punctuation(text: str) -> Iterator[str]:
    """Lower-cased words and single punctuation marks; line ends leave no token.

    Four or more of one mark in a row, the rules under headings and around tables, are one token whatever the
    length: "====" stands for "========". Mark by mark they would be an eighth of the Python documentation's
    tokens and nearly half of its validation part, and predicting the next dash of a rule would pass for skill.
    """
    for match in _WORD_RULE_OR_MARK.finditer(text.lower()):
        yield match[0] if match[1] is None else 4 * match[1]


def characters(text: str) -> Iterator[str]:
    """Every Unicode code point, line ends and letter case included.

    So what a reader takes for one character may be several tokens: a letter and its combining accent, the parts of
    an emoji joined to others.
    """
    return iter(text)


TOKENIZERS: dict[str, Callable[[str], Iterator[str]]] = {
    "punctuation": punctuation,
    "lines": lines,
    "blanks": blanks,
    "characters": characters,
}

OF_LINES = ("lines", "blanks")          # have a token for the end of a line
OF_WORDS = ("punctuation", *OF_LINES)   # may be chosen for the words of a text of one's own
