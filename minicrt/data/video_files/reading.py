"""Which frames of a video are read, and how large: what the cache is keyed by"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from minicrt.configuration import Configuration, require

Array = np.ndarray


@dataclass(frozen=True)
class VideoReading(Configuration):
    """How a video of T frames becomes up to N clips of F frames, `size` x `size` pixels.

    frames, clips    F, and the most clips that a video gives, N
    sampling         "stride": clip n holds the frames (n F + k) stride, k = 0 … F − 1, and there are ⌈T/(F stride)⌉
                     clips or N; past the end the last frame stands still.
                     "segments": the video is cut into N F parts alike, of which the middle frames are taken,
                     ⌊(i + ½) T/(N F)⌋; every video gives N clips
    stride           in frames, of the file's own rate
    size             the side of the square in the middle that is cut out, in pixels
    resize           what the shorter side is scaled to before that; 0: `size`
    Raises ConfigurationError for what is out of range.
    """

    title: ClassVar[str] = "the reading of videos"

    frames: int = 8
    clips: int = 4
    sampling: Literal["stride", "segments"] = "stride"
    stride: int = 4
    size: int = 112
    resize: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least, most in (("frames", 1, 1000), ("clips", 1, 1000), ("stride", 1, 100_000), ("size", 8, 2048),
                                  ("resize", 0, 4096)):
            value = getattr(self, name)
            require(least <= value <= most, f"{self.title}: {name} is {value}, expected {least} to {most:,}")
        require(self.resize == 0 or self.resize >= self.size, f"{self.title}: resize is {self.resize}, expected size, "
                f"{self.size}, or more, or 0 for the same")

    @property
    def last(self) -> int | None:
        """One more than the largest number of a frame that can be wanted; None where that depends on the video"""
        return self.clips * self.frames * self.stride if self.sampling == "stride" else None

    def wanted(self, T: int) -> Array:
        """The numbers of the frames to read, (clips of this video · F,), ascending"""
        wished = self.clips * self.frames
        if self.sampling == "segments":
            return ((2 * np.arange(wished) + 1) * T) // (2 * wished)
        clips = min(self.clips, -(-T // (self.frames * self.stride)))
        return np.minimum(np.arange(clips * self.frames) * self.stride, T - 1)


def scaled(width: int, height: int, shorter: int) -> tuple[int, int]:
    """The size at which the shorter side is `shorter` pixels and the other in proportion, to the nearest pixel"""
    scale = shorter / min(width, height)
    return max(shorter, round(width * scale)), max(shorter, round(height * scale))


def crop_corner(width: int, height: int, size: int) -> tuple[int, int]:
    """x and y of the upper left corner of the square in the middle"""
    return (width - size) // 2, (height - size) // 2
