"""`python -m minicrt`, and the command `minicrt`: the command line, and a Ctrl-C from its first moment to its last."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

INTERRUPTED = 130


def main() -> int:
    """Run the command line of the process; returns the exit code."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler       # not in the background, where it is off
    try:
        if ours:
            signal.signal(signal.SIGINT, interrupt)
        from minicrt.cli import main as command_line

        return command_line()
    except KeyboardInterrupt:
        return say_interrupted()
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_IGN)     # only the interpreter's own end is left


def interrupt(number: int, frame: FrameType | None) -> None:
    """KeyboardInterrupt; but while a module is being imported the end, there and then: libraries turn what is raised
    inside of them into errors of other kinds, and there is nothing yet to save."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            if sys.stdout is not None:
                with suppress(OSError, ValueError):
                    sys.stdout.flush()
            os._exit(say_interrupted())
        frame = frame.f_back
    raise KeyboardInterrupt


def say_interrupted() -> int:
    with suppress(OSError):
        os.write(2, b"minicrt: interrupted\n")
    return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
