"""What the clean-up of compiled kernels takes away, and all that it must not touch"""

import os
import subprocess
import sys
import time

import pytest

from minicrt.kernels.unused_code import MARK, UNUSED_FOR, mark, remove_unused
from tests.cli.running import environment

LONG_AGO = time.time() - 2 * UNUSED_FOR


def code_folder(parent, name="kernels-0123456789ab"):
    """A folder as another version of the kernels leaves it."""
    inner = parent / name / "kernels_0a1b"
    inner.mkdir(parents=True)
    mark(parent / name)
    for file in ("gru.scan-12.py312.nbi", "gru.scan-12.py312.1.nbc", "gru.scan-12.py312.1.nbc.tmp.00ff"):
        (inner / file).write_bytes(b"code")
    return parent / name


def grow_old(folder, but=None):
    for path in [*folder.rglob("*"), folder]:
        if path != but:
            os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=os.utime not in os.supports_follow_symlinks)


def clean_up(parent):
    remove_unused(parent, parent / "kernels-ffffffffffff")


def test_what_nobody_has_used_for_long_goes(tmp_path):
    grow_old(code_folder(tmp_path))
    clean_up(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_in_use_stays(tmp_path):
    folder = code_folder(tmp_path)
    grow_old(folder)
    remove_unused(tmp_path, folder)
    assert len(list(folder.rglob("*"))) == 5


@pytest.mark.parametrize("recent", ["kernels_0a1b/gru.scan-12.py312.nbi", "kernels_0a1b", "."])
def test_what_was_used_stays_wherever_it_shows(tmp_path, recent):
    folder = code_folder(tmp_path)
    grow_old(folder, but=folder / recent)
    clean_up(tmp_path)
    assert len(list(folder.rglob("*"))) == 5


@pytest.mark.parametrize("change", [
    lambda folder: (folder / MARK).unlink(),
    lambda folder: (folder / MARK).write_bytes(b"Signature: 8a477f597d28d172789f06886806bc55\n"),
    lambda folder: (folder / "notes.txt").write_bytes(b"mine"),
    lambda folder: (folder / "kernels_0a1b" / "thesis.nbi.txt").write_bytes(b"mine"),
    lambda folder: (folder / "kernels_0a1b" / "deeper").mkdir(),
    lambda folder: folder.rename(folder.with_name("kernels-cuda")),
    lambda folder: folder.rename(folder.with_name("kernels-0123456789AB")),
], ids=["no mark", "another's mark", "a file", "a file deeper", "a folder", "a name", "another name"])
def test_what_is_not_this_package_s_stays(tmp_path, change):
    change(code_folder(tmp_path))
    there = sorted(tmp_path.rglob("*"))
    grow_old(tmp_path)
    clean_up(tmp_path)
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_links_are_not_followed(tmp_path):
    elsewhere = code_folder(tmp_path / "elsewhere")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "kernels-00000000000a").symlink_to(elsewhere)
    within = code_folder(tmp_path / "cache")
    (within / "kernels_0a1b" / "linked.nbi").symlink_to(elsewhere / MARK)
    there = sorted(tmp_path.rglob("*"))
    grow_old(tmp_path)
    clean_up(tmp_path / "cache")
    assert sorted(tmp_path.rglob("*")) == there


def test_importing_the_kernels_leaves_a_user_s_folder_alone(tmp_path):
    theirs = tmp_path / "kernels-cuda"
    theirs.mkdir()
    (theirs / "mine.cu").write_text("edited today", encoding="utf-8")
    os.utime(theirs, (LONG_AGO, LONG_AGO))
    old = code_folder(tmp_path)
    grow_old(old)
    subprocess.run([sys.executable, "-c", "import minicrt.kernels"], check=True,
                   env=environment(NUMBA_CACHE_DIR=str(tmp_path)))
    assert (theirs / "mine.cu").read_text(encoding="utf-8") == "edited today"
    assert not old.exists()
