"""Ranges of rows on several threads.

What runs here spends its time outside the interpreter's lock (matrix products, kernels, NumPy's loops over arrays), so
plain Python threads work side by side. Any number of threads may ask at once, and a forked process makes its own.
"""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from minicrt import threads

Range = tuple[int, int]

_tasks: SimpleQueue[Any] = SimpleQueue()
_workers: list[threading.Thread] = []
_starting = threading.Lock()
_here = threading.local()                                    # .busy: this thread works on one of several ranges


def ranges(rows: int, grain: int = 1) -> list[Range]:
    """0 … rows cut into as many pieces as there are threads, none shorter than `grain` rows.

    Inside one of several ranges it is one piece: the other threads have work already.
    """
    count = 1 if getattr(_here, "busy", False) else threads.count()
    pieces = max(1, min(count, rows // grain))
    return [(rows * i // pieces, rows * (i + 1) // pieces) for i in range(pieces)]


def run(function: Callable[..., None], parts: list[Range], *arguments: Any) -> None:
    """function(part, start, stop, *arguments) for each range, all but the first on other threads.

    Returns when all have ended; raises what the first to fail raised.
    """
    if len(parts) == 1:
        function(0, *parts[0], *arguments)
        return
    _start(len(parts) - 1)
    done: SimpleQueue[BaseException | None] = SimpleQueue()
    for part, (start, stop) in enumerate(parts[1:], 1):
        _tasks.put((done, function, (part, start, stop, *arguments)))
    error = _attempt(function, (0, *parts[0], *arguments))
    errors = [error] + [done.get() for _ in parts[1:]]       # the others still read and write the arguments
    for error in errors:
        if error is not None:
            raise error


def _attempt(function: Callable[..., None], arguments: tuple[Any, ...]) -> BaseException | None:
    _here.busy = True
    try:
        function(*arguments)
    except BaseException as error:  # noqa: BLE001  (raised again by the thread that asked for the work)
        return error
    finally:
        _here.busy = False
    return None


def _start(count: int) -> None:
    if len(_workers) >= count:
        return
    with _starting:
        while len(_workers) < count:
            worker = threading.Thread(target=_work, name=f"minicrt-{len(_workers) + 1}", daemon=True)
            worker.start()
            _workers.append(worker)


def _work() -> None:
    while True:
        done, function, arguments = _tasks.get()
        done.put(_attempt(function, arguments))
        del done, function, arguments                        # or they would be kept until the next task


def _forget() -> None:
    """After a fork only the thread that forked is left."""
    global _tasks, _starting
    _tasks, _starting = SimpleQueue(), threading.Lock()
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
