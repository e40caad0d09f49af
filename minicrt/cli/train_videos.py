"""`minicrt train --task video`: learn from videos, clip after clip."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from minicrt.cli.numbering import numbered_folder
from minicrt.errors import ConfigurationError
from minicrt.presets import video as presets

if TYPE_CHECKING:
    from minicrt.data.video_source import VideoSource
    from minicrt.models.video import ViT
    from minicrt.training import Progress, TrainingConfig
    from minicrt.training.video_run import TrainedVideos
    from minicrt.video_settings import VideoSettings

TASK = "video"
OF_OTHERS = ("level", "tokenizer", "data_dir", "data", "target", "horizon")


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
    from minicrt.training.video_run import train_videos

    chosen = chosen_settings(arguments)
    videos = chosen.load_videos()
    model = chosen.create_model(videos)
    numbered = numbered_folder(Path("runs"), folder_name(videos.name))
    with nullcontext(arguments.out) if arguments.out is not None else numbered as folder:
        print_header(model, videos, chosen.training, folder)
        with saying_how_to_resume(arguments, folder):
            return train_videos(folder, model, videos, chosen.training, logged(progress, arguments, folder)), videos


def chosen_settings(arguments: argparse.Namespace) -> "VideoSettings":
    """The preset, changed by --set and the other options"""
    from minicrt.settings import parse_assignments
    from minicrt.video_settings import video_settings

    changes = parse_assignments(arguments.set)
    for key in ("corpus", "minutes", "epochs", "seed", "threads"):
        value = getattr(arguments, key)
        if value is not None and key in changes:
            raise ConfigurationError(f"--set {key} and --{key} are both given, expected one of them")
        if value is not None:
            changes[key] = value
    return video_settings(arguments.preset or presets.NAMES[0], changes)


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
