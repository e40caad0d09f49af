"""A run on disk: config.toml, metrics.jsonl, checkpoint.safetensors, summary.json.

Whenever a process dies, there is no run in the folder, which is then empty or not there, or one that can be resumed:
config.toml, which makes it one, appears whole in one step; a checkpoint and a summary replace their predecessors in one
rename; and metrics.jsonl, which is appended to, is cut back to the checkpoint's step when the run goes on.
"""

import contextlib
import json
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from minicrt.errors import CheckpointError
from minicrt.files import expanded, read_regular
from minicrt.strict_json import to_json
from minicrt.training.atomic import create_atomically, is_temporary, remove_abandoned, sync_folder, write_atomically

if sys.platform != "win32":
    import fcntl

CONFIG = "config.toml"


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
            text = read_regular(expanded(path) / CONFIG).decode("utf-8-sig")
            return cls(path, tomllib.loads(text))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"it is damaged ({error})"
            raise CheckpointError(f"no run in {path}: cannot read {CONFIG}: {reason}") from error

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
        write_atomically(self.path / CONFIG, tomli_w.dumps(self.configuration).encode())

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(to_json(record) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read_metrics(self) -> list[dict[str, Any]]:
        """One mapping an evaluation, in order; a last line that was cut short is left out."""
        if not self.metrics.exists():
            return []
        lines = self.metrics.read_text(encoding="utf-8-sig").split("\n")[:-1]   # what follows the last newline is torn
        try:
            return [json.loads(line) for line in lines]
        except json.JSONDecodeError as error:
            raise CheckpointError(f"{self.metrics} is damaged: {error}; remove it and resume again") from error

    def truncate_metrics(self, step: int) -> None:
        """Forget the evaluations after `step`."""
        kept = [record for record in self.read_metrics() if record["step"] <= step]
        write_atomically(self.metrics, "".join(to_json(record) + "\n" for record in kept).encode())

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        write_atomically(self.summary, (to_json(summary, indent=2) + "\n").encode())

    def remove_summary(self) -> None:
        """The run is no longer finished."""
        self.summary.unlink(missing_ok=True)
        sync_folder(self.path)

    def read_summary(self) -> dict[str, Any] | None:
        """The summary of a finished run, None for another. Raises CheckpointError if it cannot be read."""
        if not self.summary.exists():
            return None
        try:
            summary = json.loads(self.summary.read_text(encoding="utf-8-sig"))
            if not isinstance(summary, dict) or "valid_perplexity" not in summary:
                raise ValueError("it is not the summary of a run")
        except ValueError as error:
            raise CheckpointError(f"{self.summary} is damaged: {error}; remove it and resume") from error
        return summary


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
