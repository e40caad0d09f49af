import sys
from pathlib import Path

import pytest

from minicrt.data import load_corpus
from minicrt.data.names import address, folder_name, path_of, printable
from minicrt.errors import InputError

NAMES = ["cost$5_$6.txt", "a[1]_b*?.txt", "new\nline.txt", "\u0646\u0635 \u0639\u0631\u0628\u064a.txt", "50%41.txt",
         "~.txt", "tab\t and \x1b[31m.txt", "\U0001f600", "caf\udce9.txt", "100%25\udcff\n"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_has_an_address_in_utf8_that_leads_back(name):
    path = path_of(Path("/folder") / name)
    stored = address(path).encode("utf-8").decode("utf-8")
    assert path_of(stored) == path


@pytest.mark.parametrize("name", NAMES)
def test_names_on_one_line_and_in_a_folder(name):
    shown = printable(name)
    assert shown.isprintable() and shown.encode("utf-8")
    assert len(folder_name(shown)) <= 60 and set(folder_name(shown)).isdisjoint("$[]*?%\n\\ /:")


def test_escapes():
    assert printable("caf\udce9\n\ud800 \u00e9") == "caf\\xe9\\n\\ud800 \u00e9"
    assert folder_name("..") == folder_name("") == "corpus"
    assert len(folder_name(300 * "x")) == 60


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux alone")
@pytest.mark.parametrize("name", NAMES)
def test_a_text_of_any_name_is_loaded_again_by_its_address(tmp_path, name):
    (tmp_path / name).write_bytes(b"a word " * 40)
    corpus = load_corpus(tmp_path / name)
    assert corpus.name == printable(name)
    again = load_corpus(corpus.address.encode("utf-8").decode("utf-8"))
    assert again.source == str(tmp_path / name)


def test_a_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert path_of("~/x") == tmp_path / "x"
    with pytest.raises(InputError, match="no home folder of that name"):
        load_corpus("~no-such-user-at-all/x")
