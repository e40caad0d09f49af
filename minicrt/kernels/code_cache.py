"""Machine code on disk: used only where every byte is as it was written, done without where it cannot be kept.

Numba reads what it finds: an emptied file, or one that lost its end, would be an error at every start until somebody
removes it, and a changed one would be run. Its files are pickles, which end where they say, so that the SHA-256 of a
file can stand behind its contents.
"""

import hashlib
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

log = logging.getLogger("minicrt")
config: Any = numba.config
DIGEST = hashlib.sha256().digest_size


def keep_code(compiled: Any, function: Callable[..., Any], folder: Path) -> None:
    """Let a compiled function read its machine code from `folder`, and put it there; nowhere else, where another
    version of a kernel would find it."""
    before = config.CACHE_DIR                                # read when a function's cache is made; a user's own
    config.CACHE_DIR = str(folder)                           # functions go where they went before
    try:
        code = CodeCache(function)
        if not Path(code.cache_path).is_relative_to(folder):
            raise RuntimeError(f"nothing can be written to {folder}")
        compiled._cache = code
    except (OSError, RuntimeError) as error:                 # RuntimeError: Numba found no folder at all
        say_not_kept(str(error))
    finally:
        config.CACHE_DIR = before


def intact(path: str) -> bool:
    """Whether the file is there and its contents are what was written."""
    try:
        data = Path(path).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(data[:-DIGEST]).digest() == data[-DIGEST:]


@cache
def say_not_kept(reason: str) -> None:
    """One line for each reason."""
    log.warning("minicrt: compiled kernels are not kept for the next time: %s; set NUMBA_CACHE_DIR to a folder that "
                "can be written to", reason)


class VerifiedFiles(IndexDataCacheFile):
    """One function's index and machine code. What is not intact counts as not there, and is written anew."""

    def _load_index(self) -> Any:
        return super()._load_index() if intact(self._index_path) else {}

    def _load_data(self, name: str) -> Any:
        path = self._data_path(name)
        if not intact(path):
            raise FileNotFoundError(f"{path} is damaged")    # Numba compiles where one is missing
        return super()._load_data(name)

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        contents = io.BytesIO()
        yield contents
        with super()._open_for_write(filepath) as file:
            file.write(contents.getvalue() + hashlib.sha256(contents.getvalue()).digest())


class CodeCache(FunctionCache):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = VerifiedFiles(self._cache_path, self._impl.filename_base,
                                         self._impl.locator.get_source_stamp())

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:                             # a full disk; a folder that is gone or closed by now
            say_not_kept(f"{error.strerror} ({self._cache_path})")
