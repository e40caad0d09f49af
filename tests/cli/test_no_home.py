"""A user that the system does not know, without a home folder: as in containers that run under any number"""

import re

import pytest

from minicrt.cli import main
from tests.cli.running import refused

pwd = pytest.importorskip("pwd")


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("HOME", "XDG_CACHE_HOME", "MINICRT_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("arguments", [["data", "list"], ["info"]])
def test_what_needs_none_goes_on(capsys, arguments):
    assert main(arguments) == 0
    assert "ptb" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, expected", [
    (["data", "get", "ptb"], "there is no home folder.* set .HOME, or .MINICRT_DATA"),
    (["train", "--corpus", "ptb"], "ptb/ptb.train.txt is not in any folder for data; run `minicrt data get ptb`"),
    (["train", "--corpus", "wikitext-2"], "wiki.train.tokens, .* into a folder wikitext-2 inside --data-dir or "
                                          ".MINICRT_DATA")])
def test_what_needs_one_says_so_in_a_line(capsys, arguments, expected):
    assert re.search(expected, refused(capsys, *arguments))


def test_the_folder_can_be_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINICRT_DATA", str(tmp_path))
    assert str(tmp_path) in refused(capsys, "train", "--corpus", "ptb")
