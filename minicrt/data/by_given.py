"""A large text by a vocabulary that is given: its ids lie in a temporary file, which is mapped into memory"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from minicrt.data.names import printable
from minicrt.data.text_pieces import text_pieces
from minicrt.data.tokenizers import OF_LINES, TOKENIZERS
from minicrt.data.vocabulary import Vocabulary
from minicrt.errors import DataError


def encoded(files: tuple[Path, ...], vocabulary: Vocabulary) -> list[np.ndarray]:
    """The ids of each file, uint16 or uint32, read piece by piece under a bar of the bytes. Nothing is counted, so that
    there is nothing to keep: the system removes the files when they are let go of.

    Raises DataError where a text cannot be read, and where there is no room for its ids.
    """
    from tqdm import tqdm

    sizes = [path.stat().st_size for path in files]
    with tqdm(desc="tokens", total=sum(sizes), unit="B", unit_scale=True, disable=None) as bar:
        return [_encoded(path, sum(sizes[:part]), vocabulary, bar) for part, path in enumerate(files)]


def _encoded(path: Path, before: int, vocabulary: Vocabulary, bar: Any) -> np.ndarray:
    tokenize, close = TOKENIZERS[vocabulary.tokenizer], vocabulary.tokenizer in OF_LINES
    dtype = np.uint16 if vocabulary.size <= 1 << 16 else np.uint32
    try:
        with tempfile.TemporaryFile() as file:
            for piece in text_pieces(path, close=close):
                file.write(vocabulary.encode(tokenize(piece.text)).astype(dtype).tobytes())
                bar.update(before + piece.read - bar.n)
            file.flush()
            return np.memmap(file, dtype, "r") if file.tell() else np.zeros(0, dtype)
    except OSError as error:
        raise DataError(f"the ids of {printable(path)} cannot be put into {tempfile.gettempdir()}: "
                        f"{error.strerror or error}; $TMPDIR names another folder for them") from None
