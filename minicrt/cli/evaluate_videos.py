"""`minicrt eval` of a run on videos: mean class accuracy, accuracy, the confusion matrix as a picture"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from minicrt.errors import ConfigurationError

if TYPE_CHECKING:
    from minicrt.data.video_source import VideoSource
    from minicrt.training import TrainedVideos

OF_OTHERS = ("data", "dynamic", "learning_rate", "decay", "data_dir", "segment_length")
NAMED = 4                                                    # classes, in a message


def run(arguments: argparse.Namespace) -> None:
    from minicrt.cli.targets import check_new, writing
    from minicrt.training import accuracy, cut_entries, load_video_run, mean_class_accuracy, progress_for, score_videos
    from minicrt.training.video_run_trainer import Scored

    given = [name for name in OF_OTHERS if getattr(arguments, name)]
    if given:
        raise ConfigurationError(f"--{given[0].replace('_', '-')} is not for videos, and {arguments.run_folder} is a "
                                 "run on videos; leave it out (--corpus gives other videos)")
    if arguments.picture is not None:
        check_new(arguments.picture, "--picture")
    trained = load_video_run(arguments.run_folder)
    cut = cut_entries(trained.model, arguments.cut)          # a cut that there is not, before the videos are read
    videos, part = videos_to_score(arguments, trained), arguments.split or "valid"
    stream = Scored(videos, part, arguments.batch or trained.configuration["training"]["evaluation_batch"])
    with progress_for().task(part, len(stream), "batch") as advance:
        found = score_videos(trained.model, trained.parameters, stream, cut=tuple(cut), advance=advance)
    scored = mean_class_accuracy(found.confusion)
    print(f"{part} mean class accuracy {100 * scored.mean:.1f} %, accuracy {100 * accuracy(found.confusion):.1f} %, "
          f"loss {found.loss:.4f}{price(arguments, trained, part, scored.mean)}")
    if scored.without:
        print(f"no video of {len(scored.without)} of {len(trained.classes)} classes, which the mean leaves out")
    kept = set(cut_entries(trained.model, "state")) - set(cut) - trained.model.detached_entries  # of gradients alone
    print(f"{found.confusion.sum():,} videos of {videos.name} scored, batch {stream.batch}, clips of {videos.clip[0]} "
          f"frames, carried: {', '.join(sorted(kept)) or 'nothing'}; weights of step {trained.step}")
    if arguments.picture is not None:
        from minicrt.atomic import create_atomically
        from minicrt.plotting import confusion_map

        data = confusion_map(found.confusion, trained.classes, f"{videos.name}: the part {part!r}").png()
        with writing(arguments.picture, "--picture"):
            create_atomically(arguments.picture, data)
        print(arguments.picture)


def price(arguments: argparse.Namespace, trained: "TrainedVideos", part: str, cut: float) -> str:
    """How much the same weights lose by the cut, where the run's summary has what they had without"""
    whole = (trained.summary or {}).get(f"{part}_mean_class_accuracy")
    if arguments.cut is None or arguments.corpus is not None or whole is None:
        return ""
    return f"   (all carried: {100 * whole:.1f} %; the cut costs {100 * (whole - cut):.1f} points)"


def videos_to_score(arguments: argparse.Namespace, trained: "TrainedVideos") -> "VideoSource":
    """The run's own, wherever they are now, or others of the same classes"""
    from minicrt.data.video_source import SYNTHETIC, video_source
    from minicrt.training.video_run import videos_of_run

    asked = trained.configuration["data"]
    if arguments.corpus is None:
        return videos_of_run(asked)
    if (arguments.corpus == SYNTHETIC) != (asked["videos"] == SYNTHETIC):
        raise ConfigurationError(f"--corpus got {arguments.corpus}, but the run is on {asked['videos']}: films and "
                                 "synthetic videos have no settings in common; leave it out")
    videos = video_source(arguments.corpus, asked["settings"])
    if videos.classes != trained.classes:
        raise ConfigurationError(f"{videos.name} has the classes {some(videos.classes)}; the run has "
                                 f"{some(trained.classes)}; give videos of the run's classes")
    return videos


def some(classes: Sequence[str]) -> str:
    return ", ".join(classes[:NAMED]) + (f", … ({len(classes)} in all)" if len(classes) > NAMED else "")
