"""The three texts in a folder of the user's own."""

import re
from pathlib import Path

from minicrt.data.names import printable
from minicrt.errors import DataError

NAMES = {
    "train": {"train", "training"},
    "valid": {"valid", "validation", "val", "dev"},
    "test": {"test"},
}


def find_parts(folder: Path) -> list[Path]:
    """The training, validation and test file in `folder`: those whose names hold train, valid (or dev), test as a word.

    train.txt, wiki.valid.tokens and en-dev.txt.gz are such names. Raises DataError unless there is one file for each.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"the folder {printable(folder)} cannot be read: {error.strerror}") from None
    found = {part: [file for file in files if names & _words(file)] for part, names in NAMES.items()}
    missing = [part for part, there in found.items() if not there]
    if missing:
        raise DataError(f"the folder {printable(folder)} has no {' and no '.join(missing)} text; expected three, "
                        "such as train.txt, valid.txt (or dev.txt) and test.txt, or give the path of one text file")
    for part, there in found.items():
        if len(there) > 1:
            several = " and ".join(printable(file.name) for file in there[:3])
            raise DataError(f"the folder {printable(folder)} has {several}, expected one {part} text; move one away")
    return [file for there in found.values() for file in there]


def _words(file: Path) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", file.name.lower()))
