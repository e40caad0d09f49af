"""Folders of videos by class: parts, batches, the cache, what is broken"""

import os
from pathlib import Path

import numpy as np
import pytest

from minicrt.data.video_files import VideoReading, load_video_folder
from minicrt.data.video_files import prepared as preparing
from minicrt.data.video_files.folder import split
from minicrt.errors import DataError, InputError
from tests.data.films import brightness, grey_film, levels

pytest.importorskip("av")
READING = VideoReading(frames=2, clips=3, stride=2, size=16)


@pytest.fixture
def folder(tmp_path):
    """Two classes, of ten and three videos, of 4 to 13 frames"""
    for name, count in (("walk", 10), ("sit down", 3)):
        (tmp_path / "films" / name).mkdir(parents=True)
        for i in range(count):
            grey_film(tmp_path / "films" / name / f"{i}.mp4", 4 + i)
    return tmp_path / "films"


def loaded(folder, said=None, reading=READING):
    return load_video_folder(folder, reading, folder.parent / "cache", said.append if said is not None else None)


def entries(folder):
    return sorted((folder.parent / "cache").iterdir())


def test_parts_and_classes(folder):
    said = []
    data = loaded(folder, said)
    assert data.classes == ("sit down", "walk") and not said and not data.broken
    sizes = {part: data.counts(part).tolist() for part in ("train", "valid", "test")}
    assert sizes == {"train": [1, 8], "valid": [1, 1], "test": [1, 1]}
    names = [(video.label, video.name) for part in data.parts.values() for video in part]
    assert len(set(names)) == 13
    assert repr(data) == "<VideoData films: 2 classes; 9 videos to train on, 2 to validate, 2 to test, 0 broken>"
    again = loaded(folder)
    assert [video.name for video in again.parts["train"]] == [video.name for video in data.parts["train"]]
    assert again.fingerprint == data.fingerprint
    assert loaded(folder, reading=VideoReading(frames=2, clips=3, stride=1, size=16)).fingerprint != data.fingerprint


def test_the_split_is_of_names_alone_and_one_more_moves_little(tmp_path):
    files = [tmp_path / f"{i}.mp4" for i in range(40)]
    first = split("walk", files)
    assert split("walk", files[::-1]) == first and [len(some) for some in first.values()] == [32, 4, 4]
    more = split("walk", [*files, tmp_path / "another.mp4"])
    moved = sum(len(set(first[part]) - set(more[part])) for part in first)
    assert moved <= 2
    for count, sizes in ((1, [1, 0, 0]), (2, [1, 0, 1]), (3, [1, 1, 1]), (4, [2, 1, 1]), (20, [16, 2, 2])):
        assert [len(some) for some in split("walk", files[:count]).values()] == sizes


