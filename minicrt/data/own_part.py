"""A place for an unfinished file that no other process writes to at the same time."""

import errno
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl


@contextmanager
def own_part(target: Path, report: Callable[[str], None], doing: str = "downloading") -> Iterator[Path]:
    """The file `<target>.part`, held by a lock until the block ends, however it ends; it may hold an earlier beginning.

    `doing` says what for. A process that finds it held waits, after a line to `report`. Where the system has no locks,
    each process gets a new file of its own, which is removed if it is still there when the block ends.
    """
    part = target.with_name(f"{target.name}.part")
    lock = _locked(part, report, doing)
    if lock is None:
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        part.open("xb").close()
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)
        return
    with lock:
        try:
            yield part
        finally:
            if _is_at(lock, part) and not part.stat().st_size:
                part.unlink()


def _locked(part: Path, report: Callable[[str], None], doing: str) -> BinaryIO | None:
    """`part`, open and locked; None where the system has no locks."""
    if sys.platform == "win32":
        return None
    while True:
        # Created if it is not there, and never followed elsewhere if it is a symbolic link.
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        file = os.fdopen(descriptor, "r+b")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            file.close()
            raise OSError(errno.EINVAL, f"{part} is not a regular file; move it away")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"{part}: another process is {doing} it; waiting for that to end")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:                                 # a file system without locks
            if not os.fstat(descriptor).st_size:
                part.unlink(missing_ok=True)
            file.close()
            return None
        if _is_at(file, part):
            return file
        file.close()                                    # whoever held it has finished or removed it: begin again


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether `path` is this file, and not another one or none."""
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
