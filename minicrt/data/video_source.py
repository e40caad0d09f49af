"""Videos to train on and to be scored, by the name that a user types"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.arguments import check_kind
from minicrt.configuration import field_types, from_mapping, to_mapping, unknown_key
from minicrt.data.names import address, path_of, printable
from minicrt.data.reading import exists
from minicrt.data.synthetic_video import JOINTS, SyntheticVideo
from minicrt.data.video_batch import VideoBatch
from minicrt.errors import DataError
from minicrt.suggestion import closest

Array = np.ndarray
SYNTHETIC, SMARTHOME = "synthetic-video", "smarthome:"
SET_SEED = 0                                                 # of the synthetic videos that are scored
VALIDATED, TESTED, EPOCH = 200, 400, 1024                    # synthetic videos
PIXELS_OF, BESIDE = 128, 16                                  # videos whose pixels are looked at, so many side by side


class VideoSource(ABC):
    """What a trainer reads, its parts by name. `address` and `settings` make it again, `fingerprint` tells other videos
    apart."""

    train, valid, test = "train", "valid", "test"
    name: str
    address: str
    settings: dict[str, Any]
    fingerprint: str

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]: ...

    @property
    @abstractmethod
    def clip(self) -> tuple[int, int]:
        """Frames of a clip, and the side of a picture"""

    @property
    @abstractmethod
    def joints(self) -> int:
        """How many a body has; 0 where nobody knows of any"""

    @abstractmethod
    def counts(self, part: str) -> Array:
        """How many videos of each class a part has"""

    @abstractmethod
    def training_batches(self, batch: int) -> int:
        """How many batches make an epoch"""

    @abstractmethod
    def training_batch(self, seed: int, step: int, batch: int) -> VideoBatch:
        """The batch of a step, which hangs on nothing but these"""

    @abstractmethod
    def scored(self, part: str, batch: int) -> Iterator[VideoBatch]:
        """The videos of a part, the same each time"""

    def pixels(self) -> tuple[float, float]:
        """Mean and deviation of the pixels of about PIXELS_OF videos to train on, to three digits; at least 1/255"""
        numbers, squares, count = 0.0, 0.0, 0
        for step in range(min(-(-PIXELS_OF // BESIDE), self.training_batches(BESIDE))):
            batch = self.training_batch(SET_SEED, step, BESIDE)
            for clip in batch:                               # what is behind a video's end is no part of it
                shown = clip.frames[clip.valid]
                numbers += float(shown.sum(dtype=np.float64))
                squares += float(np.square(shown).sum(dtype=np.float64))
                count += shown.size
        mean = numbers / count
        deviation = max(squares / count - mean ** 2, 0.0) ** 0.5
        return round(mean, 3), max(round(deviation, 3), 0.004)

    def described(self) -> dict[str, Any]:
        """What a checkpoint says of them"""
        return {"videos": {"classes": list(self.classes)}}


class SyntheticSource(VideoSource):
    """New synthetic videos to train on, 1,024 an epoch; 200 to validate and 400 to test, the same each time"""

    name = address = SYNTHETIC

    def __init__(self, task: SyntheticVideo):
        self.task, self.settings = task, to_mapping(task)
        self.fingerprint = ""                                # the settings say all

    @property
    def classes(self) -> tuple[str, ...]:
        return self.task.classes

    @property
    def clip(self) -> tuple[int, int]:
        return self.task.frames, self.task.size

    @property
    def joints(self) -> int:
        return len(JOINTS)

    def counts(self, part: str) -> Array:
        from minicrt.data.synthetic_video.shares import apportioned

        return apportioned(self.task.shares, {"train": EPOCH, "valid": VALIDATED, "test": TESTED}[part])

    def training_batches(self, batch: int) -> int:
        return max(1, EPOCH // batch)

    def training_batch(self, seed: int, step: int, batch: int) -> VideoBatch:
        return self.task.batch(np.random.default_rng([seed, 3, step]), batch)

    def scored(self, part: str, batch: int) -> Iterator[VideoBatch]:
        videos = VALIDATED if part == "valid" else TESTED
        return self.task.fixed_set(SET_SEED, videos, batch, part)  # type: ignore[arg-type]


class FileSource(VideoSource):
    """Video files, each once an epoch, in an order of its own"""

    def __init__(self, data: Any, where: str, settings: dict[str, Any]):
        self.data, self.name, self.address, self.settings = data, data.name, where, settings
        self.fingerprint = data.fingerprint

    @property
    def classes(self) -> tuple[str, ...]:
        return self.data.classes

    @property
    def clip(self) -> tuple[int, int]:
        return self.data.reading.frames, self.data.reading.size

    @property
    def joints(self) -> int:
        return next((video.joints.shape[1] for video in self.data.parts["train"] if video.joints is not None), 0)

    def counts(self, part: str) -> Array:
        return self.data.counts(part)

    def training_batches(self, batch: int) -> int:
        return -(-len(self.data.parts["train"]) // batch)

    def training_batch(self, seed: int, step: int, batch: int) -> VideoBatch:
        epoch, index = divmod(step, self.training_batches(batch))
        order = np.random.default_rng([seed, 3, epoch]).permutation(len(self.data.parts["train"]))
        return self.data.together("train", order[index * batch:(index + 1) * batch])

    def scored(self, part: str, batch: int) -> Iterator[VideoBatch]:
        return self.data.batches(part, batch)


def video_source(name: str, settings: Mapping[str, Any] | None = None, cache_dir: str | Path | None = None
                 ) -> VideoSource:
    """Videos by name.

        video_source("synthetic-video", {"clips": 4})
        video_source("smarthome:~/Smarthome", {"protocol": "CV2", "size": 112})
        video_source("films", {"stride": 2})                 # a folder with a folder for each class

    `settings` are keys of SyntheticVideo or of VideoReading, for Toyota Smarthome also the `protocol`. Raises
    ConfigurationError for others, DataError where the videos are not there or cannot be read.
    """
    check_kind("the name of the videos", name, str, "synthetic-video, smarthome:FOLDER, or a folder of classes")
    given = dict(settings or {})
    if name == SYNTHETIC:
        return SyntheticSource(from_mapping(SyntheticVideo, given, SyntheticVideo.title))
    from minicrt.data.smarthome import load_smarthome
    from minicrt.data.video_files import VideoReading, load_video_folder

    protocol = given.pop("protocol", None)
    reading = from_mapping(VideoReading, given, VideoReading.title)
    if name.startswith(SMARTHOME):
        where = path_of(name.removeprefix(SMARTHOME) or ".")
        data = load_smarthome(where, protocol or "CS", reading, cache_dir)
        return FileSource(data, SMARTHOME + address(where), to_mapping(reading) | {"protocol": protocol or "CS"})
    if protocol is not None:
        raise unknown_key("protocol", field_types(VideoReading), VideoReading.title)
    where = path_of(name)
    if not exists(where) and closest(name, (SYNTHETIC, SMARTHOME)):
        raise DataError(f"there is no folder {printable(where)}; did you mean {closest(name, (SYNTHETIC, SMARTHOME))}?")
    return FileSource(load_video_folder(where, reading, cache_dir), address(where), to_mapping(reading))
