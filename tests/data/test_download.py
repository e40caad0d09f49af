"""Downloads from a server on loopback. Nothing here reaches any other machine."""

import io
import sys
import threading
from dataclasses import replace

import pytest

from minicrt.data import download, get, transfer
from minicrt.data import locations as locations_module
from minicrt.data.download import SOURCES
from minicrt.errors import DataError
from tests.data.corpus_files import names
from tests.data.loopback import CONTENT


def message(*arguments, **options):
    with pytest.raises(DataError) as caught:
        get(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_success(server, source, tmp_path):
    lines = []
    paths = get("ptb", tmp_path, {"ptb": [source]}, lines.append)
    assert paths == [tmp_path / "ptb/file.txt"]
    assert paths[0].read_bytes() == CONTENT
    assert names(tmp_path) == ["file.txt"]
    assert server.ranges == [None]
    assert len(lines) == 1 and "300,000 bytes, SHA-256 verified" in lines[0]


def test_what_is_there_is_not_fetched_again(server, source, tmp_path):
    get("ptb", tmp_path, {"ptb": [source]})
    lines = []
    get("ptb", tmp_path, {"ptb": [source]}, lines.append)
    assert server.ranges == [None]
    assert "already there" in lines[0]


def test_another_file_in_the_way_is_left_alone(server, source, tmp_path):
    target = tmp_path / "ptb/file.txt"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    assert f"{target} is there, but not the file" in message("ptb", tmp_path, {"ptb": [source]})
    assert target.read_bytes() == b"mine" and server.ranges == []


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"?", CONTENT[:-1], CONTENT + b"?", b""])
def test_wrong_content_is_removed(server, source, tmp_path, content):
    server.content = content
    text = message("ptb", tmp_path, {"ptb": [source]})
    assert f"expected {source.sha256}" in text and "it was removed" in text
    assert names(tmp_path) == []


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("breaks_at", [1, 65536, 200_000, 299_999])
def test_interrupted_then_resumed(server, source, tmp_path, breaks_at, chunked):
    server.breaks_at, server.chunked = breaks_at, chunked
    text = message("ptb", tmp_path, {"ptb": [source]})
    assert "broke off" in text and "run this again to resume" in text
    part = tmp_path / "ptb/file.txt.part"
    kept = part.stat().st_size if part.exists() else 0
    assert names(tmp_path) == (["file.txt.part"] if kept else []) and kept <= breaks_at
    if not chunked:
        assert kept == breaks_at
    path, = get("ptb", tmp_path, {"ptb": [source]})
    assert path.read_bytes() == CONTENT and names(tmp_path) == ["file.txt"]
    assert server.ranges == [None, f"bytes={kept}-" if kept else None]


def test_interrupted_before_the_first_byte(server, source, tmp_path):
    server.breaks_at = 0
    assert "broke off after 0 of 300,000 bytes" in message("ptb", tmp_path, {"ptb": [source]})
    path, = get("ptb", tmp_path, {"ptb": [source]})
    assert path.read_bytes() == CONTENT


