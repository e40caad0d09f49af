"""Every path that the command line takes: `~` in it, and what is no file of its own."""

import sys

import pytest

from minicrt.cli import build_parser
from tests.cli.running import refused

TAKE_PATHS = [
    ("train", "--out"), ("train", "--resume"), ("train", "--data-dir"),
    ("compare", ""), ("compare", "--show"), ("compare", "g.toml", "--out"), ("compare", "g.toml", "--results"),
    ("compare", "g.toml", "--data-dir"),
    ("eval", ""), ("eval", "run", "--data-dir"), ("generate", ""), ("info", ""), ("info", "--data-dir"),
    ("data", "list", "--data-dir"), ("data", "get", "ptb", "--data-dir"),
    ("golden", "write", ""), ("golden", "check", "", "--against", "theirs"), ("golden", "check", "g", "--against"),
    ("golden", "check", "g", "--against", "theirs", "--names"), ("golden", "check", "g", "--against", "t", "--html"),
]


def with_path(arguments, path):
    """The arguments with `path` in the place of an empty one, or behind the last."""
    return [argument or path for argument in (arguments if "" in arguments else (*arguments, ""))]


@pytest.mark.parametrize("arguments", TAKE_PATHS, ids=" ".join)
def test_the_home_folder_is_put_in(arguments, monkeypatch, tmp_path):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert tmp_path / "x" in vars(build_parser().parse_args(with_path(arguments, "~/x"))).values()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes any name for that of a home folder")
@pytest.mark.parametrize("arguments", TAKE_PATHS, ids=" ".join)
def test_nobody_s_home_folder_is_one_line(arguments, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "no home folder of that name" in refused(capsys, *with_path(arguments, "~nobody-of-this-name/x"))
    assert list(tmp_path.iterdir()) == []
