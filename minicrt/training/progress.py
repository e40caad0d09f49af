"""What a run tells its user: a bar on a terminal, plain lines in a log, or nothing."""

import logging
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from minicrt.arguments import is_truth, shown
from minicrt.errors import InputError

log = logging.getLogger("minicrt")


def in_perplexity(loss: float) -> str:
    return f"perplexity {perplexity(loss)}"


class Progress:
    """Says nothing. The base of those that do."""

    figure: Callable[[float], str] = staticmethod(in_perplexity)                 # what a loss comes to, in words
    unit = "tokens"                                          # what is counted a second

    def in_terms_of(self, figure: Callable[[float], str], unit: str = "tokens") -> None:
        """Losses are to be told so, and what is read to be counted in this unit."""
        self.figure, self.unit = figure, unit

    def begin(self, step: int, total: int) -> None:
        """Training starts at `step` of `total`; a total of 0 is not known yet. Called again once it is."""

    def step(self, step: int, loss: float, tokens: int) -> None:
        """One more step is done: number `step`, with this loss, over this many tokens."""

    def evaluated(self, record: Mapping[str, Any]) -> None:
        """The model was evaluated; `record` is the new line of metrics.jsonl."""

    def saving(self, step: int) -> None:
        """A checkpoint of step number `step` is about to be written."""

    def say(self, text: str) -> None:
        """A line for the user."""

    @contextmanager
    def task(self, name: str, total: int, unit: str = "segment") -> Iterator[Callable[[], None]]:
        """Something of `total` parts, named `unit`, besides training; call what it yields after every part."""
        yield lambda: None

    def end(self) -> None:
        """Nothing more will come."""


class Average:
    """The loss of about the last 20 steps and the tokens per second of about the last 5 seconds."""

    def __init__(self, figure: Callable[[float], str] = in_perplexity, unit: str = "tokens") -> None:
        self.figure, self.unit, self.loss = figure, unit, 0.0
        self._weight = 0.0
        self._times: list[tuple[float, int]] = [(time.perf_counter(), 0)]
        self._rate = 0.0                                     # before the training was interrupted the last time

    def add(self, loss: float, tokens: int) -> None:
        self._weight = 0.95 * self._weight + 0.05
        self.loss += 0.05 / self._weight * (loss - self.loss)
        now = time.perf_counter()
        self._times.append((now, self._times[-1][1] + tokens))
        while len(self._times) > 2 and now - self._times[0][0] > 5:
            self._times.pop(0)

    def resume(self) -> None:
        """Training goes on after something else: the time that took is not training's."""
        self._rate = self.tokens_per_second
        self._times = [(time.perf_counter(), self._times[-1][1])]

    @property
    def tokens_per_second(self) -> float:
        if len(self._times) == 1:
            return self._rate                                # no step since: a rate of 0 would be wrong
        (start, before), (end, after) = self._times[0], self._times[-1]
        return (after - before) / max(end - start, 1e-9)

    def __str__(self) -> str:
        return f"loss {self.loss:.3f}, {self.short()}"

    def short(self) -> str:
        return f"{self.figure(self.loss)}, {self.tokens_per_second:,.0f} {self.unit}/s"


class LogAbove(logging.Handler):
    """What the package logs, that kernels are being compiled, as a line of its own: the bar goes on under it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(self.format(record))


class Bar(Progress):
    """A tqdm bar with loss, perplexity, tokens a second and the time left; other lines stand above it."""

    def __init__(self, stream: TextIO):
        from minicrt.training.fitted_bar import FittedBar  # tqdm takes 3 MB: a log without a bar does without

        self._stream, self._kind = stream, FittedBar
        self._bar: FittedBar | None = None
        self._log = LogAbove(self.say)

    def begin(self, step: int, total: int) -> None:
        self.end()
        self._average = Average(self.figure, self.unit)
        self._bar = self._kind(desc="training", initial=step, total=total or None, unit="step", file=self._stream,
                               dynamic_ncols=True)
        self._bar.average = self._average
        self._own_the_log(True)

    def _own_the_log(self, own: bool) -> None:
        (log.addHandler if own else log.removeHandler)(self._log)
        log.propagate = not own

    def step(self, step: int, loss: float, tokens: int) -> None:
        if self._bar is not None:
            self._average.add(loss, tokens)
            (self._bar.update if self._bar.n > self._bar.initial else self._bar.first_step)()

    def evaluated(self, record: Mapping[str, Any]) -> None:
        self.say(evaluation_line(record, self.figure))
        self._average.resume()

    def say(self, text: str) -> None:
        self._kind.write(text, file=self._stream)

    @contextmanager
    def task(self, name: str, total: int, unit: str = "segment") -> Iterator[Callable[[], None]]:
        with self._kind(desc=name, total=total, unit=unit, file=self._stream, dynamic_ncols=True,
                        leave=False) as bar:
            self._own_the_log(True)
            try:
                yield lambda: bar.update() and None
            finally:
                self._own_the_log(self._bar is not None)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            self._own_the_log(False)


class Lines(Progress):
    """One line at every evaluation and about every `seconds` seconds."""

    def __init__(self, stream: TextIO, seconds: float = 10.0):
        self._stream, self._seconds = stream, seconds

    def begin(self, step: int, total: int) -> None:
        self._average, self._total, self._first = Average(self.figure, self.unit), total, step + 1
        self._start = self._last = time.perf_counter()

    def step(self, step: int, loss: float, tokens: int) -> None:
        self._average.add(loss, tokens)
        now = time.perf_counter()
        if step == self._first:                              # kernels are compiled in it: the others tell the pace
            self._start = now
        if now - self._last < self._seconds:
            return
        self._last = now
        of, left = "", ""
        if self._total:
            of = f" of {self._total}"
        if self._total and step > self._first:
            rate = (now - self._start) / (step - self._first)
            left = f", {clock((self._total - step) * rate)} left"
        self.say(f"step {step}{of}: {self._average}{left}")

    def evaluated(self, record: Mapping[str, Any]) -> None:
        self.say(evaluation_line(record, self.figure))
        self._average.resume()

    def say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def progress_for(stream: TextIO | None = None) -> Progress:
    """A bar if `stream` (standard error by default) is a terminal, plain lines otherwise."""
    stream = stream or sys.stderr
    return Bar(stream) if stream.isatty() else Lines(stream)


def progress_of(progress: Progress | bool) -> Progress:
    """True: what suits standard error; False: silence; a Progress: itself. Raises InputError for anything else."""
    if isinstance(progress, Progress):
        return progress
    if not is_truth(progress):
        raise InputError(f"progress is {shown(progress)}, expected True, False or a Progress")
    return progress_for() if progress else Progress()


def evaluation_line(record: Mapping[str, Any], figure: Callable[[float], str] = in_perplexity) -> str:
    valid = figure(record["valid_loss"]).split(" ", 1)[1]                        # named once
    return (f"step {record['step']}, epoch {record['epoch']:.2f}: train {figure(record['train_loss'])}, "
            f"valid {valid}{' (best)' if record['best'] else ''}, {clock(record['seconds'])}")


def perplexity(loss: float) -> str:
    return f"{math.exp(loss):.1f}" if loss < 20 else f"e^{loss:.0f}"


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
