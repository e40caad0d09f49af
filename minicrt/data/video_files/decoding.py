"""A video file as an array of its frames, or one line that says why not

PyAV, FFmpeg's binding, decodes and scales. The container's format is told by the file's name: a playlist that calls
itself .mp4 does not make FFmpeg open what it lists.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from minicrt.data.names import printable
from minicrt.data.video_files.reading import VideoReading, crop_corner, scaled
from minicrt.errors import DataError

Array = np.ndarray
FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".avi": "avi", ".mkv": "matroska", ".webm": "matroska"}
SIDEWAYS = 90                                                # degrees


class BrokenVideo(DataError):
    """A file that is no video, or breaks off. The message says what is the matter with it, without its name."""


class Film(NamedTuple):
    """frames (L, size, size, 3) uint8, those that were wanted; their numbers (L,) in the file; the width and height
    that the file's pictures have when upright, in pixels"""

    frames: Array
    numbers: Array
    width: int
    height: int


def pyav() -> ModuleType:
    """The package `av`. Raises DataError where it is missing."""
    try:
        for name in ("av.error", "av.video.reformatter"):
            importlib.import_module(name)
        return importlib.import_module("av")
    except ImportError as error:
        raise DataError("videos are decoded by PyAV, which is not there; run: pip install \"minicrt[video]\" "
                        f"({' '.join(str(error).split())})") from None


def read_film(path: Path, reading: VideoReading) -> Film:
    """The frames of a file that `reading` wants, the shorter side scaled (bilinear), the square in the middle cut out.

    Raises BrokenVideo where there is no frame, where the file breaks off, and where it is no video; DataError where
    PyAV is missing.
    """
    av = pyav()
    with failures_named(av):
        last, T = reading.last, counted(av, path)
        film = decoded(av, path, reading, reading.wanted(T if last is None else min(T, last)))
        if film.found < film.wished:                         # some packets hold no frame that is shown
            if not film.found:
                raise BrokenVideo("it holds no picture")
            film = decoded(av, path, reading, reading.wanted(film.found))
    return Film(np.stack(film.pictures), film.numbers, *film.size)


class Decoded(NamedTuple):
    pictures: list[Array]
    numbers: Array
    size: tuple[int, int]
    found: int                                               # frames that were decoded
    wished: int                                              # how many had to be


@contextmanager
def opened(av: ModuleType, path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first video stream"""
    if path.suffix.lower() not in FORMATS:
        raise BrokenVideo(f"its name ends in {printable(path.suffix)!r}, expected {', '.join(FORMATS)}")
    with path.open("rb") as file:
        if not file.read(1):
            raise BrokenVideo("it is empty")
        file.seek(0)
        with av.open(file, format=FORMATS[path.suffix.lower()], metadata_errors="replace") as container:
            if not container.streams.video:
                raise BrokenVideo("it has no video stream")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream


@contextmanager
def failures_named(av: ModuleType) -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        raise BrokenVideo(f"it cannot be decoded: {printable(error.strerror or type(error).__name__)}") from None
    except OSError as error:
        raise BrokenVideo(f"it cannot be read: {error.strerror}") from None


def counted(av: ModuleType, path: Path) -> int:
    """The number of packets of pictures, which are not decoded for it. Raises BrokenVideo where the file announces more
    than it holds."""
    with opened(av, path) as (container, stream):
        packets, damaged = 0, False
        for packet in container.demux(stream):
            packets += packet.size > 0                       # the last one is empty and flushes the decoder
            damaged = damaged or packet.is_corrupt
        if not packets:
            raise BrokenVideo("it holds no picture")
        if damaged or packets < stream.frames:
            raise BrokenVideo(f"it breaks off after {packets:,} of {stream.frames:,} frames")
        return packets


def decoded(av: ModuleType, path: Path, reading: VideoReading, numbers: Array) -> Decoded:
    """The frames of these numbers, as far as there are any"""
    pictures, found, size = list[Array](), 0, (0, 0)
    wished = int(numbers[-1]) + 1
    wanted = iter(numbers.tolist())
    number = next(wanted)
    with opened(av, path) as (container, stream):
        for frame in container.decode(stream):
            if found == number:
                picture = upright(square(av, frame, reading), frame.rotation)
                sideways = round(frame.rotation / SIDEWAYS) % 2 == 1
                size = (frame.height, frame.width) if sideways else (frame.width, frame.height)
                while found == number:                       # one that stands still is wanted several times
                    pictures.append(picture)
                    number = next(wanted, -1)
            found += 1
            if found == wished:
                break
    return Decoded(pictures, numbers, size, found, wished)


def square(av: ModuleType, frame: Any, reading: VideoReading) -> Array:
    """(size, size, 3) uint8"""
    width, height = scaled(frame.width, frame.height, reading.resize or reading.size)
    small = frame.reformat(width, height, "rgb24", interpolation=av.video.reformatter.Interpolation.BILINEAR)
    x, y = crop_corner(width, height, reading.size)
    return small.to_ndarray()[y:y + reading.size, x:x + reading.size]


def upright(picture: Array, rotation: float) -> Array:
    """A picture turned counterclockwise as the file says, by quarters: a telephone held upright films sideways"""
    return np.ascontiguousarray(np.rot90(picture, round(rotation / SIDEWAYS)))
