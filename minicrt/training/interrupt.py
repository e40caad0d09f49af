"""Ctrl-C that waits for the step in progress."""

import signal
import threading
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """The user stopped the run; everything was saved first, and the message says where. The exit code is 130."""


class InterruptFlag:
    """While it is entered, the first Ctrl-C only sets `raised`; the second one stops at once, as Ctrl-C usually does.

    Python delivers signals to the main thread alone; entered in another thread, this changes nothing.
    """

    def __init__(self) -> None:
        self.raised = False
        self._in_main_thread = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "InterruptFlag":
        if self._in_main_thread:
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._in_main_thread:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.raised:
            raise KeyboardInterrupt
        self.raised = True
