"""Files that are there whole or not at all.

The bytes go to a temporary file NAME.DIGITS.partial in the same folder, reach the disk, and take their name in one
step. A temporary file is made exclusively, never through a link, and is locked while it is written. So what a process
left behind that was killed can be told from what another one is writing now, and is removed before the same name is
written again.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from minicrt.files import refuse_irregular

if sys.platform != "win32":
    import fcntl

UNSYNCED = (errno.EINVAL, errno.EBADF, errno.ENOTSUP)        # a network file system's word for: not here


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data`; whoever dies in between, `path` is the old file or the new one. A link is replaced and
    not followed. Raises OSError, also where `path` is a folder, a pipe or a device."""
    write_blocks_atomically(path, [data])


def write_blocks_atomically(path: Path, blocks: Iterable[bytes]) -> None:
    """`write_atomically` for what is too large for memory: its blocks one after the other, as they are made."""
    with contextlib.suppress(FileNotFoundError):
        refuse_irregular(path.stat().st_mode, path)
    with _temporary(path, blocks) as partial:
        partial.replace(path)
    sync_folder(path.parent)


def create_atomically(path: Path, data: bytes) -> None:
    """Make `path` with `data` in it. Raises FileExistsError if it is there: of several processes one succeeds."""
    with _temporary(path, [data]) as partial:
        try:
            path.hardlink_to(partial)                        # a rename would replace what is there
        except FileExistsError:
            raise
        except OSError:                                      # a file system without hard links
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
            partial.replace(path)
    sync_folder(path.parent)


def create_folder_atomically(path: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder `path` with these files in it, and the folders that their names have. Raises FileExistsError if
    it is there."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
    partial.mkdir()
    try:
        for name, data in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            create_atomically(partial / name, data)
        if os.path.lexists(path):                            # an empty folder would be replaced
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let a change of names in `folder` reach the disk, where the system can do that: Windows does not open a folder,
    some file systems do not sync one, and one that may be written to need not be readable."""
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSYNCED:
            raise
    finally:
        os.close(descriptor)


def is_temporary(candidate: str, name: str) -> bool:
    """Whether a file named `candidate` was made by this module in order to become `name`."""
    return re.fullmatch(re.escape(name) + r"\.[0-9a-f]{16}\.partial", candidate) is not None


def remove_abandoned(path: Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote `path`. What cannot be, stays."""
    with contextlib.suppress(OSError):
        for candidate in list(path.parent.iterdir()):
            if is_temporary(candidate.name, path.name):
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(candidate)


@contextlib.contextmanager
def _temporary(path: Path, blocks: Iterable[bytes]) -> Iterator[Path]:
    """A new file beside `path` that holds `blocks`, on the disk; gone at the end, if it has not become `path`."""
    remove_abandoned(path)
    partial, file = _created(path)
    try:
        with file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()                                 # there, no open file is renamed
            yield partial
    finally:
        partial.unlink(missing_ok=True)                      # the disk may be full: what is of no use makes room


def _created(path: Path) -> tuple[Path, BinaryIO]:
    while True:
        partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
        file = partial.open("xb")
        if sys.platform != "win32":
            with contextlib.suppress(OSError):               # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return partial, file
        file.close()                                         # removed before it was locked


def _remove_if_abandoned(partial: Path) -> None:
    """Whoever writes a file holds its lock until it has its name. Without locks, nothing is known to be abandoned."""
    if sys.platform == "win32":
        partial.unlink()                                     # there, no open file is removed
        return
    with os.fdopen(os.open(partial, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode):
            if status.st_nlink == 1:                         # else it has its name already
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink()
