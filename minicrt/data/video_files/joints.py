"""Joints in the pixels that are cut out of a video"""

import numpy as np

from minicrt.data.video_files.decoding import Film
from minicrt.data.video_files.reading import VideoReading, crop_corner, scaled
from minicrt.errors import DataError

Array = np.ndarray


class BrokenSkeleton(DataError):
    """A file that holds no skeletons. The message says what is the matter with it, without its name."""


def joints_in_frames(joints: Array, film: Film, reading: VideoReading) -> Array:     # (T, J, 2) -> (L, J, 2)
    """The joints in the frames that were read, NaN where there is none, from those of the file's every frame.

        x' = x·scaled width/width − x of the square's corner, and so for y

    Frames after the last one that has joints have none.
    """
    missing = np.full((1, *joints.shape[1:]), np.nan, np.float32)
    seen = np.concatenate([joints, missing])[np.minimum(film.numbers, len(joints))]
    width, height = scaled(film.width, film.height, reading.resize or reading.size)
    corner = crop_corner(width, height, reading.size)
    return (seen * (width / film.width, height / film.height) - corner).astype(np.float32)
