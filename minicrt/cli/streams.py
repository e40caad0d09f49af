"""Standard input, output and error as a program finds them: closed, full, or without a reader."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from minicrt.cli.terminal import columns, fitted


@contextmanager
def standard_streams() -> Iterator[None]:
    """Within, sys.stdout and sys.stderr can be written to, whatever stands behind them.

    What is closed leads nowhere. Output that cannot be written raises OSError, which says so; a message that cannot be
    is dropped, for the work goes on without it. No character ends the program because a terminal cannot show it.
    """
    occupy_closed()
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123  (no path: a device)
        there = [stream or nowhere for stream in before]     # None where Python found it closed
        sys.stdout, sys.stderr = Output(there[0]), Messages(there[1])
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before
            for stream in there:
                settle(stream)


def occupy_closed() -> None:
    """Let a closed descriptor of the three lead nowhere: the next file that is opened would get its number, and what a
    library writes to it, from C perhaps, would stand in that file."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)                   # the lowest free number: this one


def settle(stream: TextIO) -> None:
    """Write out what was kept back; where that is not possible, forget it, so that the interpreter's end does not fail
    on it once more."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):                              # not a file: nothing is to be flushed at the end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            stream.flush()


class Stream:
    """All that `stream` is, but for what happens when it cannot be written to; on a terminal, lines are as wide as it
    is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._failing():
            self._stream.write(fitted(text, columns(self._stream)))
        return len(text)

    def flush(self) -> None:
        with self._failing():
            self._stream.flush()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        yield


class Output(Stream):
    """`flush` says of an earlier output, too, that it could not be written: argparse keeps silent about it."""

    _error: OSError | None = None

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
            if self._error is not None:
                raise self._error
        except OSError as error:
            self._error, error.filename = error, "standard output"
            raise


class Messages(Stream):
    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:                              # a reader that has seen enough: as for output
            raise
        except OSError:
            pass
