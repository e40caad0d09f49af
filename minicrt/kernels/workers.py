"""Row ranges of a kernel on several threads.

The kernels are serial and hold no lock of the interpreter, so plain Python threads run them side by side: nothing of
Numba's threading layers is involved, any number of threads may call at once, and a forked process makes its own.
"""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from minicrt import threads

_tasks: SimpleQueue[Any] = SimpleQueue()
_workers: list[threading.Thread] = []
_starting = threading.Lock()


def ranges(rows: int, grain: int) -> list[tuple[int, int]]:
    """0 … rows cut into as many pieces as there are threads, none shorter than `grain` rows."""
    pieces = max(1, min(threads.count(), rows // grain))
    return [(rows * i // pieces, rows * (i + 1) // pieces) for i in range(pieces)]


def run(kernel: Callable[..., None], parts: list[tuple[int, int]], *arguments: Any) -> None:
    """kernel(part, start, stop, *arguments) for each range, all but the first on other threads."""
    if len(parts) == 1:
        kernel(0, *parts[0], *arguments)
        return
    _start(len(parts) - 1)
    done: SimpleQueue[BaseException | None] = SimpleQueue()
    for part, (start, stop) in enumerate(parts[1:], 1):
        _tasks.put((done, kernel, (part, start, stop, *arguments)))
    try:
        kernel(0, *parts[0], *arguments)
    finally:                                                 # the others still read and write the arguments
        errors = [done.get() for _ in parts[1:]]
    for error in errors:
        if error is not None:
            raise error


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
        done, kernel, arguments = _tasks.get()
        try:
            kernel(*arguments)
            done.put(None)
        except BaseException as error:  # noqa: BLE001  (it is raised again by the thread that asked for the work)
            done.put(error)
        del done, kernel, arguments                          # or they would be kept until the next task


def _forget() -> None:
    """After a fork only the thread that forked is left."""
    global _tasks, _starting
    _tasks, _starting = SimpleQueue(), threading.Lock()
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
