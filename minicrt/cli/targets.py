"""What a command makes anew: the place is looked at before anything else is done"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minicrt.errors import InputError


def check_new(path: Path, option: str) -> None:
    """Nothing is at `path`, and the folder that it is to be in is there."""
    from minicrt.data.reading import exists

    if exists(path) or "\0" in str(path):                    # of a NUL Path.exists says that nothing is there
        raise InputError(f"{path} is there already, or can have no such name; give {option} another, or move it away")
    if not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: {path.parent} is no folder; make it, or give {option} another "
                         "name")


@contextmanager
def writing(path: Path, option: str) -> Iterator[None]:
    """Within, an OSError becomes a line that says what to do."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; give {option} another name") from None