def test_interrupted_by_the_user(server, source, tmp_path, monkeypatch):
    read, blocks = transfer._read, []

    def interrupted(response, source):
        if len(blocks) == 2:
            raise KeyboardInterrupt
        blocks.append(read(response, source))
        return blocks[-1]

    monkeypatch.setattr(transfer, "_read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        get("ptb", tmp_path, {"ptb": [source]})
    monkeypatch.undo()
    monkeypatch.setenv("no_proxy", "*")
    assert (tmp_path / "ptb/file.txt.part").read_bytes() == b"".join(blocks)
    path, = get("ptb", tmp_path, {"ptb": [source]})
    assert path.read_bytes() == CONTENT
    assert server.ranges[1] == f"bytes={len(b''.join(blocks))}-"


def left_over(tmp_path, content):
    part = tmp_path / "ptb/file.txt.part"
    part.parent.mkdir()
    part.write_bytes(content)


@pytest.mark.parametrize("oddity", ["knows_ranges", "wrong_range"])
def test_a_server_that_sends_all_from_the_start(server, source, tmp_path, oddity):
    """The whole file with status 200, or a range that was not asked for: either way the download starts over."""
    left_over(tmp_path, CONTENT[:1000])
    setattr(server, oddity, oddity == "wrong_range")
    path, = get("ptb", tmp_path, {"ptb": [source]})
    assert path.read_bytes() == CONTENT
    assert server.ranges == (["bytes=1000-"] if oddity == "knows_ranges" else ["bytes=1000-", None])


def test_a_damaged_left_over_is_fetched_anew(server, source, tmp_path):
    left_over(tmp_path, b"damaged")
    path, = get("ptb", tmp_path, {"ptb": [source]})
    assert path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=7-", None]


@pytest.mark.parametrize(("left", "ranges"), [
    (CONTENT, []),                              # whole, but killed before the rename
    (CONTENT + b"?", [None]), (b"?" * len(CONTENT), [None]), (b"", [None]),
])
def test_left_overs_at_the_edge(server, source, tmp_path, left, ranges):
    left_over(tmp_path, left)
    path, = get("ptb", tmp_path, {"ptb": [source]})
    assert path.read_bytes() == CONTENT and names(tmp_path) == ["file.txt"]
    assert server.ranges == ranges


def test_a_range_that_the_server_cannot_give(server, source, tmp_path):
    """Its file is shorter than what is here already: it answers 416, and sends all on the second request."""
    server.content = CONTENT[:1000]
    left_over(tmp_path, CONTENT[:2000])
    assert "it was removed" in message("ptb", tmp_path, {"ptb": [source]})
    assert server.ranges[:2] == ["bytes=2000-", None]
    assert names(tmp_path) == []


def test_not_found(server, source, tmp_path):
    absent = replace(source, url=f"{server.url}/absent")
    text = message("ptb", tmp_path, {"ptb": [absent]})
    assert f"{server.url}/absent answered 404 Not Found" in text and "ptb/file.txt" in text
    assert names(tmp_path) == []


def test_connection_refused(server, source, tmp_path):
    server.stop()
    text = message("ptb", tmp_path, {"ptb": [source]})
    assert f"cannot reach {source.url}" in text
    assert names(tmp_path) == []


def test_a_server_that_does_not_answer(server, source, tmp_path, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(server, "answer", lambda request: release.wait(10))
    monkeypatch.setattr(transfer, "TIMEOUT", 0.1)
    assert "cannot reach" in message("ptb", tmp_path, {"ptb": [source]})
    release.set()


def test_a_destination_that_cannot_be_written(server, source, tmp_path):
    (tmp_path / "ptb").write_bytes(b"a file, not a folder")
    assert f"cannot write {tmp_path / 'ptb/file.txt'}" in message("ptb", tmp_path, {"ptb": [source]})


def test_the_bar_shows_file_share_and_rate(server, source, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    get("ptb", tmp_path, {"ptb": [source]})
    drawn = terminal.getvalue()
    assert "file.txt" in drawn and "100%" in drawn and "300k/300k" in drawn and "B/s" in drawn


def test_no_bar_where_there_is_no_terminal(server, source, tmp_path, capsys):
    get("ptb", tmp_path, {"ptb": [source]})
    assert capsys.readouterr() == ("", "")


def test_the_destination_is_the_variable_then_the_cache(server, source, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "cache_directory", lambda: tmp_path / "cache")
    monkeypatch.delenv("MINICRT_DATA", raising=False)
    assert get("ptb", sources={"ptb": [source]}) == [tmp_path / "cache/ptb/file.txt"]
    monkeypatch.setenv("MINICRT_DATA", str(tmp_path / "variable"))
    assert get("ptb", sources={"ptb": [source]}) == [tmp_path / "variable/ptb/file.txt"]


def test_a_corpus_that_needs_no_download(tmp_path):
    lines = []
    assert get("python-docs", tmp_path, report=lines.append) == []
    assert lines == ["python-docs comes with Python: there is nothing to download"]


@pytest.mark.parametrize("name", ["wikitext-2", "wikitext-103"])
def test_a_corpus_without_a_verified_source(name, tmp_path):
    assert message(name, tmp_path) == (
        f"no verified source is known for {name}; put wiki.train.tokens, wiki.valid.tokens, wiki.test.tokens "
        f"(of {name}-v1.zip, Merity et al. 2016) into the folder {tmp_path / name}")


def test_an_unknown_corpus(tmp_path):
    assert "unknown corpus 'ptbb'" in message("ptbb", tmp_path)


def test_the_sources_fill_the_places_where_corpora_are_looked_for():
    for name, sources in SOURCES.items():
        layout = locations_module.LAYOUTS[name]
        assert tuple(source.path for source in sources) == layout.files(layout.folders[0])
        assert all(len(bytes.fromhex(source.sha256)) == 32 and source.size > 0 for source in sources)
        assert all(source.url.startswith("https://") for source in sources)
    assert set(SOURCES) == locations_module.DOWNLOADABLE
