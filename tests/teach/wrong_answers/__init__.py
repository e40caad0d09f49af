"""Wrong answers to the exercises, and what the student is to read: a module a chapter

STUDENT has right answers as students write them, other than the solutions. WRONG has what stands in their place in a
wrong one, (exercise, {old: new}, kind, words): the kind of mistake that is named, and words that the grade has, or each
of several. The kind is "" where nothing is named.
"""

import importlib
import linecache
from pathlib import Path

import numpy as np

MODULES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")


def tables():
    return [importlib.import_module(f"{__name__}.{name}") for name in MODULES]


def function_of(table, name, changes=None):
    """The student's function, with other text in some places. Each place must be there."""
    source = table.STUDENT
    for old, new in (changes or {}).items():
        assert old in source, old
        source = source.replace(old, new)
    scope, file = {"np": np}, f"<{name} {hash(source)}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file    # as a cell of a notebook is
    exec(compile(source, file, "exec"), scope)
    return scope[name]
