"""Train a model of sensor readings in a run folder, go on with a run, load what a run has learned"""

import dataclasses
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from minicrt import __version__
from minicrt.arguments import check_kind
from minicrt.configuration import from_mapping, to_mapping
from minicrt.data.sensors import Framing, SensorData, check_columns, load_sensor_data
from minicrt.data.sensors.framing import TASKS
from minicrt.engines import EngineOrName
from minicrt.errors import CheckpointError, ConfigurationError, MinicrtError
from minicrt.files import expanded
from minicrt.models import SensorModel, create_sensor_model, sensor_mapping
from minicrt.training.checkpoint import read_checkpoint
from minicrt.training.configuration import BUDGETS, TrainingConfig
from minicrt.training.kept_run import Kept, best_weights, kept_at
from minicrt.training.progress import Progress, progress_of
from minicrt.training.quantised_run import FORM, parameters_of, quantised_file, step_of
from minicrt.training.run import load_run
from minicrt.training.run_folder import RunFolder
from minicrt.training.run_tables import checked_tables, data_table, described
from minicrt.training.sensor_trainer import SensorTrainer
from minicrt.training.trained import Trained
from minicrt.training.trained_sensors import TrainedSensors

TRAINING: dict[str, Any] = {"epochs": 20.0, "batch": 16, "evaluation_batch": 4, "warmup_steps": 50}      # by default
NEEDED = {"readings": str, "task": str, "target": str, "horizon": int, "sha256": str}             # of the table "data"


def train_sensors(folder: str | os.PathLike[str], model: SensorModel, data: SensorData,
                  config: TrainingConfig | None = None, progress: Progress | bool = True, **settings: Any
                  ) -> TrainedSensors:
    """Train a model on sensor readings in a new run folder, and return the weights that were best on validation.

        data = load_sensor_data("pump.csv", "forecast", "pressure", horizon=10)
        model = create_sensor_model(channels=len(data.framing.channels), outputs=1)
        run = train_sensors("runs/pump", model, data, epochs=10)

    Arguments, files in the folder, stopping and errors are those of `minicrt.train`; `resume_sensors` goes on.
    """
    check_kind("folder", folder, (str, os.PathLike), "the path of a folder that does not exist yet")
    check_kind("model", model, SensorModel, "a model of sensor readings; make one with create_sensor_model")
    check_kind("data", data, SensorData, "sensor readings; load them with load_sensor_data")
    if config is None:
        config = fitted_to(sensor_training(settings), data, model.config.segment_length, settings)
    elif settings:
        raise ConfigurationError(f"got a config and {' and '.join(settings)} as well, expected one of them")
    framing = data.framing
    configuration = {
        "model": sensor_mapping(model), "training": to_mapping(config),
        "data": {"readings": data.source, "task": framing.task, "target": framing.target, "horizon": framing.horizon,
                 "sha256": data.fingerprint},
        "written_by": {"minicrt": __version__}}
    trainer = SensorTrainer(RunFolder(Path(folder), configuration), model, data, config, progress_of(progress))
    trainer.folder.create()
    return learned(trainer, trainer.run())


def sensor_training(settings: Mapping[str, Any]) -> TrainingConfig:
    """How a run on sensor readings is trained where nothing else is said, with `settings` over it"""
    kept = {key: value for key, value in TRAINING.items() if key not in BUDGETS or not settings.keys() & set(BUDGETS)}
    return from_mapping(TrainingConfig, {**kept, **settings}, "training")


