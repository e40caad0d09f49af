"""Checkpoint files: one safetensors file, written atomically, of which every byte is verified when it is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.atomic import write_atomically
from minicrt.errors import CheckpointError
from minicrt.files import expanded, read_regular
from minicrt.models.parameters import Parameters
from minicrt.sealed import opened, sealed

Array = np.ndarray
FORMAT = "minicrt checkpoint 1"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds. `arrays` by name, `metadata` strings by name; `path` is where it was read."""

    path: Path
    arrays: dict[str, Array]
    metadata: dict[str, str]

    def group(self, prefix: str) -> dict[str, Array]:
        """The arrays named `prefix` + something, by that something."""
        return {name[len(prefix):]: array for name, array in self.arrays.items() if name.startswith(prefix)}

    def described(self, name: str) -> dict[str, Any]:
        """The mapping that the metadata hold under `name` as JSON. Raises CheckpointError if they do not."""
        try:
            mapping = json.loads(self.metadata[name])
        except (LookupError, ValueError, RecursionError):
            mapping = None
        if not isinstance(mapping, dict):
            raise CheckpointError(f"{self.path} lacks {name!r}, which the checkpoint of a run has; give that of a run")
        return mapping

    def fill(self, prefix: str, parameters: Parameters) -> None:
        """Copy the tensors `prefix` + name into `parameters`. Raises CheckpointError unless table and file agree."""
        tensors = self.group(prefix)
        for name in [*tensors, *parameters]:
            if name not in tensors or name not in parameters:
                side = "in the model but not in the file" if name not in tensors else "in the file but not the model"
                raise CheckpointError(f"{self.path}: {name!r} is {side}; the checkpoint is of another configuration")
            got, expected = tensors[name], parameters[name]
            if got.shape != expected.shape or got.dtype != expected.dtype:
                raise CheckpointError(
                    f"{self.path}: {name!r} is {got.dtype} {got.shape}, the model has {expected.dtype} "
                    f"{expected.shape}; the checkpoint is of another configuration")
            parameters[name] = got


def write_checkpoint(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write `arrays` and `metadata` to `path`, atomically. Reading it back gives the same bits.

    Raises CheckpointError if it cannot be written (a full disk, say); what stood at `path` is then still there.
    """
    try:
        write_atomically(path, sealed(arrays, metadata, FORMAT))
    except OSError as error:
        kept = "the old one is kept; " if path.exists() else ""
        raise CheckpointError(f"cannot write the checkpoint {path}: {error.strerror}; {kept}resume the run once the "
                              "disk can be written to") from error


def read_checkpoint(path: Path | str, form: str = FORMAT) -> Checkpoint:
    """The checkpoint at `path`, verified; `form` is its format, that of a run's unless said.

    Raises CheckpointError, in one line, for a file that is missing, cut short, changed in any byte, or something else.
    """
    path = expanded(path)
    try:
        data = read_regular(path)
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}") from error
    arrays, metadata = opened(data, form, str(path), f"a {form.rpartition(' ')[0]}")
    return Checkpoint(path, arrays, metadata)
