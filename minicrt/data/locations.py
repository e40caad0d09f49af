"""Where the files of a named corpus are looked for."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from minicrt.data.reading import is_file
from minicrt.errors import DataError
from minicrt.files import expanded

VARIABLE = "MINICRT_DATA"
SPLITS = ("train", "valid", "test")

# WikiText-2 and -103 have the same file names, and a folder `wikitext` may hold either. The training file tells:
# 2.1 and 103 million tokens of some five bytes each lie far on either side of this many bytes.
WIKITEXT_BOUNDARY = 50_000_000


@dataclass(frozen=True)
class Layout:
    """The folders that may hold a corpus, the first one preferred, and its file names with {} for the split."""

    folders: tuple[str, ...]
    pattern: str

    def files(self, folder: str) -> tuple[str, ...]:
        """The paths of the three parts, relative to a data folder."""
        return tuple(f"{folder}/{self.pattern.format(split)}" for split in SPLITS)


LAYOUTS = {
    "ptb": Layout(("ptb",), "ptb.{}.txt"),
    "wikitext-2": Layout(("wikitext-2", "wikitext"), "wiki.{}.tokens"),
    "wikitext-103": Layout(("wikitext-103", "wikitext"), "wiki.{}.tokens"),
}
ARTICLES = "wikitext-articles"                               # cut from the other two files, where training is missing
ARTICLE_FOLDERS = (ARTICLES, "wikitext-103", "wikitext-2", "wikitext")
DOWNLOADABLE = frozenset({"ptb"})
ARCHIVE = "{}-v1.zip, Merity et al. 2016"                    # of WikiText, as it was published


def cache_directory() -> Path:
    """The folder `minicrt` in the user's cache. Raises DataError where nobody knows the user's home folder."""
    import platformdirs

    try:
        return platformdirs.user_cache_path("minicrt", appauthor=False)
    except RuntimeError as error:
        raise DataError("there is no home folder, and so no cache in it to keep data in; set $HOME, or $"
                        f"{VARIABLE} to the folder for data") from error


def data_directories(data_dir: str | Path | None = None) -> list[Path]:
    """The data folders in the order of search: the argument, $MINICRT_DATA, the user's cache.

    Raises DataError when the argument is given and is not a folder.
    """
    directories = []
    if data_dir is not None:
        given = expanded(data_dir)
        if not given.is_dir():
            raise DataError(f"the data folder {given} does not exist; create it or give another")
        directories.append(given)
    if os.environ.get(VARIABLE):
        directories.append(expanded(os.environ[VARIABLE]))
    with suppress(DataError):
        directories.append(cache_directory())
    return directories


def find(name: str, data_dir: str | Path | None = None) -> tuple[Path, Path, Path]:
    """The train, valid and test file of a named corpus: the first folder that holds all three.

    Raises DataError saying which file is missing, where it was looked for and what to do.
    """
    directories = data_directories(data_dir)
    layout = LAYOUTS[name]
    partial: DataError | None = None
    for directory in directories:
        for folder in layout.folders:
            train, valid, test = (directory / file for file in layout.files(folder))
            missing = [path for path in (train, valid, test) if not is_file(path)]
            if missing:
                if len(missing) < len(SPLITS) and partial is None:
                    names = " and ".join(path.name for path in missing)
                    todo = remedy(name) if name in DOWNLOADABLE else "put what is missing there"
                    if missing == [train]:
                        todo += f" (of {ARCHIVE.format(name)}), or take {ARTICLES}, cut from the two files by article"
                    partial = DataError(f"corpus {name}: {train.parent} lacks {names}; {todo}")
            elif folder != "wikitext" or is_wikitext(name, train):
                return train, valid, test
            elif partial is None:
                partial = DataError(f"corpus {name}: {train} has {train.stat().st_size:,} bytes, the size of "
                                    f"the other WikiText; put the files of {name} into a folder named {name}")
    if partial is not None:
        raise partial
    raise DataError(f"corpus {name}: {layout.files(layout.folders[0])[0]} is not in "
                    f"{' or '.join(map(str, directories)) or 'any folder for data'}; {remedy(name)}")


def find_article_files(data_dir: str | Path | None = None) -> tuple[Path, Path]:
    """WikiText's validation and test file, which are those of both its sizes. Raises DataError where none are found."""
    directories = data_directories(data_dir)
    for directory in directories:
        for folder in ARTICLE_FOLDERS:
            valid, test = (directory / folder / f"wiki.{split}.tokens" for split in SPLITS[1:])
            if is_file(valid) and is_file(test):
                return valid, test
    raise DataError(f"corpus {ARTICLES}: wikitext/wiki.valid.tokens and wikitext/wiki.test.tokens are not in "
                    f"{' or '.join(map(str, directories)) or 'any folder for data'}; {remedy(ARTICLES)}")


def is_wikitext(name: str, train: Path) -> bool:
    """Whether the training file in a folder `wikitext` has the size of this WikiText and not of the other one."""
    return (train.stat().st_size < WIKITEXT_BOUNDARY) == (name == "wikitext-2")


def remedy(name: str, directory: Path | None = None) -> str:
    """What the user can do to have the corpus, the files that count named exactly."""
    if name in DOWNLOADABLE:
        return f"run `minicrt data get {name}`"
    layout = LAYOUTS["wikitext-2" if name == ARTICLES else name]
    folder = "wikitext" if name == ARTICLES else layout.folders[0]
    files = [Path(file).name for file in layout.files(folder)][name == ARTICLES:]
    source = f"{', '.join(files)} (of {ARCHIVE.format(name.replace('articles', '2'))})"
    if directory:
        return f"put {source} into the folder {directory / folder}"
    try:
        searched = f"--data-dir, ${VARIABLE} or {cache_directory()}"
    except DataError:
        searched = f"--data-dir or ${VARIABLE}"
    return f"put {source} into a folder {folder} inside {searched}"
