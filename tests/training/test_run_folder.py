import errno
import os
import stat
import sys
import threading

import pytest

from minicrt.errors import CheckpointError
from minicrt.training import RunFolder

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links and modes are another matter on Windows")
TABLES = {"model": {"width": 4, "memory": "gru"}, "training": {"learning_rate": 1e-3, "steps": 3}}


@pytest.fixture
def run(tmp_path):
    run = RunFolder(tmp_path / "runs" / "one", TABLES)
    run.create()
    return run


def test_create_and_open(run):
    assert RunFolder.open(run.path).configuration == TABLES
    assert [entry.name for entry in run.path.parent.iterdir()] == ["one"]
    assert run.read_metrics() == [] and run.read_summary() is None


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "empty").mkdir()
    RunFolder(tmp_path / "empty", TABLES).create()
    assert RunFolder.open(tmp_path / "empty").configuration == TABLES


@POSIX
def test_an_empty_folder_is_written_into_and_stays_the_same_folder(tmp_path, monkeypatch):
    """Not removed and not replaced: a shell may stand in it, it may be a mount point, or reached by a link."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    before = (tmp_path / "empty").stat().st_ino
    monkeypatch.chdir(tmp_path / "empty")
    RunFolder(".", TABLES).create()
    assert (tmp_path / "empty").stat().st_ino == before
    assert os.listdir() == ["config.toml"]                   # noqa: PTH208 - where this process stands
    with pytest.raises(CheckpointError, match="another run"):
        RunFolder(tmp_path / "link", TABLES).create()
    assert (tmp_path / "link").is_symlink()


@POSIX
def test_a_link_to_an_empty_folder_is_written_through(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    RunFolder(tmp_path / "link", TABLES).create()
    assert (tmp_path / "link").is_symlink() and (tmp_path / "empty" / "config.toml").is_file()


@POSIX
def test_a_link_to_nothing_is_refused(tmp_path):
    (tmp_path / "link").symlink_to("nothing")
    with pytest.raises(CheckpointError, match="not an empty folder"):
        RunFolder(tmp_path / "link", TABLES).create()
    assert (tmp_path / "link").is_symlink()


def test_what_a_killed_process_left_of_a_config_is_nothing(tmp_path):
    left = tmp_path / "config.toml.0123456789abcdef.partial"
    left.write_text("[mod", encoding="utf-8")
    assert not RunFolder.is_at(tmp_path)
    RunFolder(tmp_path, TABLES).create()
    assert RunFolder.is_at(tmp_path) and not left.exists()


def test_what_killed_processes_left_in_a_run_goes_when_it_goes_on(run):
    for name in ("config.toml", "checkpoint.safetensors", "metrics.jsonl", "summary.json", "notes.txt"):
        (run.path / f"{name}.0123456789abcdef.partial").write_bytes(b"half")
    with run.in_use():
        assert sorted(path.name for path in run.path.iterdir()) == ["config.toml", "notes.txt.0123456789abcdef.partial"]


def test_of_several_at_once_one_makes_the_run(tmp_path):
    made, refused, start = [], [], threading.Barrier(8)

    def work(number):
        folder = RunFolder(tmp_path / "run", {"training": {"seed": number}})
        start.wait()
        try:
            folder.create()
            made.append(folder.configuration)
        except CheckpointError as error:
            refused.append(str(error))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [RunFolder.open(tmp_path / "run").configuration] == made
    assert len(refused) == 7 and all("another run" in message for message in refused)


@POSIX
@pytest.mark.parametrize("mask, mode", [(0o022, 0o755), (0o002, 0o775), (0o077, 0o700)])
def test_the_folder_s_mode_follows_umask_and_setgid(tmp_path, mask, mode):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o2777)
    before = os.umask(mask)
    try:
        RunFolder(tmp_path / "shared" / "run", TABLES).create()
    finally:
        os.umask(before)
    expected = mode | (0 if sys.platform == "darwin" else stat.S_ISGID)      # macOS gives the group without the bit
    assert stat.S_IMODE((tmp_path / "shared" / "run").stat().st_mode) == expected


def test_the_home_folder_is_put_in(tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    RunFolder("~/run", TABLES).create()
    assert RunFolder.open("~/run").path == tmp_path / "run"


def test_another_run_is_refused(run):
    with pytest.raises(CheckpointError, match="another run"):
        RunFolder(run.path, {"model": {}}).create()
    assert RunFolder.open(run.path).configuration == TABLES


@pytest.mark.parametrize("make", [lambda path: path.write_text("x", encoding="utf-8"),
                                  lambda path: (path / "photos").mkdir(parents=True)])
def test_what_is_not_an_empty_folder_is_refused(tmp_path, make):
    make(tmp_path / "taken")
    with pytest.raises(CheckpointError, match="not an empty folder"):
        RunFolder(tmp_path / "taken", TABLES).create()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot make the run folder"):
        RunFolder(tmp_path / "file" / "run", TABLES).create()


def test_a_folder_that_cannot_be_written_to_does_not_stay(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("minicrt.training.run_folder.create_atomically", full)
    (tmp_path / "theirs").mkdir()
    for name in ("run", "theirs"):
        with pytest.raises(CheckpointError, match="cannot write to the run folder .*: No space left"):
            RunFolder(tmp_path / name, TABLES).create()
    assert [entry.name for entry in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.parametrize("damage", [b"[model", b"\xff\xfe", None])
def test_open_without_a_readable_config(tmp_path, damage):
    if damage is not None:
        (tmp_path / "config.toml").write_bytes(damage)
    with pytest.raises(CheckpointError, match="no run in") as caught:
        RunFolder.open(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock on Windows")
def test_one_process_at_a_time(run):
    with run.in_use():
        with pytest.raises(CheckpointError, match="in use"), RunFolder.open(run.path).in_use():
            pass
    with run.in_use():
        pass


@pytest.mark.parametrize("write", [lambda run: run.write_configuration(), lambda run: run.write_summary({}),
                                   lambda run: run.append_metrics({"step": 1}), lambda run: run.truncate_metrics(0)],
                         ids=["configuration", "summary", "a line of metrics", "metrics"])
def test_a_disk_that_cannot_be_written_to_is_told_of(run, write, monkeypatch):
    def full(*_):
        raise OSError(errno.EROFS, "Read-only file system")
    run.metrics.write_bytes(b"")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CheckpointError, match="^cannot write .*one.*: Read-only file system; resume the run once"):
        write(run)
