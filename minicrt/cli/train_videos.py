"""`minicrt train --task video`: learn from videos, clip after clip."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.cli.numbering import numbered_folder
from minicrt.errors import ConfigurationError
from minicrt.presets import video as presets

if TYPE_CHECKING:
    from minicrt.data.video_source import VideoSource
    from minicrt.models.video import ViT
    from minicrt.training import Progress, TrainingConfig
    from minicrt.training.video_run import TrainedVideos

TASK = "video"
OF_OTHERS = ("level", "tokenizer", "data_dir", "data", "target", "horizon")
FROM_VIDEOS = ("vocabulary", "segment_length", "frame_size")                     # of the model's keys


def is_asked_for(arguments: argparse.Namespace) -> bool:
    """Whether the options are about videos: so says --task, a preset of videos, or the run that is gone on with. Raises
    ConfigurationError for a mixture."""
    from minicrt.training.video_run import is_video_run

    if arguments.task != TASK and (arguments.task is not None or not (
            arguments.preset in presets.NAMES or arguments.resume is not None and is_video_run(arguments.resume))):
        return False
    others = [f"--{name.replace('_', '-')}" for name in OF_OTHERS if getattr(arguments, name) is not None]
    if others:
        raise ConfigurationError(f"{others[0]} is not for videos; leave it out")
    return True


def run(arguments: argparse.Namespace, progress: "Progress") -> None:
    from minicrt.cli.report_videos import print_results

    if arguments.resume is not None:
        print_results(resumed(arguments, progress), None)
    else:
        print_results(*afresh(arguments, progress))


def resumed(arguments: argparse.Namespace, progress: "Progress") -> "TrainedVideos":
    from minicrt.cli.train import logged
    from minicrt.training.video_run import resume_videos

    fixed = [f"--{name}" for name in ("task", "preset", "epochs", "minutes", "seed", "out", "threads")
             if getattr(arguments, name) is not None] + ["--set"] * bool(arguments.set)
    if fixed:
        raise ConfigurationError(f"--resume goes on with a run on videos as it was begun, got {fixed[0]} as well; "
                                 "leave it out, or start another run")
    with saying_how_to_resume(arguments, arguments.resume):
        return resume_videos(arguments.resume, arguments.corpus, logged(progress, arguments, arguments.resume))


def afresh(arguments: argparse.Namespace, progress: "Progress") -> "tuple[TrainedVideos, VideoSource]":
    from minicrt.cli.train import logged
    from minicrt.data.names import folder_name
    from minicrt.data.video_source import video_source
    from minicrt.models.video import create_video_model
    from minicrt.training.video_run import train_videos, video_training

    of_model, of_training, of_data = tables(arguments)
    training = video_training(of_training)
    videos = video_source(of_data.pop("corpus"), of_data)
    frames, size = videos.clip
    if not {"pixel_mean", "pixel_deviation"} <= set(of_model):
        mean, deviation = videos.pixels()
        of_model = {"pixel_mean": mean, "pixel_deviation": deviation} | of_model
    model = create_video_model(len(videos.classes), frames, frame_size=size, **of_model)
    numbered = numbered_folder(Path("runs"), folder_name(videos.name))
    with nullcontext(arguments.out) if arguments.out is not None else numbered as folder:
        print_header(model, videos, training, folder)
        with saying_how_to_resume(arguments, folder):
            return train_videos(folder, model, videos, training, logged(progress, arguments, folder)), videos


def tables(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The preset's tables, changed by --set and the other options: of the model, of its training, of the videos"""
    from minicrt.configuration import field_types, unknown_key
    from minicrt.data.synthetic_video import SyntheticVideo
    from minicrt.data.video_files import VideoReading
    from minicrt.data.video_source import SMARTHOME, SYNTHETIC
    from minicrt.models.video import VIDEO_MODELS
    from minicrt.settings import parse_assignments
    from minicrt.training import TrainingConfig
    from minicrt.training.configuration import changed_table

    preset = presets.load(arguments.preset or presets.NAMES[0])
    assigned = parse_assignments(arguments.set)
    for key in ("minutes", "epochs", "seed", "threads"):
        value = getattr(arguments, key)
        if value is not None and key in assigned:
            raise ConfigurationError(f"--set {key} and --{key} are both given, expected one of them")
        if value is not None:
            assigned[key] = value
    corpus = arguments.corpus or preset["data"]["corpus"]
    same_kind = (corpus == SYNTHETIC) == (preset["data"]["corpus"] == SYNTHETIC)
    data = {key: value for key, value in preset["data"].items() if key != "corpus"} if same_kind else {}
    known = {"training": set(field_types(TrainingConfig)),
             "data": set(field_types(SyntheticVideo if corpus == SYNTHETIC else VideoReading))}
    if corpus.startswith(SMARTHOME):
        known["data"].add("protocol")
    name = assigned.get("model", preset["model"]["model"])
    kinds = VIDEO_MODELS[name if isinstance(name, str) and name in VIDEO_MODELS else "crvit"]
    known["model"] = {"model", *field_types(kinds[1])} - set(FROM_VIDEOS)
    for key in assigned:
        if not any(key in keys for keys in known.values()):
            raise unknown_key(key, set().union(*known.values()), "--set")
    changed = {table: {key: value for key, value in assigned.items() if key in keys} for table, keys in known.items()}
    return ({key: value for key, value in preset["model"].items() if key in known["model"]} | changed["model"],
            changed_table(preset["training"], changed["training"]), data | changed["data"] | {"corpus": corpus})


@contextmanager
def saying_how_to_resume(arguments: argparse.Namespace, folder: Path) -> Iterator[None]:
    from minicrt.cli.train import saying_how_to_resume as saying

    with saying(arguments, folder):
        yield


def print_header(model: "ViT", videos: "VideoSource", training: "TrainingConfig", folder: Path) -> None:
    from minicrt.cli.report import counted, model_line
    from minicrt.training import BUDGETS

    sizes = [f"{videos.counts(part).sum():,}" for part in ("train", "valid", "test")]
    budget = next(counted(getattr(training, key), key) for key in BUDGETS if getattr(training, key))
    frames, size = videos.clip
    each = " an epoch" if videos.address == videos.name else ""
    print(f"model     {model_line(model)}")
    print(f"videos    {videos.name}: {len(videos.classes)} classes, clips of {frames} frames, {size} x {size} pixels; "
          f"{sizes[0]} to train on{each}, {sizes[1]} to validate, {sizes[2]} to test")
    print(f"training  {budget}, batch {training.batch}, gradients across {counted(training.bptt_segments, 'clips')}, "
          f"learning rate {training.learning_rate:g}, seed {training.seed}")
    print(f"run       {folder}", flush=True)
