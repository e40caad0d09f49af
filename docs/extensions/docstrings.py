"""Docstrings, which are plain text, as reStructuredText: equations and code keep their lines, prose is set as prose.

    indented lines                        a block as it stands: an example if it is Python, equations if it is not
    a paragraph that begins "y = "        an equation, line by line
    "name   what it is", in two columns   a list of terms; indented ones may be "name: what it is"
    - ...                                 a list
    Raises, Returns, Source(s), State     begin a paragraph

`name` becomes a link where the API has it, as do "docs/spec.md, 1.9" and arXiv numbers.
"""

import ast
import re
from collections.abc import Callable, Iterator
from textwrap import dedent, indent

Link = Callable[[str], str | None]                           # a name -> what it is called in full, if it is in the API
EQUATION = re.compile(r"(\w+:\s+)?[^\s,;]+( [^\s,;=]+)? [=←≈] ")
ROW = re.compile(r"(?P<term>\S.*?)\s{2,}(?P<text>\S.*)")
ARGUMENT = re.compile(r"(?P<term>\w+(?:, \w+)*): (?P<text>\S.*)")
COLUMNS = re.compile(r"[^\s=][^=]*?\s{2,}\S")
STARTS = ("Raises ", "Returns ", "Source: ", "Sources: ", "State: ")
CITED = re.compile(re.escape("docs/spec.md") + r", (?P<section>\d+(?:\.\d+)?)|arXiv (?P<arxiv>\d{4}\.\d{4,5})|"
                   r"`(?P<code>[^`]+)`|(?P<error>\b\w+Error\b)")


def to_rst(text: str, link: Link) -> list[str]:
    """The lines of reStructuredText for a docstring without its indentation"""
    lines: list[str] = []
    for block in blocks(text):
        lines += [*"\n".join(render(block, link)).splitlines(), ""]     # Sphinx indents line by line
    return lines


def blocks(text: str) -> Iterator[list[str]]:
    """Paragraphs, each with lines that belong together: an indented block is one, with blank lines in it."""
    block: list[str] = []
    for line in text.splitlines():
        inside = bool(block) and block[0].startswith(" ")
        if not line.strip():
            if inside:
                block.append("")
            elif block:
                yield block
                block = []
        elif inside and not line.startswith(" ") or block and not inside and starts_anew(block, line):
            yield block
            block = [line]
        else:
            block.append(line)
    if block:
        yield block


def starts_anew(block: list[str], line: str) -> bool:
    if line.startswith(STARTS):
        return True
    if block[0].startswith("- ") or COLUMNS.match(block[0]):  # then an indented line goes on with it
        return False
    return line.startswith("    ") or block[-1].startswith(" ") and not line.startswith(" ")


def render(block: list[str], link: Link) -> list[str]:
    first = block[0]
    if first.startswith(" "):
        body = dedent("\n".join(block)).strip("\n")
        rows = table(body.splitlines(), ROW) or table(body.splitlines(), ARGUMENT)
        return terms(rows, link) if rows else literal(body)
    if first.startswith("- "):
        items = re.split(r"\n- ", "\n".join(block)[2:])
        return [f"- {prose(item.splitlines(), link)}" for item in items]
    if EQUATION.match(first):
        return [".. rst-class:: equation", "", *(f"| {escaped(line, link)}" for line in block)]
    rows = table(block, ROW)
    if len(rows) > 1:
        return terms(rows, link)
    heads = [line for line in block if not line.startswith(" ")]
    inner = table([line.strip() for line in block if line.startswith(" ")], ROW)
    return [prose(heads, link), "", *terms(inner, link)] if inner else [prose(block, link)]


def table(lines: list[str], form: re.Pattern[str]) -> list[tuple[str, str]]:
    """(term, text) of lines in two columns; none if they are not"""
    rows: list[tuple[str, str]] = []
    for line in filter(str.strip, lines):
        row = form.fullmatch(line)
        if line.startswith("  ") and rows:
            rows[-1] = rows[-1][0], f"{rows[-1][1]} {line.strip()}"
        elif row is None or "=" in row["term"] or "(" in row["term"] or "#" in row["term"]:
            return []
        else:
            rows.append((row["term"], row["text"]))
    return rows


def terms(rows: list[tuple[str, str]], link: Link) -> list[str]:
    return [line for term, text in rows for line in (f"``{term}``", f"    {prose([text], link)}")]


def literal(body: str) -> list[str]:
    try:
        ast.parse(body)
        language = "python"
    except SyntaxError:
        language = "text"
    return [f".. code-block:: {language}", "", indent(body, "    ")]


def prose(lines: list[str], link: Link) -> str:
    text = escaped(" ".join(line.strip() for line in lines), link)
    return re.sub(r"^(\(?\w{1,3}[.)] |[-+•:>.])", r"\\\1", text)             # no list, no field, no quotation


def escaped(text: str, link: Link) -> str:
    """Text in which nothing but `code` and references means something"""
    parts, at = [], 0
    for found in CITED.finditer(text):
        parts += [re.sub(r"([\\*_|`])", r"\\\1", text[at:found.start()]), cited(found, link)]
        at = found.end()
    return "".join([*parts, re.sub(r"([\\*_|`])", r"\\\1", text[at:])])


def cited(found: re.Match[str], link: Link) -> str:
    if found["section"]:
        return rf"\ :spec:`{found['section']}`\ "
    if found["arxiv"]:
        return rf"\ `arXiv {found['arxiv']} <https://arxiv.org/abs/{found['arxiv']}>`__\ "
    name = found["code"] or found["error"]
    target = link(name)
    if target:
        return rf"\ :py:obj:`{name} <{target}>`\ "
    return rf"\ ``{found['code']}``\ " if found["code"] else name
