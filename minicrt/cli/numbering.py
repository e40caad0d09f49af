"""Folders with a number in their names, of which processes that start at once have one each."""

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def numbered_folder(parent: Path, name: str) -> Iterator[Path]:
    """A new folder `parent`/`name`-NNN, NNN the first number after the highest that is taken. It goes again if nothing
    has been put into it."""
    parent_is_new = not parent.exists()
    folder = _next_folder(parent, name)
    try:
        yield folder
    finally:
        with suppress(OSError):                              # it holds a run
            folder.rmdir()
            if parent_is_new:
                parent.rmdir()


def _next_folder(parent: Path, name: str) -> Path:
    pattern = re.compile(re.escape(name) + r"-(\d+)")
    names = [path.name for path in parent.iterdir()] if parent.is_dir() else []
    highest = max((int(match[1]) for match in map(pattern.fullmatch, names) if match), default=0)
    for number in itertools.count(highest + 1):
        folder = parent / f"{name}-{number:03}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if not os.path.lexists(folder):                  # it is the parent that is something else
                raise
    raise AssertionError("numbers do not end")
