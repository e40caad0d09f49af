"""Paths as people write them, and files that end: what everything that reads a user's files has in common."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from minicrt.arguments import check_kind
from minicrt.errors import InputError

KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
         stat.S_IFSOCK: "a socket"}
# A pipe that nobody writes to is opened at once, a terminal does not become this process's, bytes stay as they are.
OPENING = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))


def expanded(path: str | os.PathLike[str]) -> Path:
    """`path` with the home folder in place of a leading `~` or `~user`. What comes back can be expanded again.

    Raises InputError for an empty text, and where there is no such user, or nobody knows the home folder.
    """
    check_kind("the path", path, (str, os.PathLike), "a text or a Path")
    text = os.fspath(path)
    if not text:
        raise InputError("got an empty text in place of a path; give the path, or . for the folder where you are")
    found = Path(text)
    if not text.startswith("~"):
        return found.absolute() if str(found).startswith("~") else found     # Path("./~") is Path("~")
    try:
        return found.expanduser()
    except RuntimeError as error:
        user = found.parts[0]
        raise InputError(f"{text!r} begins with {user}, and no home folder of that name is known; give the whole path, "
                         f"or ./{user} for a folder of this name") from error


def read_regular(path: Path) -> bytes:
    """What is in the file at `path`.

    Raises OSError, with a `strerror` for a message, where it cannot be read, and at once where it is no regular file: a
    pipe may never be written to, a device never end.
    """
    with open_regular(path) as file:
        return file.read()


def open_regular(path: Path) -> BinaryIO:
    """The file at `path`, open to be read. Raises OSError where `read_regular` does."""
    try:
        refuse_irregular(path.stat().st_mode, path)       # some devices do something when they are opened
        file = os.fdopen(os.open(path, OPENING), "rb")
        try:
            refuse_irregular(os.fstat(file.fileno()).st_mode, path)
        except OSError:
            file.close()
            raise
        return file
    except ValueError as error:                              # a NUL or a lone surrogate in the path
        raise OSError(errno.EINVAL, f"no file can have this name ({error})", str(path)) from error


def refuse_irregular(mode: int, path: Path) -> None:
    """Raises OSError, which says what is at `path`, unless `mode` is that of a regular file."""
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, expected a regular file", str(path))
