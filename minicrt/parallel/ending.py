"""How a program of several ranks ends where something goes wrong: all of them, and with one line.

MPI has no exceptions between processes. A rank that raises one leaves the others waiting for it for ever, and waits for
them itself when it finalises MPI. So a rank that has failed waits a moment for the others to fail alike (a
configuration that is wrong is wrong for all); if they do not, it says why and ends them all.
"""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from minicrt.errors import MinicrtError, TrainingError
from minicrt.parallel.ranks import Ranks

PATIENCE = 3.0                                               # seconds; a step of the others, or a file they read
KNOWN = (MinicrtError, OSError, MemoryError, KeyboardInterrupt)


@contextmanager
def together(ranks: Ranks) -> Iterator[None]:
    """Within, what one rank raises ends all. What all raise is passed on, for the first to tell of."""
    if ranks.size == 1 or ranks.ending:
        yield
        return
    ranks.ending = True
    try:
        yield
    except BaseException as error:
        if not ranks.all_have_failed(PATIENCE + ranks.rank / 10):
            say(error, ranks)
            ranks.abort(code_of(error))
        raise
    finally:
        ranks.ending = False


def say(error: BaseException, ranks: Ranks) -> None:
    """One line; of an error in the program itself, its traceback."""
    if isinstance(error, KNOWN):
        text = " ".join(str(error).split()) or {KeyboardInterrupt: "interrupted", MemoryError: "not enough memory"}.get(
            type(error), type(error).__name__)
        print(f"minicrt: error: rank {ranks.rank} of {ranks.size}: {text}", file=sys.stderr, flush=True)
    else:
        traceback.print_exception(error)
        sys.stderr.flush()


def code_of(error: BaseException) -> int:
    """The exit code: that of the command line for the same error"""
    if isinstance(error, KeyboardInterrupt):
        return getattr(error, "exit_code", 130)
    return 2 if isinstance(error, KNOWN) and not isinstance(error, TrainingError) else 1
