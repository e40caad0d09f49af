"""The JSON files of joints that come with Toyota Smarthome: thirteen joints a person, in the video's pixels

    {"njts": 13, "frames": [[{"pose2d": [x_1 … x_13, y_1 … y_13], …}, …], [], …]}

An entry of `frames` for each frame of the video: the persons that were found, the surest first, or none.
"""

from pathlib import Path
from typing import Any

import numpy as np

from minicrt.arguments import is_number, shown
from minicrt.data.video_files.joints import BrokenSkeleton
from minicrt.documents import DocumentError, json_document
from minicrt.files import read_regular

Array = np.ndarray
JOINTS = 13


def read_skeletons(path: Path) -> Array:
    """The joints of the first person of each frame, (T, 13, 2) float32 in the video's pixels, NaN where nobody is.

    Raises BrokenSkeleton for a file that holds something else.
    """
    try:
        document = json_document(read_regular(path))
    except OSError as error:
        raise BrokenSkeleton(f"it cannot be read: {error.strerror}") from None
    except DocumentError as error:
        raise BrokenSkeleton(f"it {error}") from None
    frames = document.get("frames") if isinstance(document, dict) else None
    if not isinstance(frames, list):
        raise BrokenSkeleton("it has no list of frames")
    if document.get("njts", JOINTS) != JOINTS:
        raise BrokenSkeleton(f"njts is {shown(document['njts'])}, expected {JOINTS}")
    joints = np.full((len(frames), JOINTS, 2), np.nan, np.float32)
    for t, persons in enumerate(frames):
        if not isinstance(persons, list):
            raise BrokenSkeleton(f"frame {t} is {shown(persons)}, expected a list of persons")
        if persons:
            joints[t] = np.reshape(pose_of(persons[0], t), (2, JOINTS)).T
    return joints


def pose_of(person: Any, t: int) -> list[float]:
    pose = person.get("pose2d") if isinstance(person, dict) else None
    if not isinstance(pose, list) or len(pose) != 2 * JOINTS or not all(is_number(x) and abs(x) < 1e9 for x in pose):
        raise BrokenSkeleton(f"frame {t}: pose2d is {shown(pose)}, expected {2 * JOINTS} numbers")
    return pose
