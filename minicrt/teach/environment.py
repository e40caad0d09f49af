"""Whether all is there that the course needs, and what to do where it is not"""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple

from minicrt.errors import DataError, InputError

OLDEST = (3, 11)
NEEDED = {"numpy": "2.0", "scipy": "1.13", "matplotlib": "3.9"}
NOTEBOOKS = ("jupyterlab", "ipykernel", "hypothesis")
MISSING = "not there"
INSTALL = 'pip install "minicrt[notebooks]", or pip install ".[notebooks]" in a clone'


class Finding(NamedTuple):
    """A line of the report: what was looked for, what there is, and what to do where the course cannot go on."""

    what: str
    found: str
    do: str = ""


def findings() -> Iterator[Finding]:
    """Everything that was looked for, in order."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", python, "" if sys.version_info >= OLDEST else "install Python 3.11 or newer")
    libraries = [library(package, oldest) for package, oldest in NEEDED.items()]
    yield from libraries
    installed = installed_version("numba")
    yield Finding("numba", installed or "not there: everything runs on NumPy, more slowly")
    for package in NOTEBOOKS:
        yield Finding(package, installed_version(package) or MISSING, "" if find_spec(package) else INSTALL)
    if any(one.found == MISSING for one in libraries):
        return                                               # what follows is asked of the package, which needs them
    yield Finding("solutions", *("there", "") if has_source() else (
        "without their source", "install minicrt with its .py files, or exercises cannot name most mistakes"))
    yield corpus()


def library(package: str, oldest: str) -> Finding:
    found = installed_version(package)
    if not found:
        return Finding(package, MISSING, INSTALL)
    old = numbers(found) < numbers(oldest)
    return Finding(package, found, f'pip install "{package}>={oldest}"' if old else "")


def installed_version(package: str) -> str:
    """Empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def has_source() -> bool:
    from minicrt.teach.reading import source
    from minicrt.teach.registry import registered

    try:
        return bool(registered()) and bool(source("softmax"))
    except InputError:
        return False


def corpus() -> Finding:
    """Penn Treebank is not needed: the chapters take the default corpus where it is not there."""
    from minicrt.data.locations import find

    try:
        return Finding("Penn Treebank", f"found in {find('ptb')[0].parent}")
    except DataError:
        return Finding("Penn Treebank", "not found, and not needed: `minicrt data get ptb` fetches it")


def report() -> tuple[str, bool]:
    """The lines, and whether the course can begin."""
    found = list(findings())
    width = max(len(one.what) for one in found) + 2
    lines = [f"{one.what:<{width}}{one.found}" for one in found]
    todo = [f"{', '.join(one.what for one in found if one.do == do)}: {do}"
            for do in dict.fromkeys(one.do for one in found if one.do)]
    end = ["", "Not yet. To do:", *(f"  {line}" for line in todo)] if todo else [
        "", "OK: jupyter lab tutorials opens the course; begin with 00_tour.ipynb."]
    return "\n".join([*lines, *end]), not todo
