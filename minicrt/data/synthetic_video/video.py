"""Videos whose class is a pair: a cue of the first clip and a motion of the last

    first      a sign of one of `cues` shapes, in a colour of its own, beside a body that stands     the cue
    between    other motions, and now and then a disc in the colour of some cue                      distractors
    last       one of `motions`, and now and then such a disc                                        the motion

The cue and all that the last clip shows are drawn independently, so whoever sees the last clip alone is right about no
more than 1/cues of the classes on the mean, however skewed they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, check_whole
from minicrt.array_arguments import as_array
from minicrt.configuration import Configuration, checked_choice, require
from minicrt.data.synthetic_video.drawing import GLYPHS
from minicrt.data.synthetic_video.motions import MOTIONS, PATHS
from minicrt.data.synthetic_video.scenes import CAMERAS, SUBJECTS
from minicrt.data.synthetic_video.shares import apportioned, skewed
from minicrt.data.video_batch import VideoBatch, rebatched
from minicrt.errors import InputError

Array = np.ndarray
Rng = np.random.Generator
Part = Literal["train", "valid", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
DRAWN = 40                                                   # videos of a fixed set at a time
PEOPLE = {"train": range(0, 12), "valid": range(12, 14), "test": range(14, SUBJECTS)}        # across subjects
VIEWS = {"train": range(0, 4), "valid": range(4, 5), "test": range(5, CAMERAS)}              # across views


@dataclass(frozen=True)
class SyntheticVideo(Configuration):
    """What videos are like.

        videos = SyntheticVideo()
        batch = videos.batch(np.random.default_rng(0), 16)                   # 16 to train on
        longer = videos.batch(np.random.default_rng(1), 16, "test", clips=8)

    cues, motions   how many of each, 2 to 8: class = cue·motions + motion. Motions 2i and 2i + 1 are each other's
                    reverse in time.
    clips           N; `shortest` (0: all are that long) lets the lengths be even from there to N
    frames          F a clip
    size            of the pictures, H = W, in pixels
    noise           the deviation of every number of every pixel, before it is held between 0 and 1
    dropped         the probability that a frame is lost: it is black, and no joint of it is visible
    distractors     the probability of a disc in a clip after the first
    skew            p(cue k) ∝ (k + 1)^−skew, and so for motions, independently; 0: all classes alike
    moves           "body": the motion is the body's, and its joints tell it; "ball": it is a ball's, and the body,
                    whose joints are just as exact, makes some other motion
    across          "subjects": those of train, valid and test are different people; "views": different cameras;
                    "nothing": all are the same
    Raises ConfigurationError for what is out of range.
    """

    title: ClassVar[str] = "synthetic video"

    cues: int = 4
    motions: int = 4
    clips: int = 4
    shortest: int = 0
    frames: int = 8
    size: int = 32
    noise: float = 0.04
    dropped: float = 0.02
    distractors: float = 0.5
    skew: float = 0.5
    moves: Literal["body", "ball"] = "body"
    across: Literal["subjects", "views", "nothing"] = "subjects"

    def __post_init__(self) -> None:
        super().__post_init__()
        ranges = {"cues": (2, len(GLYPHS)), "motions": (2, len(MOTIONS)), "clips": (2, 1000),
                  "shortest": (0, self.clips), "frames": (2, 1000), "size": (16, 1024), "noise": (0, 1),
                  "dropped": (0, 1), "distractors": (0, 1), "skew": (0, 10)}
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            require(least <= value <= most, f"{self.title}: {name} is {value:g}, expected {least} to {most}")
        require(self.shortest != 1, f"{self.title}: shortest is 1, expected 2 clips at least, the cue's and the "
                "motion's, or 0 for videos of one length")

    @property
    def classes(self) -> tuple[str, ...]:
        """The names, "sign 1, raise arms" """
        names = MOTIONS if self.moves == "body" else PATHS
        return tuple(f"sign {cue + 1}, {names[motion]}" for cue in range(self.cues) for motion in range(self.motions))

    @property
    def shares(self) -> Array:
        """(C,) the probability of each class, p(cue) p(motion)"""
        return np.outer(skewed(self.cues, self.skew), skewed(self.motions, self.skew)).ravel()

    @property
    def ceiling(self) -> float:
        """The largest mean class accuracy of whoever does not know the cue: 1/cues"""
        return 1 / self.cues

    def people(self, part: Part) -> range:
        """The subjects of a part"""
        return PEOPLE[part] if self.across == "subjects" else range(SUBJECTS)

    def views(self, part: Part) -> range:
        """The cameras of a part"""
        return VIEWS[part] if self.across == "views" else range(CAMERAS)

    def batch(self, rng: Rng, batch: int, part: Part = "train", *, clips: int | None = None,
              labels: Any = None) -> VideoBatch:
        """`batch` new videos of a part, of `clips` clips where another number than the task's is given.

        `labels` (B,) are the classes, drawn where they are left out. With the same generator and other cues, nothing
        but the cue's sign changes. Raises InputError and ConfigurationError for what does not fit.
        """
        from minicrt.data.synthetic_video.filming import film

        check_kind("rng", rng, np.random.Generator, A_GENERATOR)
        B, N = check_whole("batch", batch, 1), check_whole("clips", self.clips if clips is None else clips, 2)
        checked_choice("part", part, PARTS, self.title)
        drawn = rng.choice(len(self.shares), B, p=self.shares)
        known = drawn if labels is None else self._checked(labels, B)
        people, views = np.array(self.people(part)), np.array(self.views(part))
        shortest = min(self.shortest or N, N)
        lengths = rng.integers(shortest, N + 1, B)
        return film(self, rng, known, lengths, N, rng.choice(people, B), rng.choice(views, B))

    def _checked(self, labels: Any, B: int) -> Array:
        labels, C = as_array("labels", labels), len(self.shares)
        if labels.shape != (B,) or labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= C:
            raise InputError(f"labels are {labels.dtype} of shape {labels.shape}, expected {B} whole numbers from 0 to "
                             f"{C - 1}")
        return labels.astype(np.int64)

    def videos(self, rng: Rng, batch: int, part: Part = "train", *, clips: int | None = None) -> Iterator[VideoBatch]:
        """New videos without end"""
        while True:
            yield self.batch(rng, batch, part, clips=clips)

    def fixed_set(self, seed: int, videos: int, batch: int, part: Part = "test", *, clips: int | None = None
                  ) -> Iterator[VideoBatch]:
        """The same `videos` videos each time, in batches, each class as often as `shares` says and once at least.

        They are drawn DRAWN at a time, group i from the seed, the part and i, so that the batch does not decide which
        they are. Raises DataError for fewer videos than classes.
        """
        check_whole("seed", seed, 0)
        check_whole("batch", batch, 1)
        checked_choice("part", part, PARTS, self.title)
        counts = apportioned(self.shares, check_whole("videos", videos, 1))
        own = seed, PARTS.index(part)
        labels = np.random.default_rng([*own, 0]).permutation(np.repeat(np.arange(len(counts)), counts))
        groups = (labels[start:start + DRAWN] for start in range(0, videos, DRAWN))
        drawn = (self.batch(np.random.default_rng([*own, 1, i]), len(group), part, clips=clips, labels=group)
                 for i, group in enumerate(groups))
        yield from rebatched(drawn, batch)
