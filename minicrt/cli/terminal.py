"""Lines for a terminal: no wider than it is, and never broken within a word."""

import os
import re
import textwrap
from contextlib import suppress
from typing import TextIO


def columns(stream: TextIO) -> int:
    """Of the terminal that `stream` writes to; 0 where it writes to none, or the terminal does not say."""
    if not stream.isatty():
        return 0
    if os.environ.get("COLUMNS", "").isdecimal():            # as argparse and tqdm have it
        return int(os.environ["COLUMNS"])
    with suppress(OSError, ValueError):                      # not a descriptor's: a test's, say
        return os.get_terminal_size(stream.fileno()).columns
    return 0


def fitted(text: str, width: int) -> str:
    """`text` with every line that is wider than `width` > 0 broken at blanks, under what follows its first column.

    A text that moves the cursor, as a progress bar does, knows its own width and is left alone.
    """
    if not width or "\r" in text or "\x1b" in text:
        return text
    return "\n".join(_broken(line, width) if len(line) > width else line for line in text.split("\n"))


def _broken(line: str, width: int) -> str:
    indented = len(line) - len(line.lstrip())
    first_column = re.match(r"\s*\S+(?: \S+)*\s{2,}", line)
    hang = first_column.end() if first_column and first_column.end() <= width // 2 else indented + 2
    return textwrap.fill(line, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False,
                         replace_whitespace=False, drop_whitespace=True)


def paragraphs(text: str, width: int) -> str:
    """`text` with its paragraphs, consecutive lines without indentation, set anew to `width`; lines that are indented
    stay lines."""
    set_anew: list[str] = []
    for line in text.split("\n"):
        if set_anew and line and set_anew[-1] and not (line[0].isspace() or set_anew[-1][0].isspace()):
            set_anew[-1] += " " + line
        else:
            set_anew.append(line)
    return "\n".join(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
                     if line and not line[0].isspace() else fitted(line, width) for line in set_anew)
