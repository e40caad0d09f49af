"""The one place that decides how many threads work: those of BLAS, and the package's own (`parallel.workers`)."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from minicrt.arguments import is_whole, shown
from minicrt.errors import ConfigurationError

FEW = 4096                                                   # processes and threads of a user, if not more are allowed
NUMBA = "NUMBA_NUM_THREADS"
VARIABLES = (NUMBA, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Limits:
    """The limits that BLAS is within where one number of threads holds: in the whole process, or in one thread."""

    def __init__(self) -> None:
        self.numbers: list[int] = []                         # those in force
        self.before: dict[Any, int] = {}                     # each library's threads without a limit, by its file

    def enter(self, number: int, libraries: list[Any]) -> None:
        for library in libraries:
            self.before.setdefault(library.filepath, library.num_threads)
        self.numbers.append(number)
        self.apply(libraries)

    def leave(self, number: int, libraries: list[Any]) -> None:
        self.numbers.remove(number)
        self.apply(libraries)
        if not self.numbers:
            self.before.clear()

    def apply(self, libraries: list[Any]) -> None:
        for library in libraries:
            if library.filepath in self.before:
                set_threads(library, min([self.before[library.filepath], *self.numbers]))


class Here(threading.local):
    """Of the calling thread alone."""

    def __init__(self) -> None:
        self.limit: int | None = None
        self.blas = Limits()


_here = Here()
_process = Limits()
_lock = threading.Lock()
_found: list[Any] = []                                       # every BLAS in the process, once looked for


def count() -> int:
    """The threads that the caller's work may be shared out to: the smallest `limit` it is in, else the first of
    NUMBA_NUM_THREADS, OMP_NUM_THREADS and OPENBLAS_NUM_THREADS that is set, else the cores this process may use.

    Raises ConfigurationError if that variable is not a number of 1 or more.
    """
    return _here.limit or asked_for() or _cores()


def asked_for() -> int | None:
    """The number of threads that the environment asks for, None where it asks for none."""
    return next(filter(None, map(from_environment, VARIABLES)), None)


@contextmanager
def limit(number: int) -> Iterator[None]:
    """Within, the calling thread's work is shared out to at most `number` threads, and BLAS uses no more.

    BLAS's number is one for the whole process; while several threads are within a `limit`, the smallest holds.
    """
    if not is_whole(number) or number < 1:
        raise ConfigurationError(f"the number of threads is {shown(number)}, expected 1 or more")
    with _lock:
        _found.clear()                                       # one may have been loaded since
    before = _here.limit
    _here.limit = min(number, before or number)
    try:
        with blas_limit(number):
            yield
    finally:
        _here.limit = before


@contextmanager
def blas_limit(number: int) -> Iterator[None]:
    """Within, each call of BLAS by this thread, and by those it shares its work out to, uses at most `number` threads.

    OpenBLAS's number is one for the whole process: while several threads are within a limit, the smallest holds for
    all. MKL and OpenMP have one in each thread; there the workers, which do a share of some work, always have 1.
    """
    with _lock:
        libraries = list(_libraries())
    shared = [library for library in libraries if is_shared(library)]
    own = [library for library in libraries if not is_shared(library)]
    here = _here.blas
    with _lock:
        _process.enter(number, shared)
    here.enter(number, own)
    try:
        yield
    finally:
        here.leave(number, own)
        with _lock:
            _process.leave(number, shared)


def one_blas_thread_here() -> None:
    """For a worker: where BLAS has a number in each thread, this thread's is 1 from now on."""
    for library in tuple(_found):
        if not is_shared(library):
            set_threads(library, 1)


def blas_kernel() -> str:
    """The processor that BLAS's kernels are written for, as in OPENBLAS_CORETYPE; "unknown" where it does not say."""
    with _lock:
        kernels = {getattr(library, "architecture", None) for library in _libraries()}
    return " and ".join(sorted(filter(None, kernels))) or "unknown"


def is_shared(library: Any) -> bool:
    """Whether the number of threads of this BLAS is one for the whole process, and not one in each thread."""
    return not (library.internal_api == "mkl" or library.internal_api == "openblas"
                and library.threading_layer == "openmp")


def set_threads(library: Any, number: int) -> None:
    """Set the number, whichever thread asks.

    threadpoolctl lets one thread alone set OpenBLAS's number, the first that did, and ignores all others without a
    word until that one lets go. Who may set it, and when, is decided by `blas_limit` here.
    """
    if library.num_threads == number:
        return
    let_go = getattr(library, "clear_controlling_thread", lambda force=False: None)
    let_go(force=True)
    library.set_num_threads(number)
    let_go()


def _libraries() -> list[Any]:
    """Every BLAS in the process; remembered once there is one, for looking takes longer than a small model's step."""
    if not _found:
        from threadpoolctl import ThreadpoolController

        _found.extend(ThreadpoolController().select(user_api="blas").lib_controllers)
    return _found


def fit_to_system() -> None:
    """To be called before NumPy is imported: where the system does not start the threads that BLAS wants, all goes on
    with one. OpenBLAS would end the program when it is loaded."""
    if sys.platform == "win32":
        return
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if limit == resource.RLIM_INFINITY or limit > FEW or _can_start(2 * (count() - 1)):      # NumPy's and SciPy's BLAS
        return
    import logging

    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    logging.getLogger("minicrt").warning(
        "minicrt: the system starts no more threads (ulimit -u is %d); going on with one", limit)


def _can_start(number: int) -> bool:
    stop, started = threading.Event(), list[threading.Thread]()
    try:
        for _ in range(number):
            started.append(threading.Thread(target=stop.wait, daemon=True))
            started[-1].start()
    except RuntimeError:
        started.pop()
        return False
    finally:
        stop.set()
        for thread in started:
            thread.join()
    return True


def from_environment(name: str) -> int | None:
    """The number of threads that a variable of the environment asks for, None where it is not set.

    Raises ConfigurationError if it is not a number of 1 or more.
    """
    return _number(name, os.environ.get(name))


@cache
def _number(name: str, value: str | None) -> int | None:
    if not value:
        return None
    first = value.strip()
    if name == "OMP_NUM_THREADS":
        first = first.split(",")[0].strip()                  # one number a level of nesting
    if not first.isdecimal() or len(first) > 6 or int(first) < 1:
        raise ConfigurationError(f"{name} is {value[:20]!r}, expected a number of threads of 1 or more; unset it")
    return int(first)


@cache
def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
