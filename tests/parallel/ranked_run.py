"""A run of the tests' tiny model on all ranks that mpiexec has started: `ranked_run FOLDER [KEY=VALUE …]`.

Rows are shared out however few their tokens are. Keys: `KEYS`, `dropout`; and what happens to rank R after
step N: `kill=R,N` (by itself), `signal=R,N` (SIGINT), `mistake=R,N` (in the program), `full=R,N` (its disk).
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from minicrt.parallel.ranks import started
from minicrt.training import Interrupted, RunFolder, Trainer, checkpoint, resume, train, window
from tests.training import tiny

KEYS: dict[str, Callable[[str], Any]] = {"steps": int, "batch": int, "checkpoint_seconds": float, "precision": str}
EVENTS = ("kill", "signal", "mistake", "full")


def no_space(path: Path, data: bytes) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def happens(name: str) -> None:
    if name in ("kill", "signal"):
        os.kill(os.getpid(), signal.SIGKILL if name == "kill" else signal.SIGINT)
    if name == "mistake":
        raise AssertionError("a mistake in the program")
    if name == "full":
        checkpoint.write_atomically = no_space


def main(folder: Path, settings: dict[str, str]) -> None:
    window.WORTH_A_THREAD = 1
    step = Trainer._step

    def step_and_event(trainer: Trainer) -> None:
        step(trainer)
        for name in EVENTS:
            if settings.get(name) == f"{started().rank},{trainer.position.step}":
                happens(name)

    Trainer._step = step_and_event
    corpus = tiny.corpus()
    changes = {"checkpoint_seconds": 1000.0} | {key: KEYS[key](value) for key, value in settings.items() if key in KEYS}
    try:
        if RunFolder.is_at(folder):
            resume(folder, corpus=corpus, progress=False)
        else:
            train(folder, tiny.model(dropout=float(settings.get("dropout", 0.2))), corpus, tiny.config(**changes),
                  progress=False)
    except Interrupted as stopped:
        if started().first:
            print(stopped, file=sys.stderr)
        sys.exit(stopped.exit_code)


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(argument.split("=") for argument in sys.argv[2:]))
