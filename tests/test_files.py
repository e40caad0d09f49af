"""Paths as people write them, and what is read and what is not"""

import os
import socket
import sys
from pathlib import Path

import pytest

from minicrt.errors import InputError
from minicrt.files import expanded, read_regular

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have no path on Windows")


def test_the_home_folder_is_put_in(monkeypatch, tmp_path):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert expanded("~") == tmp_path
    assert expanded("~/runs/one") == tmp_path / "runs" / "one"
    assert expanded(Path("~/runs")) == tmp_path / "runs"
    assert expanded("runs/~/a~") == Path("runs/~/a~")


def test_a_folder_that_is_named_so_can_be_meant(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert expanded(expanded("./~")) == tmp_path / "~"
    assert expanded(expanded("./~nobody-of-this-name/x")) == tmp_path / "~nobody-of-this-name" / "x"


@POSIX
def test_a_home_folder_that_there_is_not_is_one_line():
    with pytest.raises(InputError, match=r"begins with ~nobody-of-this-name, .* ./~nobody-of-this-name") as caught:
        expanded("~nobody-of-this-name/x")
    assert "\n" not in str(caught.value)


def test_an_empty_path_is_not_the_present_folder():
    with pytest.raises(InputError, match="empty"):
        expanded("")


def test_a_regular_file_is_read_as_it_is(tmp_path):
    (tmp_path / "a").write_bytes(b"a\r\n\x00\x1a\xff")
    assert read_regular(tmp_path / "a") == b"a\r\n\x00\x1a\xff"


@POSIX
def test_a_link_leads_to_its_file(tmp_path):
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "link").symlink_to("a")
    assert read_regular(tmp_path / "link") == b"text"


@POSIX
def test_what_may_never_end_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)                              # a socket's path has to be short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for path, kind in (("pipe", "a pipe"), ("/dev/zero", "a device"), ("socket", "a socket"), (".", "a folder")):
            with pytest.raises(OSError) as caught:
                read_regular(Path(path))
            assert caught.value.strerror == f"it is {kind}, expected a regular file"


@POSIX
def test_a_pipe_that_takes_a_file_s_place_is_refused_too(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"text")
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda path: before)   # what was there a moment ago
    with pytest.raises(OSError, match="it is a pipe"):
        read_regular(path)


@pytest.mark.parametrize("name", ["no-such-file", "a\0b", "a" * 5000])
def test_what_cannot_be_read_has_a_reason(name):
    with pytest.raises(OSError) as caught:
        read_regular(Path(name))
    assert caught.value.strerror
