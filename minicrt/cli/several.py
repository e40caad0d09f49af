"""The command line where mpiexec has started it several times: one process speaks, and one command is shared."""

import logging
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from minicrt.errors import ConfigurationError
from minicrt.parallel.launch import check_alone, launch

if TYPE_CHECKING:
    from minicrt.parallel.ranks import Ranks

A_MOMENT = 2.0                                               # seconds, for the first rank to say what is wrong


def ranks_for(arguments: Namespace) -> "Ranks":
    """Those that share the command. Raises ConfigurationError for a command that one process does."""
    from minicrt.parallel.ranks import started

    if arguments.command != "train":
        check_alone(f"minicrt {arguments.command}")
    return started()


@contextmanager
def as_one(ranks: "Ranks") -> Iterator[None]:
    """Within, only the first rank prints, only it warns, and what one raises ends all."""
    from minicrt.parallel.ending import together

    with ExitStack() as silence:
        if not ranks.first:
            logging.getLogger("minicrt").setLevel(logging.ERROR)
            silence.enter_context(redirect_stdout(silence.enter_context(
                Path(os.devnull).open("w", encoding="utf-8"))))
        with together(ranks):
            yield


def is_first() -> bool:
    """Whether this process is to tell of an error that all have. Another waits a moment where MPI does not hold it:
    mpiexec ends all once one has ended, and the first may not have spoken yet."""
    try:
        first = launch().rank == 0
    except ConfigurationError:
        return True
    if not first and "mpi4py.MPI" not in sys.modules:
        time.sleep(A_MOMENT)
    return first
