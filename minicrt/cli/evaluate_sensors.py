"""`minicrt eval` of a run on sensor readings: its error, or its perplexity and the share that is right"""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minicrt.errors import CheckpointError, ConfigurationError, DataError

if TYPE_CHECKING:
    from minicrt.data.sensors import Part, SensorData
    from minicrt.training import TrainedSensors

OF_TEXTS = ("corpus", "dynamic", "learning_rate", "decay", "data_dir")


@dataclass(frozen=True)
class Recording:
    """What is scored: the part `part_name` of the run's own readings, or all of another recording

    baseline    the loss of whoever has learned nothing, None where that is not known
    """

    part: "Part"
    part_name: str
    name: str
    baseline: float | None

    @property
    def where(self) -> str:
        return f"the part {self.part_name!r} of {self.name}" if self.part_name else self.name


def run(arguments: argparse.Namespace) -> None:
    from minicrt.cli.report_sensors import picture_of
    from minicrt.cli.targets import check_new, writing
    from minicrt.data.sensors import ReadingStream
    from minicrt.training import cut_entries, evaluate, load_sensor_run, progress_for
    from minicrt.training.sensor_evaluation import accuracy

    given = [name for name in OF_TEXTS if getattr(arguments, name)]
    if given:
        raise ConfigurationError(f"--{given[0].replace('_', '-')} is for runs on text, and {arguments.run_folder} is "
                                 "one on sensor readings; leave it out (--data gives another recording)")
    if arguments.picture is not None:
        check_new(arguments.picture, "--picture")
    trained = load_sensor_run(arguments.run_folder)
    cut_entries(trained.model, arguments.cut)                # a cut that there is not, before the readings are read
    recording = recording_to_score(arguments, trained)
    part = recording.part
    length = min(arguments.segment_length or trained.model.config.segment_length, part.size)
    batch = arguments.batch or max(1, min(trained.training.evaluation_batch, part.size // length))
    stream = ReadingStream(part, batch, length, recording.where, "--batch")
    with progress_for().task(recording.part_name or "readings", len(stream)) as advance:
        result = evaluate(trained.model, trained.parameters, stream, arguments.cut, advance)
    right = None
    if trained.framing.task == "classify" and not arguments.cut:
        right = accuracy(trained.model, trained.parameters, stream)
    print_result(trained, recording, result.loss, right)
    carried = ", ".join(sorted(result.carried)) or "nothing"
    print(f"{result.tokens:,} of {part.size:,} readings of {recording.name} scored, batch {stream.batch}, segments of "
          f"{stream.segment_length}, carried: {carried}; weights of step {trained.step}")
    if arguments.picture is not None:
        from minicrt.atomic import create_atomically

        data = picture_of(trained, part, recording.where)
        with writing(arguments.picture, "--picture"):
            create_atomically(arguments.picture, data)
        print(arguments.picture)


def print_result(trained: "TrainedSensors", recording: Recording, loss: float, right: float | None) -> None:
    from minicrt.cli.report_sensors import figure, nothing_learned, share_right
    from minicrt.training.sensor_evaluation import measure, measured

    framing = trained.framing
    unit = f" {framing.unit}" if framing.unit else ""
    line = f"{recording.part_name} {measure(framing)} {figure(measured(loss, framing), unit)}{share_right(right)}"
    if recording.baseline is not None:
        line += f"   ({nothing_learned(measure(framing))}: {figure(measured(recording.baseline, framing), unit)})"
    print(line.strip())


def recording_to_score(arguments: argparse.Namespace, trained: "TrainedSensors") -> Recording:
    """A part of the run's own readings, wherever they are now, or all of another recording"""
    from minicrt.data.sensors import Question, part_for, readings_at, sensor_data, unchanged
    from minicrt.training import readings_of_run

    asked, framing = trained.configuration["data"], trained.framing
    if arguments.data is None:
        return own(arguments, readings_of_run(asked, None, framing))
    question = Question(framing.task, framing.target, framing.horizon)
    readings = readings_at(arguments.data, question)
    try:
        return own(arguments, readings_of_run(asked, sensor_data(readings, question), framing))
    except (DataError, CheckpointError):                     # another recording
        pass
    part = part_for(framing, readings)
    if arguments.split is not None:
        raise ConfigurationError(f"--split got {arguments.split}, but {readings.name} is not the run's own recording: "
                                 "all of it is scored; leave --split out")
    return Recording(part, "", readings.name, unchanged(framing, part) if framing.task == "forecast" else None)


def own(arguments: argparse.Namespace, data: "SensorData") -> Recording:
    name = arguments.split or "valid"
    part = getattr(data, name)
    return Recording(part, name, data.name, data.baseline(part))
