"""Any folder of videos, one folder a class: CLASS/*.mp4"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from minicrt.data.names import path_of, printable
from minicrt.data.video_files.cache import frames_cache
from minicrt.data.video_files.decoding import FORMATS, pyav
from minicrt.data.video_files.reading import VideoReading
from minicrt.data.video_files.video_data import PARTS, Say, VideoData, VideoFile, video_data
from minicrt.errors import DataError

TENTH = 10


def load_video_folder(folder: str | Path, reading: VideoReading | None = None, cache_dir: str | Path | None = None,
                      say: Say | None = None) -> VideoData:
    """Videos from folder/CLASS/*.mp4 (or .m4v, .mov, .avi, .mkv, .webm), one folder a class.

    Of each class a tenth is to validate, a tenth to test, one video at least of each, and the others to train on (of
    two videos one to train on and one to test). The SHA-256 of CLASS/NAME chooses: the same on every machine and in any
    order of the folder, and one that is added moves the others by a place at most.

    Arguments
        folder      which holds two folders of classes at least; what begins with a point is passed over
        reading     which frames, and how large
        cache_dir   where they are kept; the user's cache where it is left out
        say         is called with each line about broken files; without it they go to standard error
    Raises DataError where the folder does not fit, where PyAV is missing, and where nothing can be read.
    """
    place = path_of(folder)
    classes = class_folders(place)
    pyav()
    parts: dict[str, list[VideoFile]] = {part: [] for part in PARTS}
    for label, (name, files) in enumerate(classes.items()):
        for part, some in split(name, files).items():
            parts[part] += [VideoFile(file, label) for file in some]
    return video_data(place.resolve().name, tuple(map(printable, classes)), parts, reading or VideoReading(),
                      frames_cache() if cache_dir is None else path_of(cache_dir), say)


def class_folders(folder: Path) -> dict[str, list[Path]]:
    """The files of each class, by name. Raises DataError where there are not two classes at least."""
    if not folder.is_dir():
        raise DataError(f"there is no folder {printable(folder)}; give one that holds a folder of videos for each "
                        "class")
    found = {inner.name: video_files(inner) for inner in entries(folder) if inner.is_dir() and inner.name[0] != "."}
    classes = {name: files for name, files in found.items() if files}
    if len(classes) < 2:
        some = "1 folder" if len(classes) == 1 else "no folder"
        raise DataError(f"{printable(folder)} has {some} with videos ({', '.join(FORMATS)}) in it, "
                        "expected two classes at least: a folder for each, named like it")
    return classes


def entries(folder: Path) -> list[Path]:
    """What is in a folder, by name. Raises DataError where it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"the folder {printable(folder)} cannot be read: {error.strerror}") from None


def video_files(folder: Path) -> list[Path]:
    return [file for file in entries(folder)
            if file.suffix.lower() in FORMATS and file.name[0] != "." and not file.is_dir()]


def split(name: str, files: Sequence[Path]) -> dict[str, list[Path]]:
    """By the order of their digests; the first of a class is always to train on"""
    order = sorted(files, key=lambda file: digest(f"{name}/{file.name}"))
    few = max(1, round(len(order) / TENTH))
    training = max(1, len(order) - 2 * few)
    testing = max(training, len(order) - few)
    parts = order[:training], order[training:testing], order[testing:]
    return {part: sorted(some) for part, some in zip(PARTS, parts)}


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
