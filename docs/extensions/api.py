"""`.. api:: minicrt.ops`: a package's docstring, a table of its public names, each in full, and where it is taught"""

import importlib
import inspect
import operator
import re
from pathlib import Path
from types import ModuleType
from typing import Any

from chapters import Chapter, chapters
from docstrings import COLUMNS, to_rst
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

import minicrt

ROOT, SPECIFICATION = Path(__file__).resolve().parents[2], "docs/spec.md"


def public_names(module: ModuleType) -> list[str]:
    """Those of `__all__`; without one, what the module itself defines"""
    own = [name for name, value in vars(module).items()
           if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__]
    return sorted(getattr(module, "__all__", own), key=str.casefold)


PACKAGES = [package for package in (f"minicrt.{name}" for name in dir(minicrt)
                                    if inspect.ismodule(getattr(minicrt, name)))
            if public_names(importlib.import_module(package))]


def homes() -> dict[str, str]:
    """Where a public name is described: "Stream" -> "minicrt.inference.Stream". Of names in two packages the first."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        if package != "minicrt.kernels":                     # the same operations, faster
            for name in public_names(importlib.import_module(package)):
                found.setdefault(name, f"{package}.{name}")
                found[f"{package}.{name}"] = found[f"{package}.{name}".partition(".")[2]] = f"{package}.{name}"
    return found


class Api(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = importlib.import_module(self.arguments[0])
        names = public_names(module)
        where = {name: HOMES.get(name, "") if module is minicrt else f"{module.__name__}.{name}" for name in names}
        lines = [f".. py:module:: {module.__name__}", "", *to_rst(inspect.getdoc(module) or "", HOMES.get)]
        lines += overview(module, where)
        if module is not minicrt:
            for name in names:
                lines += described(getattr(module, name), where[name])
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def overview(module: ModuleType, where: dict[str, str]) -> list[str]:
    """A row for each name; a backward pass stands with its forward pass."""
    if not where:
        return []
    lines = [".. list-table::", "   :widths: 2 3", "   :class: overview", ""]
    for name in where:
        if name.removesuffix("_backward") in where and name.endswith("_backward"):
            continue
        value = getattr(module, name)
        links = [f":py:obj:`{other} <{where[other]}>`" for other in (name, f"{name}_backward") if other in where]
        text = first_sentence(value) if is_described(value) else f"``{shown(value)}``"
        lines += [f"   * - {' '.join(links)}", f"     - {text}"]
    return [*lines, ""]


def is_described(value: Any) -> bool:
    return inspect.isclass(value) and not hasattr(value, "__origin__") or inspect.isroutine(value) \
        or inspect.ismodule(value)


def shown(value: Any) -> str:
    text = re.sub(r"<class '([\w.]+)'>", r"\1", repr(value))
    return text if len(text) < 60 else f"{text[:57]}…"


def first_sentence(value: Any) -> str:
    """The first paragraph up to its first full stop, as reStructuredText"""
    text = (inspect.getdoc(value) or "").partition("\n\n")[0]
    if COLUMNS.match(text):                                  # the settings themselves
        return "\\"
    line = re.split(r"(?<=[.:])\s+(?=[A-Z`])|:\n|\n(?=    )|\n(?=\w+\s{3,})", text)[0].replace("\n", " ")
    return " ".join(to_rst(line, HOMES.get)).replace(".. rst-class:: equation  | ", "").strip() or "\\"


def described(value: Any, full: str) -> list[str]:
    if inspect.isclass(value) and is_described(value):
        return [f".. autoclass:: {full}", "   :members:", ""]
    if inspect.isroutine(value):
        return [f".. autofunction:: {full}", ""]
    return [f".. py:data:: {full.rpartition('.')[2]}", "", f"   ``{shown(value)}``", ""]


def docstring(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Plain text to reStructuredText, and the chapters that use it"""
    lines[:] = to_rst("\n".join(lines), HOMES.get)
    used = [chapter for chapter in CHAPTERS if name in chapter.names]
    if used:
        links = ", ".join(f":doc:`{chapter.title} </{chapter.docname}>`" for chapter in used)
        lines += [".. rst-class:: chapters", "", f"In the course: {links}", ""]


def skip_member(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Fields of NamedTuples have no docstring of their own."""
    return True if re.match(r"Alias for field number \d+$", getattr(value, "__doc__", None) or "") else None


def stay_inside(app: Sphinx, module: str, name: str) -> str | None:
    """The source of a name that stands for another library's type is where it has that name."""
    value = operator.attrgetter(name)(importlib.import_module(module))
    return None if str(getattr(value, "__module__", "")).startswith("minicrt") else module


class SpecRole(SphinxRole):
    """:spec:`1.9`: that section of the specification"""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        text = f"{SPECIFICATION}, {self.text}"
        if self.text not in SECTIONS:
            return [], [self.inliner.reporter.error(f"{text} is cited, and is not there", line=self.lineno)]
        link = addnodes.pending_xref("", nodes.inline(text, text), refdomain="doc", reftype="myst", refexplicit=True,
                                     refdoc=self.env.docname, reftarget=SPECIFICATION.removesuffix(".md"),
                                     reftargetid=SECTIONS[self.text])
        return [link], []


def sections() -> dict[str, str]:
    """"1.9" -> "19-gru", the anchor of its heading"""
    text = (ROOT / SPECIFICATION).read_text(encoding="utf-8")
    return {number.rstrip("."): re.sub(r"[^\w\- ]", "", f"{number} {title}".lower()).replace(" ", "-")
            for number, title in re.findall(r"^#+ ([\d.]+) (.+)$", text, re.MULTILINE)}


HOMES, SECTIONS = homes(), sections()
CHAPTERS: list[Chapter] = chapters(ROOT / "tutorials" / "solved", HOMES)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("api", Api)
    app.add_role("spec", SpecRole())
    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("viewcode-follow-imported", stay_inside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
