"""Files that are there whole or not at all, and what is left of those that were being written."""

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from minicrt.atomic import (
    create_atomically,
    create_folder_atomically,
    remove_abandoned,
    sync_folder,
    write_atomically,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no such thing on Windows")
LEFT = "a.txt.0123456789abcdef.partial"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("write", [write_atomically, create_atomically])
def test_a_file_is_written(tmp_path, write):
    write(tmp_path / "a.txt", b"a\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"a\r\n" and names(tmp_path) == ["a.txt"]


def test_a_file_is_replaced_or_left(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        create_atomically(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"old" and names(tmp_path) == ["a.txt"]
    write_atomically(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"new" and names(tmp_path) == ["a.txt"]


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    def refuses(path, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuses)
    create_atomically(tmp_path / "a.txt", b"first")
    with pytest.raises(FileExistsError):
        create_atomically(tmp_path / "a.txt", b"second")
    assert (tmp_path / "a.txt").read_bytes() == b"first" and names(tmp_path) == ["a.txt"]


def test_of_several_at_once_one_creates(tmp_path):
    made, start = [], threading.Barrier(8)

    def work(number):
        start.wait()
        try:
            create_atomically(tmp_path / "a.txt", b"%d" % number)
        except FileExistsError:
            return
        made.append(b"%d" % number)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [(tmp_path / "a.txt").read_bytes()] == made and names(tmp_path) == ["a.txt"]


@POSIX
def test_links_are_replaced_and_not_followed(tmp_path):
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "run").mkdir()
    for name in ("a.txt", "a.txt.partial", LEFT):
        (tmp_path / "run" / name).symlink_to(tmp_path / "theirs")
    write_atomically(tmp_path / "run" / "a.txt", b"ours")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert (tmp_path / "run" / "a.txt").read_bytes() == b"ours" and not (tmp_path / "run" / "a.txt").is_symlink()


@POSIX
def test_a_device_or_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name, kind in (("pipe", "a pipe"), ("null", "a device")):
        with pytest.raises(OSError, match=f"it is {kind}, expected a regular file"):
            write_atomically(tmp_path / name, b"data")
    assert names(tmp_path) == ["null", "pipe"] and stat.S_ISCHR((tmp_path / "null").stat().st_mode)


@POSIX
@pytest.mark.parametrize("mask, mode", [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_the_mode_is_that_of_any_new_file(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "a.txt", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == mode


def test_nothing_is_left_of_what_could_not_be_written(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.txt").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"old" and names(tmp_path) == ["a.txt"]


def test_a_folder_is_made_with_its_files_or_not_at_all(tmp_path, monkeypatch):
    create_folder_atomically(tmp_path / "new", {"a": b"1", "b": b"2"})
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == {"a": b"1", "b": b"2"}
    (tmp_path / "empty").mkdir()
    for taken in ("new", "empty"):
        with pytest.raises(FileExistsError):
            create_folder_atomically(tmp_path / taken, {"c": b"3"})
    usual = os.fsync

    def full(descriptor):
        if os.fstat(descriptor).st_size == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        usual(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        create_folder_atomically(tmp_path / "other", {"a": b"1", "b": b"22"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "new"]
    assert not list((tmp_path / "empty").iterdir()) and len(list((tmp_path / "new").iterdir())) == 2


@POSIX
def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch):
    really, code = os.fsync, errno.EINVAL

    def refuses(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", refuses)
    for code in (errno.EINVAL, errno.EBADF):
        write_atomically(tmp_path / "a.txt", b"%d" % code)
        assert (tmp_path / "a.txt").read_bytes() == b"%d" % code
    code = errno.EIO
    with pytest.raises(OSError):
        sync_folder(tmp_path)


@POSIX
def test_a_folder_that_cannot_be_read_is_no_error(tmp_path, monkeypatch):
    really = os.open

    def refuses(path, flags, *mode, **settings):
        if Path(path) == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return really(path, flags, *mode, **settings)

    monkeypatch.setattr(os, "open", refuses)
    write_atomically(tmp_path / "a.txt", b"data")
    assert (tmp_path / "a.txt").read_bytes() == b"data"


def test_what_a_killed_process_left_is_removed_when_the_name_is_written(tmp_path):
    (tmp_path / LEFT).write_bytes(b"half")
    for name in ("a.txt.partial", "a.txt.0123.partial", "b.txt.0123456789abcdef.partial"):     # whose, nobody knows
        (tmp_path / name).write_bytes(b"theirs")
    write_atomically(tmp_path / "a.txt", b"data")
    assert names(tmp_path) == ["a.txt", "a.txt.0123.partial", "a.txt.partial", "b.txt.0123456789abcdef.partial"]


@POSIX
def test_killed_between_both_names(tmp_path):
    import fcntl

    (tmp_path / LEFT).write_bytes(b"data")
    (tmp_path / "a.txt").hardlink_to(tmp_path / LEFT)
    with (tmp_path / "a.txt").open("rb") as file:            # in use, as a run's config.toml is
        fcntl.flock(file, fcntl.LOCK_EX)
        remove_abandoned(tmp_path / "a.txt")
    assert names(tmp_path) == ["a.txt"] and (tmp_path / "a.txt").read_bytes() == b"data"


WRITER = """
import os, sys
from pathlib import Path
from minicrt.atomic import write_atomically

def waits(descriptor):
    print("writing", flush=True)
    sys.stdin.read()

os.fsync = waits
write_atomically(Path(sys.argv[1]), b"theirs")
"""


@POSIX
def test_what_another_process_is_writing_stays_until_it_is_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "a.txt"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        process.stdout.readline()
        write_atomically(tmp_path / "a.txt", b"ours")
        assert len(names(tmp_path)) == 2                     # the other's, and what was written meanwhile
        process.kill()
        process.wait()
    write_atomically(tmp_path / "a.txt", b"ours again")
    assert names(tmp_path) == ["a.txt"]
