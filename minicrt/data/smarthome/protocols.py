"""The three ways in which results on Toyota Smarthome are measured

    CS     across subjects: eleven to train on, the others to test; 31 classes
    CV1    across views: camera 1 to train on, camera 2 to test; 19 classes
    CV2    across views: cameras 1, 3, 4, 6 and 7 to train on, camera 2 to test; 19 classes

Across views, camera 5 validates. Across subjects the protocol names nobody who does: here a tenth of each class's
training videos, chosen by the SHA-256 of their names, is kept out of training for it.
"""

from collections.abc import Callable
from typing import NamedTuple

from minicrt.data.smarthome.classes import CLASSES, CLASSES_ACROSS_VIEWS
from minicrt.data.smarthome.names import FileName

TRAINING_SUBJECTS = frozenset({3, 4, 6, 7, 9, 12, 13, 15, 17, 19, 25})
VALIDATION_CAMERA, TEST_CAMERA = 5, 2


class Protocol(NamedTuple):
    """The classes, and the part that a file belongs to, None for one that is not used"""

    classes: tuple[str, ...]
    part: Callable[[FileName], str | None]


def across_subjects(name: FileName) -> str:
    return "train" if name.subject in TRAINING_SUBJECTS else "test"


def across_views(*training: int) -> Callable[[FileName], str | None]:
    parts = dict.fromkeys(training, "train") | {VALIDATION_CAMERA: "valid", TEST_CAMERA: "test"}
    return lambda name: parts.get(name.camera)


PROTOCOLS = {"CS": Protocol(CLASSES, across_subjects),
             "CV1": Protocol(CLASSES_ACROSS_VIEWS, across_views(1)),
             "CV2": Protocol(CLASSES_ACROSS_VIEWS, across_views(1, 3, 4, 6, 7))}
