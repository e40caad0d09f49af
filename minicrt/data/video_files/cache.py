"""What was read of a video, kept as an array that is mapped into memory when it is read again

A file's entry is named by the SHA-256 of where it is, its size, when it was changed, and how it is read. So a file that
was changed, or is read otherwise, has another entry, and no entry is ever written twice with other contents.
"""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from minicrt.atomic import write_atomically
from minicrt.configuration import to_mapping
from minicrt.data.locations import cache_directory
from minicrt.data.names import address, printable
from minicrt.data.video_files.reading import VideoReading
from minicrt.errors import DataError

Array = np.ndarray
VERSION = 1                                                  # to be raised where the same settings give other frames


def frames_cache() -> Path:
    """The folder that is used where none is given: `frames` in minicrt's cache"""
    return cache_directory() / "frames"


def entry(folder: Path, reading: VideoReading, *files: Path) -> Path:
    """Where the array made of these files stands"""
    known = [[address(file), (status := file.stat()).st_size, status.st_mtime_ns] for file in files]
    key = json.dumps([VERSION, known, to_mapping(reading)], sort_keys=True)
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"


def kept(path: Path, dtype: type, shape: tuple[int, ...]) -> Array | None:
    """The array in an entry, mapped and not to be written to, or None where there is none that can be used.

    `shape` are the lengths of its axes, −1 for any."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):                  # not there, or damaged: it is made again
        return None
    fits = array.ndim == len(shape) and all(n in (-1, size) for n, size in zip(shape, array.shape))
    return array if fits and array.dtype == dtype and len(array) else None


def keep(path: Path, array: Array) -> Array:
    """Write an entry, and give it mapped. Raises DataError where that cannot be, as on a disk that is full."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, buffer.getvalue())
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DataError(f"the frames of videos, here {len(buffer.getvalue()):,} bytes, cannot be kept in "
                        f"{printable(path.parent)}: {error.strerror}; give a folder on a disk with room "
                        "as cache_dir") from None
