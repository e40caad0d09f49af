"""Videos read once, with a bar, into the cache; what is broken is named and left out"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from minicrt.data.names import printable
from minicrt.data.video_files.cache import entry, keep, kept
from minicrt.data.video_files.decoding import BrokenVideo, read_film
from minicrt.data.video_files.joints import BrokenSkeleton, joints_in_frames
from minicrt.data.video_files.reading import VideoReading
from minicrt.errors import DataError

if TYPE_CHECKING:
    from minicrt.data.video_files.video_data import VideoFile

Array = np.ndarray
ReadJoints = Callable[[Path], Array]
MOST_NAMED = 10                                              # broken files that are named at once


@dataclass(frozen=True, repr=False)
class Prepared:
    """A video that could be read.

    name, label, subject, camera    of the file
    size      of the file in bytes
    entry     where the cache has its frames; `length` is how many they are
    joints    (length, J, 2) float32, NaN where there is none, or None
    """

    name: str
    label: int
    subject: int
    camera: int
    size: int
    entry: Path
    length: int
    joints: Array | None

    @property
    def frames(self) -> Array:
        """(length, size, size, 3) uint8, mapped now: thousands of videos cannot all be open. Raises DataError where the
        cache no longer has them."""
        try:
            return np.load(self.entry, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise DataError(f"the frames of {self.name} are no longer in {printable(self.entry.parent)}; load the "
                            "videos anew") from None


def prepare(parts: Mapping[str, Sequence["VideoFile"]], reading: VideoReading, cache_dir: Path,
            tell: Callable[[str], None], read_joints: ReadJoints | None
            ) -> tuple[dict[str, tuple[Prepared, ...]], list[tuple[str, str]]]:
    """The videos of each part, and the broken ones with their reasons, of which the first are told at once"""
    from tqdm import tqdm

    ready, broken = dict[str, tuple[Prepared, ...]](), list[tuple[str, str]]()
    with tqdm(desc="reading", total=sum(map(len, parts.values())), unit=" videos", file=sys.stderr, disable=None,
              leave=False) as bar:
        for part, files in parts.items():
            found = []
            for file in files:
                try:
                    found.append(prepared(file, reading, cache_dir, tell, read_joints))
                except BrokenVideo as error:
                    broken.append((printable(file.path.name), str(error)))
                    if len(broken) <= MOST_NAMED:
                        tell(f"{printable(file.path)} is left out: {error}")
                bar.update()
            ready[part] = tuple(found)
    return ready, broken


def prepared(file: "VideoFile", reading: VideoReading, cache_dir: Path, tell: Callable[[str], None],
             read_joints: ReadJoints | None) -> Prepared:
    """Raises BrokenVideo. A broken skeleton is told of, and the video is used without it."""
    try:
        place, size = entry(cache_dir, reading, file.path), file.path.stat().st_size
    except OSError as error:
        raise BrokenVideo(f"it cannot be read: {error.strerror}") from None
    shape = (-1, reading.size, reading.size, 3)
    frames = kept(place, np.uint8, shape)
    film = None
    if frames is None or len(frames) % reading.frames:
        film = read_film(file.path, reading)
        frames = keep(place, film.frames)
    joints = None
    if file.skeleton is not None and read_joints is not None:
        try:
            of_joints = entry(cache_dir, reading, file.path, file.skeleton)
            joints = kept(of_joints, np.float32, (len(frames), -1, 2))
            if joints is None:
                all_joints = read_joints(file.skeleton)
                joints = keep(of_joints, joints_in_frames(all_joints, film or read_film(file.path, reading), reading))
        except BrokenSkeleton as error:
            tell(f"{printable(file.skeleton)} is not used: {error}")
        except OSError as error:
            tell(f"{printable(file.skeleton)} is not used: it cannot be read: {error.strerror}")
    return Prepared(printable(file.path.name), file.label, file.subject, file.camera, size, place, len(frames),
                    None if joints is None else np.array(joints))