def fitted_to(config: TrainingConfig, data: SensorData, segment_length: int, fixed: Collection[str] = ()
              ) -> TrainingConfig:
    """`config` with batches as small as the parts need: a row holds a segment or more. Keys in `fixed` stay."""
    most = {"batch": data.train.size // segment_length,
            "evaluation_batch": min(data.valid.size, data.test.size) // segment_length}
    smaller = {key: max(1, min(getattr(config, key), rows)) for key, rows in most.items() if key not in fixed}
    return dataclasses.replace(config, **smaller)


def is_sensor_run(path: str | os.PathLike[str]) -> bool:
    """Whether there is a run on sensor readings: of a folder, a checkpoint or a quantised run. Nothing is verified.

    Raises CheckpointError if there is no run."""
    return data_table(path).get("task") in TASKS


def readings_of_run(asked: Mapping[str, Any], data: SensorData | str | os.PathLike[str] | None = None,
                    framing: Framing | None = None) -> SensorData:
    """The readings that the table `data` of a config.toml names; `data`: these, or where their file is now.

    `framing` is the run's, where it has one already: the same numbers under other names, in other units or with other
    classes are other readings. Raises CheckpointError for others, DataError if they cannot be read or a column is
    missing or in another unit.
    """
    if not isinstance(data, SensorData):
        data = load_sensor_data(os.fspath(data or asked["readings"]), asked["task"], asked["target"], asked["horizon"])
    if framing is not None:
        check_columns(framing, data.name, data.framing.channels, data.framing.units)
    if data.fingerprint != asked["sha256"] or framing is not None and unlike(data.framing, framing):
        raise CheckpointError(f"the readings {data.name} are not those that the run was trained on "
                              f"({asked['readings']}); put those back, or say with --data where they are")
    return data if framing is None else dataclasses.replace(data, framing=framing)


def unlike(one: Framing, other: Framing) -> bool:
    """Whether more than the units, which may not be said, and the rate differ"""
    return dataclasses.replace(one, units=other.units, rate=other.rate) != other


def kept_framing(run: RunFolder) -> Framing | None:
    """That of the run's checkpoint; None before its first"""
    if not run.checkpoint.exists():
        return None
    return Framing.from_mapping(read_checkpoint(run.checkpoint).described("framing"))


def resume_sensors(folder: str | os.PathLike[str], data: SensorData | str | os.PathLike[str] | None = None,
                   progress: Progress | bool = True, engine: EngineOrName = None) -> TrainedSensors:
    """Go on with the run in `folder`; the result is that of a run never stopped. A finished run is only loaded.

    `data` are the run's readings, or where their file is now. Raises CheckpointError if there is no run, it is damaged,
    or the readings are not those it was trained on.
    """
    check_kind("data", data, (SensorData, str, os.PathLike, NoneType), "readings, their path, or None")
    run = RunFolder.open(expanded(folder))
    if run.read_summary() is not None and run.checkpoint.exists():
        return load_sensor_run(folder, engine)
    tables = sensor_tables(run.configuration, run.path / "config.toml")
    data = readings_of_run(tables["data"], data, kept_framing(run))
    with described(tables, run.path / "config.toml"):
        config = from_mapping(TrainingConfig, tables["training"], "training")
    trainer = SensorTrainer(run, model_of(tables["model"], run.path, engine), data, config, progress_of(progress))
    return learned(trainer, trainer.run())


def load_sensor_run(path: str | os.PathLike[str], engine: EngineOrName = None) -> TrainedSensors:
    """The best weights of a run on sensor readings, with its model and scales, from its folder or a checkpoint alone.

        run = load_sensor_run("runs/pump")
        stream = SensorStream(run.model, run.parameters, run.framing)

    Raises CheckpointError if there is none, or it is damaged, or is no run on sensor readings.
    """
    check_kind("path", path, (str, os.PathLike), "the path of a run folder or of a checkpoint")
    path = expanded(path)
    quantised = quantised_file(path)
    folder, summary, checkpoint = kept_at(path) if quantised is None else \
        Kept(quantised.parent, None, read_checkpoint(quantised, FORM))
    tables = sensor_tables(checkpoint.described("configuration"), checkpoint.path)
    model = model_of(tables["model"], checkpoint.path, engine)
    framing = Framing.from_mapping(checkpoint.described("framing"))
    if quantised is not None:
        return TrainedSensors(folder, model, parameters_of(checkpoint, model), framing, tables, step_of(checkpoint))
    parameters, step, position = best_weights(checkpoint, model, tables["training"])
    return TrainedSensors(folder, model, parameters, framing, tables, step, summary, position)


def load_either(path: str | os.PathLike[str], engine: EngineOrName = None) -> Trained | TrainedSensors:
    """A run on text or on sensor readings, as `load_run` and `load_sensor_run` have them"""
    return load_sensor_run(path, engine) if is_sensor_run(path) else load_run(path, engine)


def learned(trainer: SensorTrainer, summary: dict[str, Any]) -> TrainedSensors:
    """What a run has learned that has come to its end"""
    return TrainedSensors(trainer.folder.path, trainer.model, trainer.best_parameters(), trainer.corpus.framing,
                          trainer.folder.configuration, trainer.position.best_step, summary, trainer.position)


def sensor_tables(configuration: dict[str, Any], where: Path) -> dict[str, Any]:
    """The tables of a run on sensor readings. Raises CheckpointError if it is none, or something is missing."""
    return checked_tables(configuration, where, "sensor readings", TASKS, NEEDED)


def model_of(table: dict[str, Any], where: Path, engine: EngineOrName) -> SensorModel:
    try:
        return create_sensor_model(**table, engine=engine)
    except (TypeError, MinicrtError) as error:
        raise CheckpointError(f"{where} describes no model of sensor readings: {error}; put the run's own file back"
                              ) from None
