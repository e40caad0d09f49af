"""`minicrt watch`: what a run on videos makes of a film, or of what a camera sees, clip after clip."""

import argparse
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from minicrt.cli.parser import add_engine, at_least
from minicrt.files import expanded

if TYPE_CHECKING:
    from numpy import ndarray as Array

    from minicrt.data.video_files import VideoReading
    from minicrt.data.video_files.watching import Shot
    from minicrt.training import TrainedVideos

CAMERA = "camera"
DRAWN = 2000                                                 # clips, the last ones: wider than that is no picture
NAMED = 3                                                    # classes on a line
BAR = 20                                                     # columns of a probability of 1

DESCRIPTION = """\
Show what a run on videos makes of a film: after each clip the classes' probabilities, the memory being
carried from the first clip to the last. Frames are taken, scaled and cropped as the run's videos were.
Memory is constant; Ctrl-C ends it."""

EXAMPLES = """\
examples:
  minicrt watch runs/kitchen-001 breakfast.mp4 --picture breakfast.png
  minicrt watch runs/kitchen-001 camera"""


def add(commands: Any) -> None:
    parser = commands.add_parser("watch", help="what a run on videos makes of a film or a camera, as it plays",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("film", metavar="FILE|camera", help="a film, or camera, or camera:DEVICE")
    parser.add_argument("--stride", type=at_least(1, 100_000), metavar="N", help="take every N-th frame (default: as "
                        "in training; 1 for a run on synthetic videos)")
    parser.add_argument("--picture", type=expanded, metavar="PNG", help=f"draw the probabilities over time (of the "
                        f"last {DRAWN:,} clips)")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.cli.targets import check_new, writing
    from minicrt.inference import VideoStream
    from minicrt.training import load_video_run

    if arguments.picture is not None:
        check_new(arguments.picture, "--picture")
    trained = load_video_run(arguments.run_folder)
    reading = reading_of(trained, arguments.stride)
    stream = VideoStream(trained.model, trained.parameters)
    told: deque[tuple[float, Array]] = deque(maxlen=DRAWN)
    try:
        for shot in shots_of(arguments.film, reading):
            p = stream.step(shot.frame)
            if p is not None:
                told.append((shot.seconds, p))
                print(line(shot.seconds, p, trained.classes), flush=True)
    except KeyboardInterrupt:
        if not told:
            raise
    print(f"{stream.frames:,} frames read, {stream.frames // reading.frames:,} clips of {reading.frames}; weights of "
          f"step {trained.step}")
    if arguments.picture is not None:
        from minicrt.atomic import create_atomically

        data = picture(told, trained.classes, arguments.film)
        with writing(arguments.picture, "--picture"):
            create_atomically(arguments.picture, data)
        print(arguments.picture)


def reading_of(trained: "TrainedVideos", stride: int | None) -> "VideoReading":
    """How the run's videos were read; synthetic ones have no rate, and every frame is taken"""
    from minicrt.configuration import field_types, from_mapping
    from minicrt.data.video_files import VideoReading
    from minicrt.data.video_source import SYNTHETIC

    data, config = trained.configuration["data"], trained.model.config
    frames = config.segment_length * config.tube_frames
    kept: dict[str, Any] = {"frames": frames, "size": config.frame_size, "stride": 1}
    if data["videos"] != SYNTHETIC:
        kept = {key: value for key, value in data["settings"].items() if key in field_types(VideoReading)}
    if stride is not None:
        kept |= {"stride": stride, "sampling": "stride"}
    return from_mapping(VideoReading, kept, VideoReading.title)


def shots_of(film: str, reading: "VideoReading") -> "Iterator[Shot]":
    from minicrt.data.names import path_of
    from minicrt.data.video_files.watching import camera_shots, film_shots

    name, _, device = film.partition(":")
    return camera_shots(device, reading) if name == CAMERA else film_shots(path_of(film), reading)


def line(seconds: float, p: "Array", classes: Sequence[str]) -> str:
    best = p.argsort()[::-1][:NAMED]
    bar = ("#" * round(BAR * float(p[best[0]]))).ljust(BAR, ".")
    return f"{seconds:9.2f} s  {bar}  " + ", ".join(f"{classes[k]} {p[k]:.2f}" for k in best)


def picture(told: "Sequence[tuple[float, Array]]", classes: Sequence[str], title: str) -> bytes:
    import numpy as np

    from minicrt.plotting import class_probabilities

    seconds, probabilities = (np.stack(column) for column in zip(*told))
    nobody_knows = np.full(len(seconds), -1)
    return class_probabilities(seconds, probabilities, classes, nobody_knows, "seconds", title).png()
