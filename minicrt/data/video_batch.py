"""Videos side by side, as a model reads them: clip after clip, with the state carried"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray
BY_CLIP = ("clips", "joints", "visible")                      # the fields whose first axis counts clips
UNKNOWN = -1                                                 # the number of a subject or camera that nobody knows


class Segment(NamedTuple):
    """One clip of B videos.

    frames    (B, F, H, W, C) float32 from 0 to 1
    joints    (B, F, J, 2 or 3) float32: x and y in pixels from the upper left corner of the picture, so that pixel i
              spans [i, i + 1), and where it is known the depth in pixels; None without a skeleton
    visible   (B, F, J) whether the joint is in the picture; None without a skeleton
    valid     (B,) whether the video is that long
    """

    frames: Array
    joints: Array | None
    visible: Array | None
    valid: Array


@dataclass(frozen=True, repr=False)
class VideoBatch:
    """B videos of up to N clips of F frames each.

    clips      (N, B, F, H, W, C) float32 from 0 to 1, or uint8, of which a segment is the 255th part
    labels     (B,) int64, the class of the whole video
    lengths    (B,) int64, how many clips a video has; those after them are 0
    joints     (N, B, F, J, 2 or 3) float32 and visible (N, B, F, J) bool, see `Segment`; None without a skeleton
    subjects, cameras    (B,) int64, −1 where nobody knows
    """

    clips: Array
    labels: Array
    lengths: Array
    joints: Array | None
    visible: Array | None
    subjects: Array
    cameras: Array

    def __len__(self) -> int:
        """N, the number of clips"""
        return len(self.clips)

    def __iter__(self) -> Iterator[Segment]:
        return (self.segment(n) for n in range(len(self)))

    def __repr__(self) -> str:
        N, B, F, H, W, C = self.clips.shape
        joints = "no joints" if self.joints is None else f"{self.joints.shape[3]} joints"
        return f"<VideoBatch: {B} videos of up to {N} clips of {F} frames, {W} x {H} x {C}; {joints}>"

    def segment(self, n: int) -> Segment:
        """Clip n of all videos"""
        frames = self.clips[n]
        if frames.dtype == np.uint8:
            frames = frames * np.float32(1 / 255)
        return Segment(frames, None if self.joints is None else self.joints[n],
                       None if self.visible is None else self.visible[n], n < self.lengths)

    @property
    def frames(self) -> Array:
        """All frames of each video in one row: (B, N F, H, W, C) float32, what a model of all frames reads"""
        N, B, F, *picture = self.clips.shape
        return np.stack([segment.frames for segment in self], 1).reshape(B, N * F, *picture)


def rebatched(batches: Iterable[VideoBatch], size: int) -> Iterator[VideoBatch]:
    """The same videos in the same order, `size` to a batch and the rest in the last; all are padded to one length."""
    held: VideoBatch | None = None
    for batch in batches:
        held = batch if held is None else _joined(held, batch)
        while len(held.labels) >= size:
            yield _some(held, slice(size))
            held = _some(held, slice(size, None))
    if held is not None and len(held.labels):
        yield held


def _joined(one: VideoBatch, other: VideoBatch) -> VideoBatch:
    return _with(one, lambda name, array, axis: np.concatenate([array, getattr(other, name)], axis))


def _some(batch: VideoBatch, which: slice) -> VideoBatch:
    return _with(batch, lambda _, array, axis: array[(slice(None),) * axis + (which,)])


def _with(batch: VideoBatch, change: Callable[[str, Array, int], Array]) -> VideoBatch:
    """Each field changed, given the axis that counts videos: 1 behind the clips, or 0"""
    changed: dict[str, Any] = {}
    for name in (field.name for field in fields(batch)):
        array = getattr(batch, name)
        changed[name] = None if array is None else change(name, array, int(name in BY_CLIP))
    return VideoBatch(**changed)
