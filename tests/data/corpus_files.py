"""Small corpora on disk, and what loading one that is wrong ends in"""

import pytest

from minicrt.data import load_corpus
from minicrt.errors import DataError


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def names(folder):
    """The names of all files in it, at any depth."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def small_ptb(directory):
    write(directory / "ptb/ptb.train.txt", " a b <unk> N \n a a c\n")
    write(directory / "ptb/ptb.valid.txt", " b c z \n")
    write(directory / "ptb/ptb.test.txt", " c \n\n a \n")
    return directory


def message(name, *arguments, **options):
    """The one line that loading this corpus ends in."""
    with pytest.raises(DataError) as caught:
        load_corpus(name, *arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text
