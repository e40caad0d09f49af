import json
import os
from pathlib import Path

import pytest

from minicrt.data import catalogue, cautions, load_corpus, remembered
from minicrt.data import locations as locations_module
from minicrt.data.download import SOURCES
from minicrt.data.published import SHA256
from minicrt.data.remembered import Facts, facts
from minicrt.errors import DataError


@pytest.fixture
def ptb(monkeypatch, tmp_path):
    """A data folder with texts that are named like PTB and are not PTB; the user's cache is empty."""
    monkeypatch.delenv("MINICRT_DATA", raising=False)
    monkeypatch.setattr(locations_module, "cache_directory", lambda: tmp_path / "cache")
    for part in ("train", "valid", "test"):
        path = tmp_path / f"data/ptb/ptb.{part}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a b <unk>\nb c\n")
        os.utime(path, (1e9, 1e9))
    return tmp_path / "data"


def test_other_files_named_ptb_are_counted_and_told_from_ptb(ptb):
    status = catalogue(ptb)[1]
    assert status.found and status.size == "7 / 7 / 7 tokens, 5 types"
    assert all(f"ptb.{part}.txt has the SHA-256" in status.differs for part in ("train", "valid", "test"))
    corpus = load_corpus("ptb", data_dir=ptb)
    assert "; ".join(corpus.differences) == status.differs
    assert status.differs.endswith("ptb.train.txt has 7 tokens, that of the published ptb 929,589")
    assert cautions(corpus)[0].startswith("this is another ptb")


def test_a_file_of_the_known_hash_is_the_published_one(ptb, monkeypatch):
    digest = facts(ptb / "ptb/ptb.test.txt").sha256
    monkeypatch.setitem(SHA256, "ptb", dict.fromkeys(SHA256["ptb"], digest))
    corpus = load_corpus("ptb", data_dir=ptb)
    assert corpus.differences == ("ptb.train.txt has 7 tokens, that of the published ptb 929,589",)
    assert load_corpus("ptb", "character", ptb).differences == ()


def test_a_corpus_that_cannot_be_read_is_not_found(ptb):
    (ptb / "ptb/ptb.valid.txt").write_bytes(b"\0\0\0\0")
    status = catalogue(ptb)[1]
    assert not status.found and "ptb.valid.txt is a binary file" in status.how


def test_facts_are_remembered_until_the_file_changes(ptb, monkeypatch):
    path, read = ptb / "ptb/ptb.train.txt", []
    original = remembered.sha256_of
    monkeypatch.setattr(remembered, "sha256_of", lambda path: read.append(path) or original(path))
    first = facts(path)
    assert facts(path) == first and len(read) == 1
    path.write_bytes(b"a b <unk>\nb d\n")
    os.utime(path, (1e9 + 1, 1e9 + 1))                      # the same size, another time
    assert facts(path).sha256 != first.sha256 and len(read) == 2
    path.write_bytes(b"a\n")
    assert facts(path).tokens == 2 and facts(path).tokens == 2
    assert len(read) == 4                                   # changed just now: it may change again in the same moment


@pytest.mark.parametrize("content", ["", "[]", "{", "5", "[" * 100_000, '{"%s": 5}', '{"%s": {"size": 14}}',
                                     '{"%s": {"size": 14, "mtime_ns": 1000000000000000000}}'])
def test_a_damaged_memory_is_no_harm(ptb, tmp_path, content):
    path, memory = ptb / "ptb/ptb.train.txt", tmp_path / "cache" / remembered.NAME
    memory.parent.mkdir()
    memory.write_text(content.replace("%s", json.dumps(str(path))[1:-1]), encoding="utf-8")
    assert facts(path).tokens == 7
    assert json.loads(memory.read_text(encoding="utf-8"))[str(path)]["tokens"] == 7


def test_no_place_to_remember(ptb, tmp_path):
    (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")
    assert facts(ptb / "ptb/ptb.train.txt") == facts(ptb / "ptb/ptb.test.txt") == Facts(
        facts(ptb / "ptb/ptb.valid.txt").sha256, 7, 5)


def test_no_home_to_remember_in(ptb, monkeypatch):
    def nobody():
        raise DataError("there is no home folder")

    monkeypatch.setattr(locations_module, "cache_directory", nobody)
    assert facts(ptb / "ptb/ptb.train.txt").tokens == 7


def test_what_is_downloaded_is_what_is_known():
    for name, sources in SOURCES.items():
        assert {Path(source.path).name: source.sha256 for source in sources} == SHA256[name]
