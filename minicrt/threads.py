"""The one place that decides how many threads work: those of BLAS, and the package's own (`minicrt.workers`)."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from minicrt.errors import ConfigurationError

VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")

_here = threading.local()                                    # .limit: that of the calling thread
_lock = threading.Lock()
_blas_limits: list[int] = []                                 # those in force, of all threads
_blas_before: list[tuple[Any, int]] = []                     # (library, its threads without a limit)
_found: list[Any] = []                                       # every BLAS in the process, once looked for


def count() -> int:
    """The threads that the caller's work may be shared out to: the smallest `limit` it is in, else the first of
    NUMBA_NUM_THREADS, OMP_NUM_THREADS and OPENBLAS_NUM_THREADS that is set, else the cores this process may use.

    Raises ConfigurationError if that variable is not a number of 1 or more.
    """
    return getattr(_here, "limit", None) or _default(*map(os.environ.get, VARIABLES))


@contextmanager
def limit(number: int) -> Iterator[None]:
    """Within, the calling thread's work is shared out to at most `number` threads, and BLAS uses no more.

    BLAS's number is one for the whole process; while several threads are within a `limit`, the smallest holds.
    """
    if number < 1:
        raise ConfigurationError(f"the number of threads is {number}, expected 1 or more")
    with _lock:
        _found.clear()                                       # one may have been loaded since
    before = getattr(_here, "limit", None)
    _here.limit = min(number, before or number)
    try:
        with blas_limit(number):
            yield
    finally:
        _here.limit = before


@contextmanager
def blas_limit(number: int) -> Iterator[None]:
    """Within, each call of BLAS uses at most `number` threads, whichever thread makes it."""
    with _lock:
        known = {library.filepath for library, _ in _blas_before}
        _blas_before.extend((library, library.num_threads) for library in _libraries() if library.filepath not in known)
        _blas_limits.append(number)
        _set_blas()
    try:
        yield
    finally:
        with _lock:
            _blas_limits.remove(number)
            _set_blas()
            if not _blas_limits:
                _blas_before.clear()


def _set_blas() -> None:
    for library, before in _blas_before:
        wanted = min([before, *_blas_limits])
        if library.num_threads != wanted:
            library.set_num_threads(wanted)


def _libraries() -> list[Any]:
    """Every BLAS in the process; remembered once there is one, for looking takes longer than a small model's step."""
    if not _found:
        from threadpoolctl import ThreadpoolController

        _found.extend(ThreadpoolController().select(user_api="blas").lib_controllers)
    return _found


@cache
def _default(*values: str | None) -> int:
    for name, value in zip(VARIABLES, values):
        if value:
            first = value.split(",")[0].strip()              # OMP_NUM_THREADS has one number a level of nesting
            if not first.isdecimal() or int(first) < 1:
                raise ConfigurationError(f"{name} is {value!r}, expected a number of threads of 1 or more; unset it")
            return int(first)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
