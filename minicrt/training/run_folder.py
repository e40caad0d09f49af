"""A run on disk: config.toml, metrics.jsonl, checkpoint.safetensors, summary.json.

Whenever a process dies, there is no run in the folder, which is then empty or not there, or one that can be resumed:
config.toml, which makes it one, appears whole in one step; a checkpoint and a summary replace their predecessors in one
rename; and metrics.jsonl, which is appended to, is cut back to the checkpoint's step when the run goes on.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from minicrt.arguments import shown
from minicrt.atomic import create_atomically, is_temporary, remove_abandoned, sync_folder, write_atomically
from minicrt.documents import DocumentError, toml_document
from minicrt.errors import CheckpointError
from minicrt.files import expanded, read_regular
from minicrt.training import metrics, summary_file

if sys.platform != "win32":
    import fcntl

CONFIG, QUANTISED = "config.toml", "quantised.safetensors"
TABLES = ("model", "training", "federated", "data", "written_by")


class RunFolder:
    """A run in `path` with this configuration: `create` makes the folder, `RunFolder.open` comes back to one."""

    def __init__(self, path: Path | str, configuration: dict[str, Any]):
        self.path, self.configuration = expanded(path).absolute(), configuration
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.metrics = self.path / "metrics.jsonl"
        self.summary = self.path / "summary.json"

    def create(self) -> None:
        """Put the configuration, as config.toml, into a folder that is made or is there and empty.

        Raises CheckpointError if the path exists and is not an empty folder, or cannot be made or written to.
        """
        path = self.path
        taken = CheckpointError(f"{path} holds another run; resume it, or give a folder that does not exist")
        occupied = CheckpointError(f"{path} exists and is not an empty folder; give one that does not exist")
        with _removed_after_failure(path):
            try:
                path.mkdir(parents=True, exist_ok=True)
                there = [entry.name for entry in path.iterdir() if not is_temporary(entry.name, CONFIG)]
            except FileExistsError as error:
                raise occupied from error
            except OSError as error:
                raise CheckpointError(f"cannot make the run folder {path}: {error.strerror}") from error
            if there and CONFIG not in there:
                raise occupied
            try:
                create_atomically(path / CONFIG, tomli_w.dumps(self.configuration).encode())
                sync_folder(path.parent)
            except FileExistsError as error:
                raise taken from error
            except OSError as error:
                raise CheckpointError(f"cannot write to the run folder {path}: {error.strerror}") from error

    @staticmethod
    def is_at(path: Path) -> bool:
        """Whether there is a run in `path`."""
        return os.path.lexists(path / CONFIG)

    @classmethod
    def open(cls, path: Path | str) -> "RunFolder":
        """The run in `path`. Raises CheckpointError if there is none."""
        try:
            configuration = toml_document(read_regular(expanded(path) / CONFIG))
        except OSError as error:
            if (expanded(path) / QUANTISED).is_file():
                raise CheckpointError(f"the run in {path} is quantised, and such weights are neither trained nor "
                                      "watched; take the run that it was made from, and quantise that again") from None
            raise CheckpointError(f"no run in {path}: cannot read {CONFIG}: {error.strerror}; name the folder "
                                  "that a training has made") from error
        except DocumentError as error:
            raise CheckpointError(f"no run in {path}: {CONFIG} is damaged: it {error}") from error
        for name, table in configuration.items():
            if not isinstance(table, dict) or name not in TABLES:
                raise CheckpointError(f"no run in {path}: {CONFIG} is damaged: it has {name} = {shown(table)}, "
                                      f"expected the tables {', '.join(TABLES)}")
        return cls(path, configuration)

    def has_checkpoint(self) -> bool:
        """Whether the run goes on from a checkpoint, or from its start. Raises CheckpointError where one is gone."""
        if self.checkpoint.exists():
            return True
        if os.path.lexists(self.checkpoint):
            raise CheckpointError(f"{self.checkpoint} is a link that leads nowhere; make it lead to the run's "
                                  "checkpoint, or train anew into another folder")
        evaluations = self.metrics.read_bytes().count(b"\n") if self.metrics.exists() else 0
        if evaluations > 1:                                  # one is written an instant before its checkpoint
            raise CheckpointError(f"{self.metrics} has {evaluations} evaluations, but {self.checkpoint.name} is gone; "
                                  "put it back, or train anew into another folder")
        return False

    def last_checkpoint(self) -> str:
        """In words, for whoever is told that the run cannot go on"""
        if not self.checkpoint.exists():
            return "no checkpoint was written yet"
        return f"the last good checkpoint is kept: {self.checkpoint}"

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold the run for this process; the system lets go of it when the process ends, however it ends.

        Raises CheckpointError if another process trains in the folder. (Windows has no such lock: nothing is checked.)
        """
        with (self.path / CONFIG).open("rb") as file:
            if sys.platform != "win32":
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise CheckpointError(f"{self.path} is in use by another process; wait for it to end") from error
                except OSError:
                    pass                                    # a file system without locks
            for path in (self.path / CONFIG, self.checkpoint, self.metrics, self.summary):
                remove_abandoned(path)
            yield

    def write_configuration(self) -> None:
        """Put the present configuration in place of the one in the folder."""
        with _to_be_resumed(self.path / CONFIG):
            write_atomically(self.path / CONFIG, tomli_w.dumps(self.configuration).encode())

    def append_metrics(self, record: Mapping[str, Any]) -> str:
        """Add an evaluation; returns the digest of all so far, for `read_metrics` and `truncate_metrics`."""
        with _to_be_resumed(self.metrics):
            return metrics.append_metrics(self.metrics, record)

    def read_metrics(self, step: int | None = None, digest: str = "") -> list[dict[str, Any]]:
        """One mapping an evaluation up to `step`, in order, verified by the `digest` of then where one is given."""
        return metrics.read_metrics(self.metrics, step, digest)

    def truncate_metrics(self, step: int, digest: str = "") -> None:
        """Forget the evaluations after `step`; the others are verified as in `read_metrics`."""
        with _to_be_resumed(self.metrics):
            metrics.truncate_metrics(self.metrics, step, digest)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        with _to_be_resumed(self.summary):
            summary_file.write_summary(self.summary, summary)

    def remove_summary(self) -> None:
        """The run is no longer finished."""
        with _to_be_resumed(self.summary):
            self.summary.unlink(missing_ok=True)
            sync_folder(self.path)

    def read_summary(self) -> dict[str, Any] | None:
        """The summary of a finished run, None for another. Raises CheckpointError if it is damaged."""
        return summary_file.read_summary(self.summary)


@contextlib.contextmanager
def _to_be_resumed(path: Path) -> Iterator[None]:
    """Within, a disk that is full or read-only ends the run in a line; nothing that it has so far is lost."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"cannot write {path}: {error.strerror or error}; resume the run once the disk can be "
                              "written to") from error


@contextlib.contextmanager
def _removed_after_failure(path: Path) -> Iterator[None]:
    """A folder that is made and then not written to does not stay behind."""
    was_there = os.path.lexists(path)
    try:
        yield
    except CheckpointError:
        if not was_there:
            with contextlib.suppress(OSError):              # another process writes to it
                path.rmdir()
        raise
