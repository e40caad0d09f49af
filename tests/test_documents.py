"""What is taken as TOML and as JSON, and what no code behind the guard is to meet"""

import pytest

from minicrt.documents import DEEPEST, DocumentError, OtherFormatError, json_document, toml_document

READERS = {toml_document: "x = {}", json_document: '{{"x": {}}}'}
both = pytest.mark.parametrize(("read", "form"), READERS.items(), ids=["TOML", "JSON"])


@both
@pytest.mark.parametrize("value", [str(2 ** 128 - 1), str(1 - 2 ** 128), "1e-300", '"text é"', "[[1, 2], []]", "true"])
def test_what_is_usual_is_read(read, form, value):
    assert list(read(form.format(value).encode())) == ["x"]
    assert read(b"\xef\xbb\xbf" + form.format(value).encode()) == read(form.format(value))


@both
@pytest.mark.parametrize("value", [str(2 ** 128), str(-2 ** 128), "9" * 39, "1" + "0" * 400, "9" * 5000])
def test_whole_numbers_end_somewhere(read, form, value):
    with pytest.raises(DocumentError, match="^has a whole number of more than the 128 bits that are read$"):
        read(form.format(value))


@both
@pytest.mark.parametrize("depth", [DEEPEST, 200, 3_000, 200_000])
def test_nesting_ends_somewhere(read, form, depth):
    assert read(form.format("[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)))
    with pytest.raises(DocumentError, match="^is nested deeper than the 32 levels that are read$"):
        read(form.format("[" * depth + "]" * depth))


def test_tables_nest_as_lists_do():
    with pytest.raises(DocumentError, match="nested deeper"):
        toml_document("a." * 300 + "a = 1")
    with pytest.raises(DocumentError, match="nested deeper"):
        json_document('{"a": ' * 300 + "1" + "}" * 300)


@both
@pytest.mark.parametrize("data", [b"\xff\xfe", b"{", b"x =", b"\0", b'"\\'])
def test_another_format_is_said_in_one_line(read, form, data):
    with pytest.raises(OtherFormatError, match="^is not (TOML|JSON): ") as caught:
        read(data)
    assert "\n" not in str(caught.value)


@both
def test_a_key_given_twice_is_refused(read, form):
    with pytest.raises(DocumentError):
        read("x = 1\nx = 2" if read is toml_document else '{"x": 1, "x": 2}')


def test_half_a_character_is_no_text():
    assert json_document(r'"\ud83d\ude00"') == "😀"
    for text in (r'"\ud800"', r'{"a\udfff": 1}', r'[["\ud83d"]]'):
        with pytest.raises(DocumentError, match=r"'\\ud\w+', half of a pair of surrogates"):
            json_document(text)
