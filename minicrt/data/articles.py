"""WikiText's articles, and the corpus wikitext-articles, cut by article from its validation and test files

For those who have only these two. No article is in two parts; training has 100 of their 120 articles, 382,071 tokens,
which is a 270th of WikiText-103's; the figures are not comparable with any of WikiText.
"""

import re
from pathlib import Path

from minicrt.data.names import printable
from minicrt.data.reading import read_text
from minicrt.errors import DataError

EVERY = 12                                       # articles, of which the sixth is for validation and the last for test
REMARK = ("the three parts are cut by article from WikiText's validation and test files, of every twelve articles ten "
          "to train on: figures are not comparable with those of WikiText-2 and WikiText-103")

# = Title =, a blank line on both sides: without these, formulas in the text pass for titles. Sections are = = so = =.
_HEADING = re.compile(r"^[ \t]*\n = (?!= )[^\n]*(?<! =) = \n(?=[ \t]*\n)", re.MULTILINE)


def articles(text: str) -> list[str]:
    """The articles of a WikiText file; together they are the text. What stands before the first title is one too, if
    it has words."""
    starts = [match.start() for match in _HEADING.finditer(text)]
    if not starts or text[:starts[0]].strip():
        starts = [0, *starts]
    starts[0] = 0
    return [text[start:stop] for start, stop in zip(starts, [*starts[1:], len(text)], strict=True)]


def cut_by_article(valid: Path, test: Path) -> tuple[str, str, str]:
    """The training, validation and test text: of every twelve articles the sixth is for validation, the twelfth for
    test. Raises DataError where the files cannot be read or have fewer than twelve."""
    found = [article for path in (valid, test) for article in articles(read_text(path))]
    if len(found) < EVERY:
        raise DataError(f"{printable(valid)} and {printable(test.name)} hold {len(found)} articles, expected {EVERY} "
                        "or more: each begins with a line ' = Title = ' between two blank lines")
    kept_valid, kept_test = found[EVERY // 2 - 1::EVERY], found[EVERY - 1::EVERY]
    train = [article for number, article in enumerate(found, 1) if number % EVERY not in (EVERY // 2, 0)]
    return "".join(train), "".join(kept_valid), "".join(kept_test)
