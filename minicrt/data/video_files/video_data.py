"""Videos in three parts, as a model is trained on them and scored"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, check_whole, shown
from minicrt.configuration import to_mapping
from minicrt.data.names import printable
from minicrt.data.video_batch import UNKNOWN, VideoBatch
from minicrt.data.video_files.prepared import Prepared, ReadJoints, prepare
from minicrt.data.video_files.reading import VideoReading
from minicrt.errors import DataError, InputError

Array = np.ndarray
Rng = np.random.Generator
Say = Callable[[str], None]
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class VideoFile:
    """path of the file, label its class's number, and where they are known subject, camera, and skeleton, the path of
    its joints"""

    path: Path
    label: int
    subject: int = UNKNOWN
    camera: int = UNKNOWN
    skeleton: Path | None = None


@dataclass(frozen=True, repr=False)
class VideoData:
    """Videos of classes, some to train on, some to validate, some to test.

    name       of the collection
    classes    their names, in the order of the labels
    reading    which frames were read, and how large
    parts      by "train", "valid" and "test": the videos that could be read
    broken     names of files that could not, each with what is the matter
    """

    name: str
    classes: tuple[str, ...]
    reading: VideoReading
    parts: dict[str, tuple[Prepared, ...]]
    broken: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        sizes = [f"{len(self.parts[part]):,}" for part in PARTS]
        return (f"<VideoData {self.name}: {len(self.classes)} classes; {sizes[0]} videos to train on, {sizes[1]} to "
                f"validate, {sizes[2]} to test, {len(self.broken)} broken>")

    def videos(self, part: str) -> tuple[Prepared, ...]:
        """Those of a part. Raises InputError for a part that there is not."""
        if not isinstance(part, str) or part not in PARTS:
            raise InputError(f"part is {shown(part)}, expected one of {', '.join(PARTS)}")
        return self.parts[part]

    def counts(self, part: str) -> Array:
        """(C,) how many videos of each class a part has"""
        return np.bincount([video.label for video in self.videos(part)], minlength=len(self.classes))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the reading, the classes, and the names, labels and sizes of all files of each part"""
        known = [to_mapping(self.reading), self.classes,
                 [[part, sorted((video.name, video.label, video.size) for video in self.parts[part])]
                  for part in PARTS]]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()

    def batches(self, part: str, batch: int, rng: Rng | None = None) -> Iterator[VideoBatch]:
        """Each video of a part once, `batch` at a time, the last batch perhaps smaller; in another order each time
        where `rng` is given."""
        videos, B = self.videos(part), check_whole("batch", batch, 1)
        if rng is not None:
            check_kind("rng", rng, np.random.Generator, A_GENERATOR)
        order = np.arange(len(videos)) if rng is None else rng.permutation(len(videos))
        return (self.together(part, order[start:start + B]) for start in range(0, len(videos), B))

    def together(self, part: str, numbers: Iterable[int]) -> VideoBatch:
        """The videos of a part that have these numbers, in one batch"""
        videos = self.videos(part)
        return side_by_side([videos[number] for number in numbers], self.reading)


def side_by_side(videos: Sequence[Prepared], reading: VideoReading) -> VideoBatch:
    """A batch of as many clips as the longest has, the others filled up with black ones"""
    F, S, B = reading.frames, reading.size, len(videos)
    lengths = np.array([video.length // F for video in videos])
    N = int(lengths.max())
    clips = np.zeros((N, B, F, S, S, 3), np.uint8)
    joints = None
    if any(video.joints is not None for video in videos):
        J, K = next(video.joints.shape[1:] for video in videos if video.joints is not None)
        joints = np.full((N, B, F, J, K), np.nan, np.float32)
    for b, (video, n) in enumerate(zip(videos, lengths)):
        clips[:n, b] = video.frames.reshape(n, F, S, S, 3)
        if joints is not None and video.joints is not None:
            joints[:n, b] = video.joints.reshape(n, F, *joints.shape[3:])
    visible: Array | None = None
    if joints is not None:
        places = joints[..., :2]
        with np.errstate(invalid="ignore"):
            visible = np.all((places >= 0) & (places < S), -1)           # False for NaN
        joints = np.where(np.isnan(joints), np.float32(0), joints)
    return VideoBatch(clips, np.array([video.label for video in videos]), lengths.astype(np.int64), joints, visible,
                      np.array([video.subject for video in videos]), np.array([video.camera for video in videos]))


def video_data(name: str, classes: tuple[str, ...], parts: Mapping[str, Sequence[VideoFile]], reading: VideoReading,
               cache_dir: Path, say: Say | None = None, read_joints: ReadJoints | None = None) -> VideoData:
    """Read what the cache does not hold, with a bar; name broken files, skip them, and count them at the end.

    `read_joints` makes of a skeleton's file the joints of every frame (T, J, 2), in the video's pixels, NaN where there
    is none.
    Raises DataError where no video to train on is left.
    """
    tell = to_standard_error if say is None else say
    ready, broken = prepare({part: parts[part] for part in PARTS}, reading, cache_dir, tell, read_joints)
    if broken:
        all_videos = sum(map(len, ready.values())) + len(broken)
        tell(f"{len(broken):,} of {all_videos:,} videos of {printable(name)} could not be read and are left out")
    if not ready["train"]:
        raise DataError(f"{printable(name)}: no video to train on could be read" + (
            f"; the first: {broken[0][0]}: {broken[0][1]}" if broken else ""))
    return VideoData(name, classes, reading, ready, tuple(broken))


def to_standard_error(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)
