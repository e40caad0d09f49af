"""The tables that describe a run: what it has read, and whether what its kind needs is there"""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minicrt import __version__
from minicrt.arguments import shown
from minicrt.errors import CheckpointError, ConfigurationError
from minicrt.files import expanded
from minicrt.sealed import metadata_of
from minicrt.training.quantised_run import quantised_file
from minicrt.training.run_folder import RunFolder


def data_table(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The table "data" of a run folder, a checkpoint or a quantised run; nothing is verified, and what is damaged has
    none: loading it says what is wrong. Raises CheckpointError if there is no run."""
    path = expanded(path)
    file = quantised_file(path) or (path if path.is_file() else None)
    if file is None:
        data = RunFolder.open(path).configuration.get("data")
    else:
        try:
            data = json.loads(metadata_of(file)["configuration"])["data"]
        except (ValueError, LookupError, TypeError, RecursionError):
            data = None
    return data if isinstance(data, dict) else {}


@contextmanager
def described(configuration: Mapping[str, Any], where: Path) -> Iterator[None]:
    """Within, settings of a run that are refused are said to stand in the file `where`, written by which version."""
    try:
        yield
    except ConfigurationError as error:
        written = configuration.get("written_by")
        version = written.get("minicrt") if isinstance(written, dict) else None
        other = f"; minicrt {version or 'of another version'} wrote it, and this is {__version__}"
        raise CheckpointError(f"{where}: {error}{other if version != __version__ else ''}") from error


def of_another_kind(where: Path, task: object, expected: str) -> CheckpointError:
    """What to say of a run with this `data.task`, None on text, where another kind is expected"""
    kind, load = (("text", "load_run") if task is None else ("videos", "load_video_run") if task == "video" else
                  ("sensor readings", "load_sensor_run"))
    return CheckpointError(f"{where} is of a run on {kind}, where one on {expected} is expected; give one of these, or "
                           f"load it, from Python, with minicrt.training.{load}")


def checked_tables(configuration: dict[str, Any], where: Path, kind: str, tasks: Collection[str],
                   needed: Mapping[str, type]) -> dict[str, Any]:
    """The tables of a run of this kind, "videos", say, whose `data.task` is one of `tasks` and whose table "data" has
    the keys `needed`. Raises CheckpointError if it is none, or something is missing."""
    data = configuration.get("data")
    if not isinstance(data, dict) or data.get("task") not in tasks:
        raise of_another_kind(where, data.get("task") if isinstance(data, dict) else None, kind)
    for key, expected in needed.items():
        if type(data.get(key)) is not expected:
            raise CheckpointError(f"{where} is damaged: data.{key} is {shown(data.get(key))}; put the run's own file "
                                  "back")
    if not all(isinstance(configuration.get(table), dict) for table in ("model", "training")):
        raise CheckpointError(f"{where} lacks the table model or training; put the run's own file back")
    return configuration
