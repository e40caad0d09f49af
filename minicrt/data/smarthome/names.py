"""What the name of a file says: Cook.Cleandishes_p02_r00_v02_c03.mp4"""

import re
from typing import NamedTuple

PATTERN = re.compile(r"([A-Za-z]+(?:\.[A-Za-z]+)?)_p(\d{1,4})_r(\d{1,4})_v(\d{1,4})_c(\d{1,4})", re.ASCII)


class FileName(NamedTuple):
    """The activity, the number of the subject, of the repetition, of the view, and of the camera"""

    activity: str
    subject: int
    repetition: int
    view: int
    camera: int


def parse_name(stem: str) -> FileName | None:
    """A file's name without its ending, as numbers; None where it is of another form"""
    match = PATTERN.fullmatch(stem)
    return None if match is None else FileName(match[1], *map(int, match.groups()[1:]))
