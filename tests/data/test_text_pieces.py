"""A text file in pieces is the text as a whole; what is wrong with it is said in the same words"""

import bz2
import gzip
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.data import text_pieces as module
from minicrt.data.reading import read_text
from minicrt.data.text_pieces import text_pieces
from minicrt.data.tokenizers import TOKENIZERS, closed
from minicrt.errors import DataError
from tests.data.corpus_files import write

TEXT = (" = Ein Titel = \r\n \n eins zwei ======== <unk>, ΟΔΟΣ ὁδός \u2028 \x0c x\n\n  \n drei vier fünf \U0001f600 "
        "sechs")
PACKED = {"as it is": bytes, "gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 16)


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED.keys())
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_pieces_are_the_text_from_anywhere_on(tmp_path, codec, packed):
    path = write(tmp_path / "text", packed(TEXT.encode(codec)))
    pieces = list(text_pieces(path))
    assert len(pieces) > 2
    assert "".join(piece.text for piece in pieces) == read_text(path)
    for number, piece in enumerate(pieces):
        after = "".join(later.text for later in pieces[number + 1:])
        assert "".join(later.text for later in text_pieces(path, piece.end)) == after


@given(st.text(st.sampled_from("aΣß =.,\n\r\t\x0c\u2028\u3000é\U0001f600"), min_size=1, max_size=60))
def test_tokens_of_the_pieces_are_those_of_the_text(tmp_path_factory, text):
    path = write(tmp_path_factory.getbasetemp() / "drawn", text)
    if not text.strip():
        with pytest.raises(DataError, match="is empty"):
            list(text_pieces(path))
        return
    for name, tokenize in TOKENIZERS.items():
        close = name in ("lines", "blanks")
        whole = read_text(path)
        tokens = [token for piece in text_pieces(path, close=close) for token in tokenize(piece.text)]
        assert tokens == list(tokenize(closed(whole) if close else whole))


LATE = b"words and words and words again\n" * 3              # longer than a block
WRONG = {"not UTF-8": LATE + b"\xff", "a zero": LATE + b"a\0b", "half of a character": LATE + b"\xc3",
         "no text": b"\x89PNG\0", "a PDF": b"%PDF-1.7 " + LATE, "empty": b"", "blank": b" \n\t \n" * 9,
         "UTF-16 broken off": b"\xff\xfe" + LATE.decode().encode("utf-16-le") + b"a",
         "UTF-16 with a zero": b"\xff\xfe" + (LATE.decode() + "\0").encode("utf-16-le"),
         "torn gzip": gzip.compress(LATE * 9)[:-12]}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_as_of_the_whole(tmp_path, data):
    path = write(tmp_path / "text", data)
    messages = []
    for reading in (lambda: read_text(path), lambda: list(text_pieces(path))):
        with pytest.raises(DataError) as caught:
            reading()
        messages.append(str(caught.value))
    assert messages[0] == messages[1] and "\n" not in messages[0]


def test_what_cannot_be_opened_is_said(tmp_path):
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(DataError, match=r"there is no file|it is a folder"):
            list(text_pieces(path))


def test_a_line_of_ten_megabytes_is_cut_between_words(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 1 << 20)
    word = 999 * "x"
    path = write(tmp_path / "line", 10_000 * f"{word} ")
    pieces = [piece.text for piece in text_pieces(path)]
    assert max(map(len, pieces)) < (1 << 20) + 2000 and len(pieces) >= 10
    words = [each for text in pieces for each in text.split()]
    assert len(words) == 10_000 and set(words) == {word}
