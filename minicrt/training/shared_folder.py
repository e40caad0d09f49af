"""A run folder that one of several ranks keeps: the others need not even see the disk that it is on."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from minicrt.parallel.ranks import Ranks
from minicrt.training.run_folder import RunFolder


class SharedFolder(RunFolder):
    """What the first rank does to the folder; all ranks raise what it raises, and so end together."""

    def __init__(self, path: Path | str, configuration: dict[str, Any], ranks: Ranks):
        super().__init__(path, configuration)
        self.ranks = ranks

    def create(self) -> None:
        self.ranks.first_alone(super().create)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        with ExitStack() as held:
            hold = super().in_use
            self.ranks.first_alone(lambda: held.enter_context(hold()))
            yield

    def append_metrics(self, record: Mapping[str, Any]) -> str:
        append = super().append_metrics
        return self.ranks.first_alone(lambda: append(record))

    def truncate_metrics(self, step: int, digest: str = "") -> None:
        truncate = super().truncate_metrics
        self.ranks.first_alone(lambda: truncate(step, digest))

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        write = super().write_summary
        self.ranks.first_alone(lambda: write(summary))
