"""`minicrt train --data`: learn from the readings of sensors."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.cli.numbering import numbered_folder
from minicrt.cli.parser import at_least
from minicrt.errors import ConfigurationError

if TYPE_CHECKING:
    from minicrt.data.sensors import SensorData
    from minicrt.models import SensorModel
    from minicrt.training import Progress, TrainingConfig
    from minicrt.training.sensor_run import TrainedSensors

OF_TEXTS = ("preset", "corpus", "level", "tokenizer", "data_dir")
OF_READINGS = ("task", "target", "horizon")
MODEL: dict[str, Any] = {"width": 64, "layers": 2, "heads": 4, "inner": 128, "segment_length": 32, "dropout": 0.1}


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sensor readings")
    group.add_argument("--data", metavar="FILE",
                       help="a CSV or NPZ file of readings, or dosing-machine or eeg; with --resume: where it is now")
    group.add_argument("--task", choices=("forecast", "classify", "video"),
                       help="forecast: what the target will be; classify: which class, word or number, it is now; "
                            "video: the class of videos, which --corpus names")
    group.add_argument("--target", metavar="COLUMN", help="the name of a column")
    group.add_argument("--horizon", type=at_least(1), metavar="N", help="forecast N readings ahead (default: 1)")


def is_asked_for(arguments: argparse.Namespace) -> bool:
    """Whether the options are about sensor readings. Raises ConfigurationError for a mixture."""
    from minicrt.training.sensor_run import is_sensor_run

    given = [name for name in ("data", *OF_READINGS) if getattr(arguments, name) is not None]
    if not given and (arguments.resume is None or not is_sensor_run(arguments.resume)):
        return False
    texts = [f"--{name.replace('_', '-')}" for name in OF_TEXTS if getattr(arguments, name) is not None]
    if texts:
        raise ConfigurationError(f"{texts[0]} is for texts, and was given for sensor readings; leave it out")
    missing = [f"--{name}" for name in ("data", "task", "target") if getattr(arguments, name) is None]
    if arguments.resume is None and missing:
        raise ConfigurationError(f"--{given[0]} asks for sensor readings; give {' and '.join(missing)} as well")
    return True


def run(arguments: argparse.Namespace, progress: "Progress") -> None:
    from minicrt.cli.report_sensors import print_results

    if arguments.resume is not None:
        print_results(*resumed(arguments, progress))
    else:
        print_results(*afresh(arguments, progress))


def resumed(arguments: argparse.Namespace, progress: "Progress") -> "tuple[TrainedSensors, SensorData | None]":
    """What the run has learned; its readings, if they were said to be elsewhere"""
    from minicrt.cli.train import logged
    from minicrt.training import RunFolder, readings_of_run
    from minicrt.training.sensor_run import kept_framing, resume_sensors, sensor_tables

    fixed = [f"--{name}" for name in (*OF_READINGS, "epochs", "minutes", "seed", "out", "threads")
             if getattr(arguments, name) is not None] + ["--set"] * bool(arguments.set)
    if fixed:
        raise ConfigurationError(f"--resume goes on with a run on sensor readings as it was begun, got {fixed[0]} as "
                                 "well; leave it out, or start another run")
    data = None
    if arguments.data is not None:
        run = RunFolder.open(arguments.resume)
        tables = sensor_tables(run.configuration, run.path / "config.toml")
        data = readings_of_run(tables["data"], arguments.data, kept_framing(run))
    with saying_how_to_resume(arguments, arguments.resume):
        return resume_sensors(arguments.resume, data, logged(progress, arguments, arguments.resume)), data


def afresh(arguments: argparse.Namespace, progress: "Progress") -> "tuple[TrainedSensors, SensorData]":
    from minicrt.cli.train import logged
    from minicrt.data.names import folder_name
    from minicrt.data.sensors import load_sensor_data
    from minicrt.training.sensor_run import fitted_to, sensor_training, train_sensors

    model_changes, training_changes = changes(arguments)
    training = sensor_training(training_changes)
    data = load_sensor_data(arguments.data, arguments.task, arguments.target, arguments.horizon or 1)
    model = model_for(data, model_changes)
    training = fitted_to(training, data, model.config.segment_length, training_changes)
    numbered = numbered_folder(Path("runs"), f"{folder_name(Path(data.name).stem)}-{arguments.task}")
    with nullcontext(arguments.out) if arguments.out is not None else numbered as folder:
        print_header(model, data, training, folder)
        with saying_how_to_resume(arguments, folder):
            return train_sensors(folder, model, data, training, logged(progress, arguments, folder)), data


def changes(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """What --set and the other options change: of the model, and of its training"""
    from minicrt.configuration import field_types
    from minicrt.models import model_kind
    from minicrt.settings import parse_assignments, unknown_setting
    from minicrt.training import TrainingConfig

    assigned = parse_assignments(arguments.set)
    for key in ("minutes", "epochs", "seed", "threads"):
        value = getattr(arguments, key)
        if value is not None and key in assigned:
            raise ConfigurationError(f"--set {key} and --{key} are both given, expected one of them")
        if value is not None:
            assigned[key] = value
    of_model = {"model", *field_types(model_kind(assigned.get("model", "crt"))[1])}
    of_training = set(field_types(TrainingConfig))
    for key in assigned:
        if key not in of_model | of_training:
            raise unknown_setting(key, str(assigned.get("model", "crt")), of_model | of_training, "--set")
    return ({key: value for key, value in assigned.items() if key in of_model},
            {key: value for key, value in assigned.items() if key in of_training})


def model_for(data: "SensorData", changed: dict[str, Any]) -> "SensorModel":
    from minicrt.configuration import field_types
    from minicrt.models import create_sensor_model, model_kind

    known = field_types(model_kind(changed.get("model", "crt"))[1])
    usual = {key: value for key, value in MODEL.items() if key in known}
    framing = data.framing
    return create_sensor_model(len(framing.channels), len(framing.classes) or 1,
                               "classification" if framing.task == "classify" else "regression",
                               **{**usual, **changed})


@contextmanager
def saying_how_to_resume(arguments: argparse.Namespace, folder: Path) -> Iterator[None]:
    from minicrt.cli.train import saying_how_to_resume as saying

    with saying(arguments, folder):
        yield


def print_header(model: "SensorModel", data: "SensorData", training: "TrainingConfig", folder: Path) -> None:
    from minicrt.cli.report import counted, model_line
    from minicrt.cli.report_sensors import question
    from minicrt.training import BUDGETS

    framing, sizes = data.framing, [f"{part.size:,}" for part in (data.train, data.valid, data.test)]
    budget = next(counted(getattr(training, key), key) for key in BUDGETS if getattr(training, key))
    rate = f" at {framing.rate:g} Hz" if framing.rate else ""
    print(f"model     {model_line(model)}")
    more = ", …" if len(framing.channels) > 6 else ""
    print(f"readings  {data.name}: {', '.join(framing.channels[:6])}{more}{rate}; {sizes[0]} to train on, "
          f"{sizes[1]} to validate, {sizes[2]} to test")
    print(f"task      {question(framing)}")
    print(f"training  {budget}, batch {training.batch}, segments of {model.config.segment_length}, gradients across "
          f"{counted(training.bptt_segments, 'segments')}, learning rate {training.learning_rate:g}, "
          f"seed {training.seed}")
    print(f"run       {folder}", flush=True)

