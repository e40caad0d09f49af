"""A run for TensorBoard: `tensorboard --logdir runs` draws the event files that this leaves in run folders.

They are written by tensorboardX, which is imported only here and only where such a log is asked for.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from minicrt.errors import ConfigurationError
from minicrt.files import expanded
from minicrt.training.progress import Progress

TAGS = {"train_loss": "loss/train", "valid_loss": "loss/valid", "train_perplexity": "perplexity/train",
        "valid_perplexity": "perplexity/valid", "train_error": "error/train", "valid_error": "error/valid",
        "valid_mean_class_accuracy": "mean_class_accuracy/valid", "learning_rate": "learning_rate",
        "gradient_norm": "gradient_norm", "tokens_per_second": "tokens_per_second"}      # of lines of metrics.jsonl


def tensorboardx() -> tuple[ModuleType, ModuleType, ModuleType]:
    """What writes event files, what makes summaries, and the protocol's messages. Raises ConfigurationError where
    tensorboardX is not installed."""
    try:
        from tensorboardX import event_file_writer, summary
        from tensorboardX.proto import event_pb2
    except ImportError as error:
        raise ConfigurationError("a log for TensorBoard needs tensorboardX, which is not installed: "
                                 "pip install 'minicrt[tensorboard]'") from error
    return event_file_writer, summary, event_pb2


class TensorBoardLog(Progress):
    """Writes what `progress` is told to an event file in `folder` as well: each step's loss as `loss/step`, and `TAGS`
    at every evaluation.

        train("runs/first", model, corpus, progress=TensorBoardLog("runs/first", progress_for()))

    A run that goes on begins a file that takes back the points after the step it goes on from: there are none twice.
    Raises ConfigurationError where tensorboardX is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str], progress: Progress | None = None) -> None:
        self._events, self._summary, self._protocol = tensorboardx()
        self._folder, self._progress = expanded(Path(folder)), progress or Progress()
        self._writer: Any = None

    def in_terms_of(self, figure: Callable[[float], str], unit: str = "tokens") -> None:
        self._progress.in_terms_of(figure, unit)

    def begin(self, step: int, total: int) -> None:
        self._progress.begin(step, total)
        if self._writer is None:
            # The step makes the name another one for two files of the same second, and the later file the last.
            self._writer = self._events.EventsWriter(str(self._folder / "events"), f".{step:012}")
            start = self._protocol.SessionLog(status=self._protocol.SessionLog.START)
            self._write(step + 1, session_log=start)
            self._writer.flush()

    def step(self, step: int, loss: float, tokens: int) -> None:
        self._progress.step(step, loss, tokens)
        self._scalar("loss/step", loss, step)

    def evaluated(self, record: Mapping[str, Any]) -> None:
        self._progress.evaluated(record)
        values = {tag: record[key] for key, tag in TAGS.items() if key in record}
        values |= {f"orthogonality/{name}": value for name, value in record["orthogonality"].items()}
        for tag, value in values.items():
            if value is not None:                            # not finite
                self._scalar(tag, value, record["step"])

    def saving(self, step: int) -> None:
        """The events up to a checkpoint are on the disk before it is: a run that goes on from it lacks none."""
        self._progress.saving(step)
        if self._writer is not None:
            self._writer.flush()

    def say(self, text: str) -> None:
        self._progress.say(text)

    @contextmanager
    def task(self, name: str, total: int, unit: str = "segment") -> Iterator[Callable[[], None]]:
        with self._progress.task(name, total, unit) as advance:
            yield advance

    def end(self) -> None:
        self._progress.end()
        if self._writer is not None:
            self._writer.flush()
            self._writer.close()
            self._writer = None

    def _scalar(self, tag: str, value: float, step: int) -> None:
        if self._writer is not None:
            self._write(step, summary=self._summary.scalar(tag, value))

    def _write(self, step: int, **what: Any) -> None:
        self._writer.write_event(self._protocol.Event(wall_time=time.time(), step=step, **what))
