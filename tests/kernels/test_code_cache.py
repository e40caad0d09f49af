"""Machine code on disk that is damaged, or cannot be written"""

import errno

import pytest
from numba.core.caching import IndexDataCacheFile

from minicrt.kernels import code_cache, compiling


def triple(x):
    return 3 * x


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    code_cache.say_not_kept.cache_clear()
    return tmp_path


def computed(function=triple):
    """What the compiled function gives in a program that starts now, and whether its machine code was there."""
    compiled = compiling.jit(function)
    result = compiled(14.0)
    return result, sum(compiled.stats.cache_hits.values())


def the_file(folder, suffix):
    path, = folder.rglob(f"*{suffix}")
    return path


def test_it_is_kept():
    assert [computed() for _ in range(2)] == [(42.0, 0), (42.0, 1)]


def flip(data):
    return data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1:]


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:len(data) // 2], lambda data: data[:-1], flip,
                                    lambda data: b"\0" * len(data), lambda data: b"\x80\x05."],
                         ids=["emptied", "half", "one byte less", "one bit", "zeros", "another pickle"])
def test_what_is_damaged_is_made_again(folder, suffix, damage):
    computed()
    path = the_file(folder, suffix)
    path.write_bytes(damage(path.read_bytes()))
    assert [computed() for _ in range(2)] == [(42.0, 0), (42.0, 1)]


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_what_is_gone_or_cannot_be_read_is_made_again(folder, suffix):
    computed()
    the_file(folder, suffix).unlink()
    assert computed() == (42.0, 0)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_takes_nothing_is_done_without_and_told_once(monkeypatch, caplog, number):
    def refuse(file, path):
        raise OSError(number, "nothing goes in", path)

    monkeypatch.setattr(IndexDataCacheFile, "_open_for_write", refuse)
    assert [computed() for _ in range(3)] == [(42.0, 0)] * 3
    told = [message for message in caplog.messages if "not kept" in message]
    assert len(told) == 1 and "nothing goes in" in told[0] and "set NUMBA_CACHE_DIR" in told[0]


def test_a_folder_that_becomes_a_file_is_done_without_and_no_other_is_taken(folder, monkeypatch, caplog):
    monkeypatch.setattr(compiling, "cache_folder", lambda: folder / "file" / "kernels")
    (folder / "file").write_text("", encoding="utf-8")
    assert [computed() for _ in range(2)] == [(42.0, 0)] * 2
    assert str(folder / "file" / "kernels") in " ".join(caplog.messages)


@pytest.mark.parametrize("name, found", [("~/here", True), ("~no-such-user/here", False)])
def test_a_tilde_in_the_folders_name(tmp_path, monkeypatch, name, found):
    monkeypatch.undo()                                       # the real cache_folder
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", name)
    monkeypatch.chdir(tmp_path)
    folder = compiling.cache_folder.__wrapped__()
    assert (folder is not None and folder.parent == tmp_path / "here") == found
    assert [path.name for path in tmp_path.iterdir()] == ["here"] * found
