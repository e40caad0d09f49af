"""Read a text file, or say in one line why not."""

from pathlib import Path

from minicrt.errors import DataError


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with "\\n" as its line end and without a byte order mark.

    Raises DataError when the file is missing, not a regular file, not readable, empty, or not UTF-8 text.
    """
    try:
        if not path.exists():
            raise DataError(f"there is no file {path}; give the path of a text file")
        if not path.is_file():                          # a folder, or a device or pipe that may never end
            raise DataError(f"{path} is not a regular file; give the path of a text file")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    zero = data.find(b"\0")
    if zero >= 0:
        raise DataError(f"{path} is a binary file: byte 0x00 at offset {zero}; expected UTF-8 text")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start}; "
                        "convert it to UTF-8") from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.strip():
        raise DataError(f"{path} is empty, expected text")
    return text


def exists(path: Path) -> bool:
    """Whether there is something at `path`; True as well where that cannot be found out: reading it then says why."""
    try:
        return path.exists()
    except OSError:
        return True


def is_file(path: Path) -> bool:
    """Whether `path` is a regular file; False where that cannot be found out."""
    try:
        return path.is_file()
    except OSError:
        return False
