"""The clean-up of machine code that other versions of the kernels left behind, and of nothing else.

The folder that kernels are kept in may be one that a user named and keeps other things in. So a folder counts as this
package's only with its mark in it, and goes only where everything in it is Numba's and nobody has used it for long.
"""

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

UNUSED_FOR = 30 * 24 * 3600                                  # seconds
FOLDER = re.compile(r"kernels-[0-9a-f]{12}")
MACHINE_CODE = re.compile(r".+\.nb[ic](\.tmp\.[0-9a-f]+)?")  # a file, or one that Numba was killed at
# The convention of bford.info/cachedir, which programs that make backups know; here it is also the mark.
MARK = "CACHEDIR.TAG"
MARKED = (b"Signature: 8a477f597d28d172789f06886806bc55\n"
          b"# Compiled kernels of the Python package minicrt; it removes this folder when it is no longer used.\n")


def mark(folder: Path) -> None:
    """Say that `folder` is this package's, and in use now. Raises OSError where that cannot be written."""
    with contextlib.suppress(FileExistsError), (folder / MARK).open("xb") as file:
        file.write(MARKED)
    os.utime(folder)


def remove_unused(parent: Path, used: Path) -> None:
    """Remove the marked folders in `parent`, but not `used`, that nobody has used for a month. What cannot be removed
    stays."""
    for folder in parent.glob("kernels-*"):
        if folder != used and FOLDER.fullmatch(folder.name):
            with contextlib.suppress(OSError):
                _remove_if_unused(folder)


def _remove_if_unused(folder: Path) -> None:
    if folder.is_symlink() or not _marked(folder / MARK):
        return
    contents = list(_contents(folder))
    newest = max(status.st_mtime for path, status in [*contents, (folder, folder.lstat())])
    if time.time() - newest <= UNUSED_FOR or not all(_is_ours(path, folder, status) for path, status in contents):
        return
    for path, status in reversed(contents):                  # a folder comes after what is in it
        if stat.S_ISDIR(status.st_mode):
            path.rmdir()
        else:
            path.unlink()
    folder.rmdir()


def _marked(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode) and path.read_bytes() == MARKED


def _contents(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything in `folder`, a folder before what is in it; links are not followed."""
    for path in folder.iterdir():
        status = path.lstat()
        yield path, status
        if stat.S_ISDIR(status.st_mode):
            yield from _contents(path)


def _is_ours(path: Path, folder: Path, status: os.stat_result) -> bool:
    if stat.S_ISDIR(status.st_mode):
        return path.parent == folder                         # Numba's, a folder for each folder of source
    return stat.S_ISREG(status.st_mode) and (MACHINE_CODE.fullmatch(path.name) is not None or path == folder / MARK)
