"""Ranges of rows on several threads.

What runs here spends its time outside the interpreter's lock (matrix products, kernels, NumPy's loops over arrays), so
plain Python threads work side by side. Any number of threads may ask at once, and a forked process makes its own.
"""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import nullcontext
from queue import SimpleQueue
from typing import Any

from minicrt.parallel import threads

Range = tuple[int, int]
log = logging.getLogger("minicrt")

_tasks: SimpleQueue[Any] = SimpleQueue()
_workers: list[threading.Thread] = []
_starting = threading.Lock()
_refused = False                                             # the system has started as many threads as it will
_here = threading.local()                                    # .busy: this thread works on one of several ranges


def ranges(rows: int, grain: int = 1, ranks: int = 1) -> list[Range]:
    """0 … rows cut into as many pieces as there are threads on so many ranks, none shorter than `grain` rows.

    Inside one of several ranges it is one piece: the other threads have work already.
    """
    count = 1 if getattr(_here, "busy", False) else threads.count() * ranks
    pieces = max(1, min(count, rows // grain))
    return [(rows * i // pieces, rows * (i + 1) // pieces) for i in range(pieces)]


def run(function: Callable[..., None], parts: list[Range], *arguments: Any) -> None:
    """function(part, start, stop, *arguments) for each range, all but the first on other threads.

    Where the system starts no more threads, this one does what they would have done. Returns when all have ended;
    raises what one of them raised.
    """
    if len(parts) <= 1:
        for start, stop in parts:
            function(0, start, stop, *arguments)
        return
    tasks = [(part, start, stop, *arguments) for part, (start, stop) in enumerate(parts)]
    others = _start(len(parts) - 1)                          # fewer than asked for where the system refuses
    done: SimpleQueue[BaseException | None] = SimpleQueue()
    for task in tasks[1:1 + others]:
        _tasks.put((done, function, task))
    errors = [_attempt(function, task) for task in [tasks[0], *tasks[1 + others:]]]
    errors += [done.get() for _ in range(others)]            # the others still read and write the arguments
    for error in errors:
        if error is not None:
            raise error


def run_with_products(function: Callable[..., None], parts: list[Range], *arguments: Any) -> None:
    """As `run`, where the function calls BLAS: with several ranges each call uses the thread that makes it."""
    with threads.blas_limit(1) if len(parts) > 1 else nullcontext():
        run(function, parts, *arguments)


def _attempt(function: Callable[..., None], arguments: tuple[Any, ...]) -> BaseException | None:
    _here.busy = True
    try:
        function(*arguments)
    except BaseException as error:  # noqa: BLE001  (raised again by the thread that asked for the work)
        return error
    finally:
        _here.busy = False
    return None


def _start(count: int) -> int:
    """Have `count` workers, or as many as the system starts; returns how many there are for this."""
    global _refused
    if len(_workers) < count and not _refused:
        with _starting:
            while len(_workers) < count and not _refused:
                worker = threading.Thread(target=_work, name=f"minicrt-{len(_workers) + 1}", daemon=True)
                try:
                    worker.start()
                except RuntimeError:                         # a limit on processes, or no memory for a stack
                    _refused = True
                    log.warning("minicrt: the system starts no more threads; going on with %d instead of %d",
                                len(_workers) + 1, count + 1)
                else:
                    _workers.append(worker)
    return min(count, len(_workers))


def _work() -> None:
    while True:
        done, function, arguments = _tasks.get()
        threads.one_blas_thread_here()
        done.put(_attempt(function, arguments))
        del done, function, arguments                        # or they would be kept until the next task


def _forget() -> None:
    """After a fork only the thread that forked is left."""
    global _tasks, _starting, _refused
    _tasks, _starting, _refused = SimpleQueue(), threading.Lock(), False
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
