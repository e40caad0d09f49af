"""A film or a camera frame by frame, as it plays: what a stream reads, in constant memory"""

import itertools
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from minicrt.data.names import printable
from minicrt.data.video_files.decoding import BrokenVideo, counted, failures_named, opened, pyav, square, upright
from minicrt.data.video_files.reading import VideoReading
from minicrt.errors import DataError

Array = np.ndarray
CAMERAS = {"linux": ("v4l2", "/dev/video0"), "darwin": ("avfoundation", "0"), "win32": ("dshow", "video=0")}
USUAL_RATE = 25                                              # frames a second, of a stream that does not tell


class Shot(NamedTuple):
    """A frame (size, size, 3) uint8, and when it is shown, in seconds"""

    seconds: float
    frame: Array


def film_shots(path: Path, reading: VideoReading) -> Iterator[Shot]:
    """The frames of a file that `reading` wants, one after the other; of "stride" all to the end, however many clips
    that makes. The last frame stands still until its clip is full.

    Raises DataError, with the file's name, where it is no video or breaks off, and where PyAV is missing.
    """
    av = pyav()
    with named(path), failures_named(av):
        T = counted(av, path)
        with opened(av, path) as (container, stream):
            yield from shots(av, container.decode(stream), stream, numbers(reading, T), reading)


def camera_shots(device: str, reading: VideoReading) -> Iterator[Shot]:
    """Every `stride`-th frame of a camera, without an end; "": the first camera.

    Raises DataError where there is none, or it says no more, and where PyAV is missing.
    """
    av = pyav()
    if reading.sampling != "stride":
        raise DataError("the run reads videos in parts alike, and a camera has no end; give a film, or a run whose "
                        "sampling is \"stride\"")
    form, first = CAMERAS.get(sys.platform, ("", ""))
    place = device or first
    try:
        with av.open(place, format=form or None) as container:
            stream = container.streams.video[0]
            yield from shots(av, container.decode(stream), stream, itertools.count(0, reading.stride), reading)
    except (OSError, ValueError, IndexError, av.error.FFmpegError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"there is no camera at {printable(place)!r}: {printable(why)}; name another as "
                        "camera:DEVICE, or give a film") from None


def numbers(reading: VideoReading, T: int) -> Iterator[int]:
    """Of the frames that are wanted of T"""
    if reading.sampling == "stride":
        return itertools.count(0, reading.stride)
    return iter(reading.wanted(T).tolist())


def shots(av: ModuleType, frames: Iterable[Any], stream: Any, wanted: Iterator[int], reading: VideoReading
          ) -> Iterator[Shot]:
    number, taken, found, frame = next(wanted), 0, -1, None
    for found, frame in enumerate(frames):
        if found == number:
            shot = taken_of(av, frame, found, stream, reading)
            while found == number:                           # one that stands still is wanted several times
                yield shot
                number, taken = next(wanted, -1), taken + 1
    if frame is None:
        raise BrokenVideo("it holds no picture")
    last = taken_of(av, frame, found, stream, reading)
    yield from itertools.repeat(last, -taken % reading.frames)


def taken_of(av: ModuleType, frame: Any, number: int, stream: Any, reading: VideoReading) -> Shot:
    seconds = frame.time if frame.time is not None else number / float(stream.average_rate or USUAL_RATE)
    return Shot(float(seconds), upright(square(av, frame, reading), frame.rotation))


@contextmanager
def named(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenVideo as error:
        raise DataError(f"{printable(path)} cannot be watched: {error}") from None
