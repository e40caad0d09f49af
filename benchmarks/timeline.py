"""What each thread does in a training step, and how long it does nothing.

The engine's operations and the work that `parallel.workers` shares out are timed as they are called. A thread is at
work while it is in a piece of shared work; the thread that asked for the step is at work, too, while it does anything
else by itself, during which the other threads are idle. When its own piece is done it waits for the others'.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from benchmarks.task import Size
from minicrt import engines
from minicrt.parallel import threads, workers
from minicrt.training import AdamW, train_step

WARM_UP = 3                                                  # steps
SHARED = "shared work"
WAITING, ALONE, OTHER = "waiting for the other threads", "outside of shared work", "between operations"


class Span(NamedTuple):
    thread: int                                              # 0 is the one that asked for the step
    name: str
    start: float                                             # seconds since the step's start
    stop: float
    depth: int                                               # 0: a piece of shared work, or what is done outside of one


class Recorder:
    """The spans of one step."""

    def __init__(self) -> None:
        self.spans, self.start, self.main = list[Span](), time.perf_counter(), threading.get_ident()
        self.order: dict[int, int] = {self.main: 0}
        self.here = threading.local()

    def number(self) -> int:
        return self.order.setdefault(threading.get_ident(), len(self.order))

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        names = self.names()
        names.append(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            names.pop()
            self.spans.append(Span(self.number(), name, start - self.start, time.perf_counter() - self.start,
                                   len(names)))

    def names(self) -> list[str]:
        """Of the spans that the calling thread is in, the innermost last"""
        if not hasattr(self.here, "names"):
            self.here.names = list[str]()
        return self.here.names

    def recorded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def within(*arguments: Any, **options: Any) -> Any:
            with self.span(name):
                return function(*arguments, **options)
        return within

    def engine(self, engine: Any) -> Any:
        """The same engine, each of its operations recorded"""
        made = ModuleType(engine.__name__)
        for name, value in vars(engine).items():
            setattr(made, name, self.recorded(name, value) if isinstance(value, FunctionType) else value)
        return made


def step(size: Size, number: int) -> tuple[list[Span], float]:
    """One step of the Numba engine on `number` threads: its spans, and how many seconds it took"""
    engine = engines.get("numba")
    model, parameters, segment = size.model(engine), size.parameters(engine), size.segment()
    gradients, optimizer, state = parameters.zeros_like(), AdamW(parameters, engine=engine), dict[str, Any]()
    with threads.limit(number):
        for _ in range(WARM_UP):
            _, state, _ = train_step(model, parameters, gradients, optimizer, [segment], state)
        recorder = Recorder()
        model.engine = optimizer.engine = recorder.engine(engine)
        with recorded_sharing(recorder):
            recorder.start = time.perf_counter()
            train_step(model, parameters, gradients, optimizer, [segment], state)
            return recorder.spans, time.perf_counter() - recorder.start


@contextmanager
def recorded_sharing(recorder: Recorder) -> Iterator[None]:
    """Within, each piece of work that is shared out to several threads is a span, and so is the wait at its end."""
    before = workers.run

    def run(function: Callable[..., None], parts: list[workers.Range], *arguments: Any) -> None:
        if len(parts) < 2:
            before(function, parts, *arguments)
            return
        ended, name = [0.0], (recorder.names() or [SHARED])[-1]

        def piece(part: int, *rest: Any) -> None:
            with recorder.span(name):
                function(part, *rest)
            if threading.get_ident() == recorder.main:
                ended[0] = time.perf_counter() - recorder.start
        before(piece, parts, *arguments)
        recorder.spans.append(Span(0, WAITING, ended[0], time.perf_counter() - recorder.start, 0))

    workers.run = run
    try:
        yield
    finally:
        workers.run = before


def idle(spans: list[Span], seconds: float, number: int) -> list[float]:
    """Of each thread, the seconds of the step in which it did nothing"""
    found = [sum(span.stop - span.start for span in spans if span.thread == 0 and span.name == WAITING)]
    for thread in range(1, number):
        found.append(seconds - sum(s.stop - s.start for s in spans if s.thread == thread and s.depth == 0))
    return found


def by_operation(spans: list[Span], seconds: float) -> dict[str, list[float]]:
    """How long each operation took on each thread, what it calls left out: a piece of work without its operations is
    what is done between them."""
    number = 1 + max((span.thread for span in spans), default=0)
    took: dict[str, list[float]] = defaultdict(lambda: [0.0] * number)
    for span in spans:
        inner = sum(other.stop - other.start for other in spans if other.thread == span.thread
                    and other.depth == span.depth + 1 and span.start <= other.start and other.stop <= span.stop)
        name = OTHER if span.name == SHARED else span.name
        took[name][span.thread] += span.stop - span.start - inner
    outermost = sum(span.stop - span.start for span in spans if span.thread == 0 and span.depth == 0)
    took[ALONE][0] += seconds - outermost
    return dict(sorted(took.items(), key=lambda item: -sum(item[1])))


def figure(steps: dict[str, tuple[list[Span], float]], number: int) -> Any:
    """A strip a thread; what is white is idle"""
    from minicrt.picture import Picture

    drawn = Picture(figsize=(11, 1.9 * len(steps) + 1), layout="constrained")
    names = [name for name in by_operation([s for spans, _ in steps.values() for s in spans], 0.0)
             if name not in (WAITING, ALONE, OTHER)][:10]
    colours = {name: f"C{place}" for place, name in enumerate(names)}
    for place, (title, (spans, seconds)) in enumerate(steps.items()):
        axes = drawn.add_subplot(len(steps), 1, place + 1)
        for span in sorted(spans, key=lambda span: span.depth):
            if span.name != WAITING:
                axes.barh(span.thread, 1000 * (span.stop - span.start), 0.8, 1000 * span.start,
                          color=colours.get(span.name, "lightgray"))
        still = ", ".join(f"{1000 * time:.1f}" for time in idle(spans, seconds, number))
        axes.set_title(f"{title}: {1000 * seconds:.1f} ms, of which the threads are idle {still} ms", fontsize=9)
        axes.set_yticks(range(number), [f"thread {thread + 1}" for thread in range(number)])
        axes.invert_yaxis()
        axes.set_xlim(0, 1000 * seconds)
    axes.set_xlabel("ms since the step began")
    handles = [axes.barh(0, 0, color=colours[name], label=name) for name in names]
    handles.append(axes.barh(0, 0, color="lightgray", label="all else"))
    drawn.legend(handles=handles, loc="outside right upper", fontsize=7)
    return drawn
