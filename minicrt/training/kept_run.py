"""What a run has kept: its checkpoint, and the best weights in it"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minicrt.configuration import from_mapping
from minicrt.errors import CheckpointError
from minicrt.models import Parameters, SegmentModel
from minicrt.training.checkpoint import Checkpoint, read_checkpoint
from minicrt.training.configuration import TrainingConfig
from minicrt.training.position import Position
from minicrt.training.run_folder import RunFolder
from minicrt.training.run_tables import described
from minicrt.training.snapshot import check_same


class Kept(NamedTuple):
    folder: Path
    summary: dict[str, Any] | None                           # None: of a checkpoint alone, or of a run not finished
    checkpoint: Checkpoint


def kept_at(path: Path) -> Kept:
    """Of a run folder, or of a checkpoint file alone. Raises CheckpointError if there is none, or it is damaged, or of
    another configuration than the run's config.toml."""
    if path.is_file():
        return Kept(path.parent, None, read_checkpoint(path))
    run = RunFolder.open(path)
    if not run.checkpoint.exists():
        raise CheckpointError(f"the run in {path} has no checkpoint yet; resume it first")
    summary, checkpoint = run.read_summary(), read_checkpoint(run.checkpoint)
    check_same(checkpoint, run.configuration)
    return Kept(path, summary, checkpoint)


def best_weights(checkpoint: Checkpoint, model: SegmentModel, training: Mapping[str, Any]
                 ) -> tuple[Parameters, int, Position]:
    """Those of the best validation so far, or the last; the step that they are of; where training was"""
    with described(checkpoint.described("configuration"), checkpoint.path):
        config = from_mapping(TrainingConfig, training, "training")
    parameters, position = Parameters(model.specs(), np.dtype(config.precision)), Position.of(checkpoint)
    has_best = bool(checkpoint.group("best."))
    checkpoint.fill("best." if has_best else "parameters.", parameters)
    return parameters, position.best_step if has_best else position.step, position
