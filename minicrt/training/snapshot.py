"""The trainer's whole state to a checkpoint file and back, to the same bits.

Tensors: `parameters.<name>` and `best.<name>` by name, `average` and `optimizer.<moment>` as flat buffers in the order
of the parameter table, `state.<entry>` carried by the stream.
Metadata: `configuration` (that of config.toml), `position`, `vocabulary` (of sensor readings `framing`, of
videos `videos`), `circumstances`, as JSON.
"""

import json
from typing import Any

import numpy as np

from minicrt.errors import CheckpointError, TrainingError
from minicrt.models.base import SegmentModel
from minicrt.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from minicrt.training.circumstances import circumstances, what_changed
from minicrt.training.position import Position
from minicrt.training.progress import Progress
from minicrt.training.run_folder import RunFolder
from minicrt.training.state import TrainingState

BEFORE = "configuration_before"              # in the first checkpoint of a run that is trained on: the shorter run's


def save_snapshot(state: TrainingState, folder: RunFolder, model: SegmentModel, described: dict[str, Any],
                  ranks: int = 1) -> None:
    """Write the run's checkpoint, with what is `described` of its data, the state being that of all rows.

    Raises TrainingError, before writing, if a tensor is not finite."""
    parameters = state.parameters
    arrays = {f"parameters.{name}": parameters[name] for name in parameters}
    if state.best is not None:
        best = parameters.with_flat(state.best)
        arrays |= {f"best.{name}": best[name] for name in best}
    if state.average is not None:
        arrays["average"] = state.average
    arrays |= {f"optimizer.{name}": moment for name, moment in state.optimizer.moments.items()}
    arrays |= {f"state.{name}": value for name, value in state.carried.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise TrainingError(f"step {state.position.step}: {name} is not finite; try a smaller learning_rate")
    write_checkpoint(folder.checkpoint, arrays, {
        "configuration": json.dumps(folder.configuration),
        "position": state.position.to_json(),
        **{name: json.dumps(value) for name, value in described.items()},
        "circumstances": json.dumps(circumstances(model.engine, ranks))})


def load_snapshot(state: TrainingState, folder: RunFolder, model: SegmentModel, progress: Progress, ranks: int = 1
                  ) -> None:
    """Put the folder's checkpoint into `state`.

    A checkpoint written while a budget in minutes was being measured is passed over: the run starts again. Where
    the run goes on in other circumstances, and so to other bits, it says so.
    Raises CheckpointError if it is damaged, or not of the folder's configuration and of `model`.
    """
    checkpoint = read_checkpoint(folder.checkpoint)
    check_same(checkpoint, folder.configuration)
    position = Position.of(checkpoint)
    if not position.total:
        return
    parameters = state.parameters
    checkpoint.fill("parameters.", parameters)
    if checkpoint.group("best."):
        best = parameters.with_flat(np.empty_like(parameters.flat))
        checkpoint.fill("best.", best)
        state.best = best.flat
    flat = {f"optimizer.{name}": moment for name, moment in state.optimizer.moments.items()}
    if state.average is not None:
        flat["average"] = state.average
    for name, buffer in flat.items():
        if name not in checkpoint.arrays or checkpoint.arrays[name].shape != buffer.shape:
            raise CheckpointError(f"{checkpoint.path} lacks {name!r} of {buffer.size} values; it is of another "
                                  f"configuration")
        buffer[...] = checkpoint.arrays[name]
    state.optimizer.count = position.step
    state.carried = checkpoint.group("state.")
    state.position = position
    before = checkpoint.described("circumstances") if "circumstances" in checkpoint.metadata else {}
    changed = what_changed(before, circumstances(model.engine, ranks))
    if changed:
        progress.say(changed)


def completed(run: RunFolder) -> RunFolder:
    """The run. Where its checkpoint says that it has begun to be trained on, config.toml is made that of the checkpoint
    and the summary goes: `train_on` does this so, and may have died before it did."""
    if not run.has_checkpoint():
        return run
    checkpoint = read_checkpoint(run.checkpoint)
    if BEFORE in checkpoint.metadata:
        check_same(checkpoint, run.configuration)
        run.configuration = checkpoint.described("configuration")
        run.write_configuration()
        run.remove_summary()
    return run


def check_same(checkpoint: Checkpoint, configuration: dict) -> None:
    """Raises CheckpointError, naming the first key that differs, unless `checkpoint` was made with `configuration`, or
    goes on from a run that was."""
    stored = checkpoint.described("configuration")
    if BEFORE in checkpoint.metadata and checkpoint.described(BEFORE) == configuration:
        return
    for table in [*configuration, *stored]:
        ours, theirs = configuration.get(table, {}), stored.get(table, {})
        for key in [*ours, *theirs]:
            if ours.get(key) != theirs.get(key):
                raise CheckpointError(
                    f"{checkpoint.path} is of another configuration: {table}.{key} is {theirs.get(key)!r} there and "
                    f"{ours.get(key)!r} in {checkpoint.path.with_name('config.toml')}; put the right file back")
