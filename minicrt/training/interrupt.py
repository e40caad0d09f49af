"""A signal to stop that waits for the step in progress."""

import signal
import threading
from types import FrameType

SIGNALS = [number for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP"))
           if number is not None]                            # Windows has no SIGHUP


class Interrupted(KeyboardInterrupt):
    """The run was stopped by a signal; everything was saved first, and the message says where.

    `exit_code` is 128 + the signal's number, as shells have it: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
    """

    def __init__(self, message: str = "", number: int = signal.SIGINT) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class InterruptFlag:
    """While it is entered, the first of `SIGNALS` only sets `number`, which is 0 before; the second Ctrl-C stops at
    once, as Ctrl-C usually does.

    A signal that the process was told to ignore, as by nohup, stays ignored. Python delivers signals to the main
    thread alone; entered in another thread, this changes nothing; nor does it without `heeds`, for a program that has
    handlers of its own.
    """

    def __init__(self, heeds: bool = True) -> None:
        self.number = 0
        self._in_main_thread = heeds and threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "InterruptFlag":
        handled = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._handle) for number in handled if self._in_main_thread}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = self.number or number
