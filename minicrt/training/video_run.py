"""Train a model of video in a run folder, go on with a run, load what a run has learned"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minicrt import __version__
from minicrt.arguments import check_kind, shown
from minicrt.atomic import write_atomically
from minicrt.configuration import from_mapping, to_mapping
from minicrt.data.video_source import VideoSource, video_source
from minicrt.engines import EngineOrName
from minicrt.errors import CheckpointError, ConfigurationError, MinicrtError
from minicrt.files import expanded
from minicrt.models import Parameters
from minicrt.models.video import ViT, create_video_model, video_mapping
from minicrt.training.configuration import BUDGETS, TrainingConfig
from minicrt.training.kept_run import best_weights, kept_at
from minicrt.training.position import Position
from minicrt.training.progress import Progress, progress_of
from minicrt.training.run_folder import RunFolder
from minicrt.training.run_tables import checked_tables, data_table, described
from minicrt.training.trained import OfFolder
from minicrt.training.video_run_trainer import VideoTrainer

PICTURE = "confusion.png"
# matplotlib's: a broken installation or matplotlibrc, fonts, sizes; and the disk's.
DRAWING_ERRORS = (ArithmeticError, ImportError, LookupError, MemoryError, OSError, RuntimeError, ValueError)
TASK = "video"                                               # in the table "data" of config.toml
TRAINING: dict[str, Any] = {"epochs": 10.0, "batch": 16, "evaluation_batch": 20, "warmup_steps": 50,
                            "bptt_segments": 4}              # by default
NEEDED = {"videos": str, "settings": dict, "sha256": str}    # of the table "data"


@dataclass(frozen=True, repr=False)
class TrainedVideos(OfFolder):
    """What a run on videos has learned: its best weights on validation.

    classes        their names, in the order of the scores
    All else is as in Trained.
    """

    folder: Path
    model: ViT
    parameters: Parameters
    classes: tuple[str, ...]
    configuration: dict[str, Any]
    step: int
    summary: dict[str, Any] | None = None
    position: Position | None = None

    def __repr__(self) -> str:
        return (f"<TrainedVideos {self.folder}: {len(self.classes)} classes, weights of step {self.step} of "
                f"{self.model!r}>")


def train_videos(folder: str | os.PathLike[str], model: ViT, videos: VideoSource,
                    config: TrainingConfig | None = None, progress: Progress | bool = True, **settings: Any
                    ) -> TrainedVideos:
    """Train a model on videos in a new run folder, and return the weights that were best on validation.

        videos = video_source("synthetic-video")
        model = create_video_model(len(videos.classes), frames=8)
        run = train_videos("runs/video", model, videos, steps=300)

    Arguments, stopping and errors are those of `minicrt.train`; `resume_videos` goes on. The folder receives the test
    part's confusion matrix as a picture, confusion.png, besides.
    """
    check_kind("folder", folder, (str, os.PathLike), "the path of a folder that does not exist yet")
    check_kind("model", model, ViT, "a model of video; make one with create_video_model")
    check_kind("videos", videos, VideoSource, "videos; load them with video_source")
    if config is None:
        config = video_training(settings)
    elif settings:
        raise ConfigurationError(f"got a config and {' and '.join(settings)} as well, expected one of them")
    configuration = {
        "model": video_mapping(model), "training": to_mapping(config),
        "data": {"task": TASK, "videos": videos.address, "settings": videos.settings, "sha256": videos.fingerprint},
        "written_by": {"minicrt": __version__}}
    trainer = VideoTrainer(RunFolder(Path(folder), configuration), model, videos, config, progress_of(progress))
    trainer.folder.create()
    return learned(trainer)


def video_training(settings: Mapping[str, Any]) -> TrainingConfig:
    """How a run on videos is trained where nothing else is said, with `settings` over it"""
    kept = {key: value for key, value in TRAINING.items() if key not in BUDGETS or not settings.keys() & set(BUDGETS)}
    return from_mapping(TrainingConfig, {**kept, **settings}, "training")


def is_video_run(path: str | os.PathLike[str]) -> bool:
    """Whether there is a run on videos: of a folder or a checkpoint. Nothing is verified. Raises CheckpointError if
    there is no run."""
    return data_table(path).get("task") == TASK


def videos_of_run(asked: Mapping[str, Any], videos: VideoSource | str | None = None) -> VideoSource:
    """The videos that the table `data` of a config.toml names; `videos`: these, or where they are now.

    Raises CheckpointError for others, DataError if they cannot be read."""
    if not isinstance(videos, VideoSource):
        videos = video_source(videos or asked["videos"], asked["settings"])
    if videos.fingerprint != asked["sha256"] or videos.settings != asked["settings"]:
        raise CheckpointError(f"the videos {videos.name} are not those that the run was trained on "
                              f"({asked['videos']}); put those back, or say with --corpus where they are")
    return videos


def resume_videos(folder: str | os.PathLike[str], videos: VideoSource | str | None = None,
                  progress: Progress | bool = True, engine: EngineOrName = None) -> TrainedVideos:
    """Go on with the run in `folder`; the result is that of a run never stopped. A finished run is only loaded.

    `videos` are the run's, or where they are now. Raises CheckpointError if there is no run, it is damaged, or the
    videos are not those it was trained on.
    """
    check_kind("videos", videos, (VideoSource, str, type(None)), "videos, their name, or None")
    run = RunFolder.open(expanded(folder))
    if run.read_summary() is not None and run.checkpoint.exists():
        finished = load_video_run(folder, engine)
        if not (finished.folder / PICTURE).exists():         # of a process that ended between the two
            draw_confusion(finished, progress_of(progress))
        return finished
    tables = video_tables(run.configuration, run.path / "config.toml")
    videos = videos_of_run(tables["data"], videos)
    with described(tables, run.path / "config.toml"):
        config = from_mapping(TrainingConfig, tables["training"], "training")
    return learned(VideoTrainer(run, model_of(tables["model"], run.path, engine), videos, config,
                                progress_of(progress)))


def load_video_run(path: str | os.PathLike[str], engine: EngineOrName = None) -> TrainedVideos:
    """The best weights of a run on videos, with its model and classes, from its folder or a checkpoint alone.

    Raises CheckpointError if there is none, or it is damaged, or is no run on videos.
    """
    check_kind("path", path, (str, os.PathLike), "the path of a run folder or of a checkpoint")
    folder, summary, checkpoint = kept_at(expanded(path))
    tables = video_tables(checkpoint.described("configuration"), checkpoint.path)
    model = model_of(tables["model"], checkpoint.path, engine)
    parameters, step, position = best_weights(checkpoint, model, tables["training"])
    classes = checkpoint.described("videos").get("classes")
    if not isinstance(classes, list) or len(classes) != model.config.vocabulary:
        raise CheckpointError(f"{checkpoint.path} is damaged: its classes are {shown(classes)}; put the run's own file "
                              "back")
    return TrainedVideos(folder, model, parameters, tuple(map(str, classes)), tables, step, summary, position)


def learned(trainer: VideoTrainer) -> TrainedVideos:
    """Train to the end; what the run has learned then, with the confusion matrix drawn"""
    summary = trainer.run()
    run = TrainedVideos(trainer.folder.path, trainer.model, trainer.best_parameters(), trainer.corpus.classes,
                        trainer.folder.configuration, trainer.position.best_step, summary, trainer.position)
    draw_confusion(run, trainer.progress)
    return run


def draw_confusion(run: TrainedVideos, progress: Progress) -> None:
    """The test part's confusion matrix, from the summary. A run has its results even if it cannot be drawn."""
    from minicrt.plotting import confusion_map

    assert run.summary is not None
    try:
        title = f"{run.summary['videos']}: the test part"
        picture = confusion_map(np.array(run.summary["confusion"]), run.classes, title)
        write_atomically(run.folder / PICTURE, picture.png())
    except (*DRAWING_ERRORS, MinicrtError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        progress.say(f"minicrt: warning: {PICTURE} could not be made: {reason}")


def video_tables(configuration: dict[str, Any], where: Path) -> dict[str, Any]:
    """The tables of a run on videos. Raises CheckpointError if it is none, or something is missing."""
    return checked_tables(configuration, where, "videos", (TASK,), NEEDED)


def model_of(table: dict[str, Any], where: Path, engine: EngineOrName) -> ViT:
    try:
        return create_video_model(**table, engine=engine)
    except (TypeError, MinicrtError) as error:
        raise CheckpointError(f"{where} describes no model of video: {error}; put the run's own file back") from None
