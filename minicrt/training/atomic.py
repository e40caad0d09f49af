"""Files that are there whole or not at all."""

import os
from pathlib import Path


def write_atomically(path: Path, data: bytes, shared: bool = False) -> None:
    """Replace `path` by `data`; whoever dies in between, `path` is the old file or the new one.

    The bytes go to a temporary file in the same folder, reach the disk, and take the name in one rename. `shared`:
    other processes may write the same path at this moment, so each has a temporary file of its own.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial" if shared else f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)                 # the disk may be full: what is of no use makes room
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let a rename in `folder` reach the disk. Windows cannot open a folder and does not need it."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
