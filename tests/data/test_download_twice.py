"""Several downloads of one file at the same time, and what may stand in their way."""

import errno
import os
import sys
import threading

import pytest

from minicrt.data import get, own_part, transfer
from minicrt.errors import DataError
from tests.data.corpus_files import names
from tests.data.loopback import CONTENT

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")


def in_a_thread(outcomes, *arguments):
    def run():
        try:
            outcomes.append(get(*arguments))
        except DataError as error:
            outcomes.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@POSIX
def test_the_second_waits_for_the_first(server, source, tmp_path):
    """The first is in the middle of the file when the second begins."""
    second_is_there, outcomes, lines = threading.Event(), [], []

    def begin_the_second():
        server.pause = second_is_there.set      # a second request would pause here as well
        second = in_a_thread(outcomes, "ptb", tmp_path, {"ptb": [source]},
                             lambda line: (lines.append(line), second_is_there.set()))
        threads.append(second)
        second_is_there.wait(10)

    threads = []
    server.pause = begin_the_second
    path, = get("ptb", tmp_path, {"ptb": [source]})
    threads[0].join(10)
    assert outcomes == [[path]] and path.read_bytes() == CONTENT
    assert server.ranges == [None]
    assert "another process is downloading it; waiting" in lines[0] and "already there, SHA-256 verified" in lines[1]
    assert names(tmp_path) == ["file.txt"]


@POSIX
def test_the_second_goes_on_where_the_first_broke_off(server, source, tmp_path):
    outcomes, threads, second_waits = [], [], threading.Event()

    def begin_the_second():
        server.pause = None
        threads.append(in_a_thread(outcomes, "ptb", tmp_path, {"ptb": [source]}, lambda line: second_waits.set()))
        second_waits.wait(10)

    server.pause, server.breaks_at = begin_the_second, 200_000
    with pytest.raises(DataError, match="broke off"):
        get("ptb", tmp_path, {"ptb": [source]})
    threads[0].join(10)
    assert outcomes[0][0].read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=200000-"]
    assert names(tmp_path) == ["file.txt"]


@POSIX
def test_a_file_system_without_locks(server, source, tmp_path, monkeypatch):
    """Each process has a file of its own, and none is left over."""
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(own_part.fcntl, "flock", no_locks)
    server.breaks_at = 1000
    with pytest.raises(DataError, match="broke off"):
        get("ptb", tmp_path, {"ptb": [source]})
    assert names(tmp_path) == []
    outcomes, threads = [], []

    def begin_the_second():
        server.pause = None
        threads.append(in_a_thread(outcomes, "ptb", tmp_path, {"ptb": [source]}))
        threads[0].join(10)

    server.pause = begin_the_second
    path, = get("ptb", tmp_path, {"ptb": [source]})
    assert outcomes == [[path]] and path.read_bytes() == CONTENT
    assert names(tmp_path) == ["file.txt"]


def test_the_hash_is_of_what_is_on_the_disk(server, source, tmp_path, monkeypatch):
    read, reads = transfer._read, []

    def meddling(response, source):
        block = read(response, source)
        reads.append(block)
        if len(reads) == 3:
            with (tmp_path / "ptb/file.txt.part").open("r+b") as other:
                other.write(b"of another process")
        return block

    monkeypatch.setattr(transfer, "_read", meddling)
    with pytest.raises(DataError, match="gave a file with SHA-256"):
        get("ptb", tmp_path, {"ptb": [source]})
    assert names(tmp_path) == []


@POSIX
@pytest.mark.parametrize("make", [lambda part, victim: part.symlink_to(victim), lambda part, victim: os.mkfifo(part),
                                  lambda part, victim: part.mkdir()])
def test_what_stands_in_the_place_of_the_part_is_left_alone(server, source, tmp_path, make):
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "ptb").mkdir()
    make(tmp_path / "ptb/file.txt.part", victim)
    with pytest.raises(DataError, match="cannot write"):
        get("ptb", tmp_path, {"ptb": [source]})
    assert victim.read_bytes() == b"mine"
