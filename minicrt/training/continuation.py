"""Train a finished run on: to more steps than it was made for, by the schedule of a run of that length.

What changes is written in this order: the checkpoint, with the new configuration and number of steps; config.toml; and
the summary of the shorter run goes. A process that dies in between leaves a checkpoint that knows the
configuration before, and `completed` does the rest when the run goes on.
"""

import dataclasses
import json
import os
from pathlib import Path

from minicrt.arguments import check_kind
from minicrt.configuration import to_mapping
from minicrt.data import Corpus
from minicrt.engines import EngineOrName
from minicrt.errors import CheckpointError, ConfigurationError
from minicrt.models import SegmentModel
from minicrt.parallel.ending import together
from minicrt.parallel.ranks import Ranks, started
from minicrt.training.budget import steps_within
from minicrt.training.checkpoint import read_checkpoint, write_checkpoint
from minicrt.training.configuration import TrainingConfig
from minicrt.training.position import Position
from minicrt.training.progress import Progress, progress_of
from minicrt.training.run import resume, trainer_of
from minicrt.training.run_folder import RunFolder
from minicrt.training.snapshot import BEFORE, check_same, completed
from minicrt.training.trained import Trained
from minicrt.training.trainer import Trainer


def train_on(folder: str | os.PathLike[str], *, epochs: float = 0.0, steps: int = 0, minutes: float = 0.0,
             data_dir: Path | str | None = None, progress: Progress | bool = True,
             corpus: Corpus | str | os.PathLike[str] | None = None, model: SegmentModel | None = None,
             engine: EngineOrName = None, ranks: Ranks | None = None) -> Trained:
    """Train the finished run in `folder` on, until it has had `epochs`, `steps` or `minutes` in all.

        run = train("runs/first", model, corpus, epochs=4)
        run = train_on("runs/first", epochs=8)                   # four more

    From here on the learning rate is that of a run of the new length, so it rises once; the run is not the one that
    would have been so long from the start. If it is stopped, `resume` goes on. The other arguments are those of
    `resume`. Raises ConfigurationError unless exactly one of the three is given and is more than the run has had,
    CheckpointError if the run is not finished, and what `resume` raises.
    """
    check_kind("folder", folder, (str, os.PathLike), "the path of a run folder")
    TrainingConfig(epochs=epochs, steps=steps, minutes=minutes)          # raises unless it is one of them
    ranks = started() if ranks is None else ranks
    with together(ranks):
        ranks.first_alone(lambda: prolong(Path(folder), epochs, steps, minutes, data_dir, progress_of(progress),
                                          corpus, model, engine))
        return resume(folder, data_dir, progress, corpus, model, engine, ranks)


def prolong(folder: Path, epochs: float, steps: int, minutes: float, data_dir: Path | str | None, progress: Progress,
            corpus: Corpus | str | os.PathLike[str] | None, model: SegmentModel | None, engine: EngineOrName) -> None:
    """Make the finished run in `folder` one that is not finished yet."""
    run = completed(RunFolder.open(folder))
    summary = run.read_summary()
    if summary is None:
        raise CheckpointError(f"the run in {run.path} is not finished; resume it as it is, and train it on then")
    trainer = trainer_of(run, data_dir, progress, corpus, model, engine)
    with run.in_use():
        checkpoint = read_checkpoint(run.checkpoint)
        check_same(checkpoint, run.configuration)
        position = Position.of(checkpoint)
        if minutes:
            steps = steps_within(minutes, position, summary["seconds"])
        wanted = dataclasses.replace(trainer.config, epochs=epochs, minutes=0.0, steps=steps)
        run.configuration = {**run.configuration, "training": to_mapping(wanted)}
        longer = Trainer(run, trainer.model, trainer.corpus, wanted, trainer.progress)
        if longer.position.total <= position.step:
            raise ConfigurationError(
                f"the run in {run.path} has taken {position.step} steps ({position.step / trainer.windows:.4g} epochs, "
                f"{summary['seconds'] / 60:.2g} minutes) and what was asked for makes {longer.position.total} "
                "steps in all; give more")
        say_what_changes(trainer, longer, position)
        position.total = longer.position.total
        write_checkpoint(run.checkpoint, checkpoint.arrays, {
            **checkpoint.metadata, "configuration": json.dumps(run.configuration), "position": position.to_json(),
            BEFORE: checkpoint.metadata["configuration"]})
        completed(run)


def say_what_changes(trainer: Trainer, longer: Trainer, position: Position) -> None:
    """`position` is where `trainer` has ended and `longer` goes on."""
    trainer.state.position = position
    rates = [one.config.learning_rate * one.rate(step)
             for one, step in ((trainer, position.step - 1), (longer, position.step))]
    trainer.progress.say(
        f"training on from step {position.step} to step {longer.position.total} "
        f"({longer.position.total / longer.windows:.4g} epochs) by the schedule of a run of that length: the learning "
        f"rate was {rates[0]:.3g} and is {rates[1]:.3g} now. A run that was so long from the start would be another.")