def test_batches_hold_what_the_files_hold_and_lengths_differ(folder):
    data = loaded(folder)
    batches = list(data.batches("train", 4))
    assert [len(batch.labels) for batch in batches] == [4, 4, 1]
    for batch, start in zip(batches, (0, 4, 8)):
        assert batch.clips.dtype == np.uint8 and batch.joints is None and batch.visible is None
        for b, video in enumerate(data.parts["train"][start:start + 4]):
            count = 4 + int(video.name.removesuffix(".mp4"))
            shown = levels(count)[np.minimum(np.arange(6) * 2, count - 1)]
            length = min(3, -(-count // 4))
            assert batch.lengths[b] == length and batch.labels[b] == video.label
            for n, segment in enumerate(batch):
                assert segment.frames.dtype == np.float32 and segment.valid[b] == (n < length)
                expected = shown[2 * n:2 * n + 2] if n < length else [0, 0]
                np.testing.assert_allclose(255 * brightness(segment.frames[b]), expected, atol=4)
        assert batch.frames.shape == (len(batch.labels), 2 * len(batch), 16, 16, 3)
    order = [np.concatenate([batch.labels for batch in data.batches("train", 3, np.random.default_rng(seed))]).tolist()
             for seed in (0, 0, 1, 2, 3)]
    assert order[0] == order[1] and len(set(map(tuple, order))) > 1
    assert all(sorted(one) == sorted(order[0]) for one in order)
    for wrong, words in [(lambda: data.batches("tests", 3), "part is 'tests', expected one of train, valid, test"),
                         (lambda: data.batches("train", 0), "batch is 0"),
                         (lambda: data.batches("train", 3, 5), "rng is an int")]:
        with pytest.raises(InputError, match=words):
            wrong()


def test_what_is_in_the_cache_is_not_decoded_again(folder, monkeypatch):
    first = loaded(folder)
    before = {entry: entry.stat().st_mtime_ns for entry in entries(folder)}
    assert len(before) == 13 and all(isinstance(video.frames, np.memmap) for video in first.parts["train"])
    assert not first.parts["train"][0].frames.flags.writeable
    monkeypatch.setattr(preparing, "read_film", lambda *_: pytest.fail("decoded again"))
    second = loaded(folder)
    assert {entry: entry.stat().st_mtime_ns for entry in entries(folder)} == before
    np.testing.assert_array_equal(next(first.batches("train", 5)).clips, next(second.batches("train", 5)).clips)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted where Linux shows them")
def test_many_videos_are_not_as_many_open_files(folder):
    def open_files():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    data = loaded(folder)
    batch = next(data.batches("train", 9))
    assert open_files() == before and len(batch.labels) == 9


def test_an_entry_that_is_gone_is_said_so(folder):
    data = loaded(folder)
    for entry in entries(folder):
        entry.unlink()
    with pytest.raises(DataError, match="the frames of .*mp4 are no longer in .*cache; load the videos anew"):
        next(data.batches("train", 4))


def test_a_changed_file_another_reading_and_a_damaged_entry_are_read_anew(folder):
    video = folder / "walk" / "3.mp4"
    first = loaded(folder)
    grey_film(video, 9)
    os.utime(video, ns=(1, 1))
    changed = loaded(folder)
    assert len(entries(folder)) == 14 and changed.fingerprint != first.fingerprint
    os.utime(video, ns=(2, 2))
    loaded(folder)
    assert len(entries(folder)) == 15
    other = loaded(folder, reading=VideoReading(frames=2, clips=3, stride=2, size=8))
    assert len(entries(folder)) == 28 and other.parts["train"][0].frames.shape[1:] == (8, 8, 3)
    wanted = [np.array(video.frames) for video in loaded(folder).parts["train"]]
    for entry, damage in zip(entries(folder), (lambda data: data[:-7], lambda data: b"", lambda data: b"x" * 50)):
        entry.write_bytes(damage(entry.read_bytes()))
    for reading in (READING, VideoReading(frames=2, clips=3, stride=2, size=8)):
        assert len(loaded(folder, reading=reading).parts["train"]) == 9
    for frames, video in zip(wanted, loaded(folder).parts["train"], strict=True):
        np.testing.assert_array_equal(video.frames, frames)


def test_broken_files_are_named_skipped_and_counted(folder):
    (folder / "walk" / "empty.mp4").write_bytes(b"")
    (folder / "walk" / "a text.mp4").write_text("no video", encoding="utf-8")
    (folder / "walk" / "notes.txt").write_text("passed over", encoding="utf-8")
    (folder / "walk" / ".hidden.mp4").write_bytes(b"")
    (folder / ".cache").mkdir()
    said = []
    data = loaded(folder, said)
    assert sum(map(len, data.parts.values())) == 13 and data.classes == ("sit down", "walk")
    assert {name for name, _ in data.broken} == {"empty.mp4", "a text.mp4"}
    assert any(line.endswith("empty.mp4 is left out: it is empty") for line in said) and len(said) == 3
    assert said[-1] == "2 of 15 videos of films could not be read and are left out"


def test_of_many_broken_files_ten_are_named(folder):
    for i in range(14):
        (folder / "walk" / f"x{i}.mp4").write_bytes(b"")
    said = []
    data = loaded(folder, said)
    assert len(data.broken) == 14 and len(said) == 11 and said[-1].startswith("14 of 27 videos")


def test_lines_go_to_standard_error_where_nobody_listens(folder, capsys):
    (folder / "walk" / "empty.mp4").write_bytes(b"")
    load_video_folder(folder, READING, folder.parent / "cache")
    captured = capsys.readouterr()
    assert not captured.out and "1 of 14 videos of films could not be read" in captured.err


def test_folders_that_do_not_fit(tmp_path):
    def refused(words):
        with pytest.raises(DataError, match=words) as caught:
            load_video_folder(tmp_path / "films", READING, tmp_path / "cache")
        assert "\n" not in str(caught.value)

    refused("there is no folder .*films; give one that holds a folder of videos for each class")
    (tmp_path / "films" / "walk").mkdir(parents=True)
    refused("has no folder with videos .* expected two classes")
    for name in ("walk", "sit"):
        (tmp_path / "films" / name).mkdir(exist_ok=True)
        (tmp_path / "films" / name / "a.mp4").write_bytes(b"")
    refused("films: no video to train on could be read; the first: a.mp4: it is empty")
    grey_film(tmp_path / "films" / "walk" / "b.mp4")
    (tmp_path / "cache").write_text("a file in the way", encoding="utf-8")
    refused("the frames of videos, here [0-9,]+ bytes, cannot be kept in .*cache: .* give a folder .* as cache_dir")
