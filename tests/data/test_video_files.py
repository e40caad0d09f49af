"""Video files as they come: which frames are read, what is cut out, and what is broken and said so"""

import sys

import numpy as np
import pytest

from minicrt.configuration import to_mapping
from minicrt.data.video_files import BrokenVideo, VideoReading, decoding, read_film
from minicrt.data.video_files.reading import crop_corner, scaled
from minicrt.errors import ConfigurationError, DataError
from tests.data.films import brightness, encode, grey, grey_film, levels

pytest.importorskip("av")
READING = VideoReading(frames=4, clips=2, stride=2, size=16)


def same_grey(frames, expected):
    np.testing.assert_allclose(brightness(frames), expected, atol=4)


def broken(path, words, reading=READING):
    with pytest.raises(BrokenVideo, match=words) as caught:
        read_film(path, reading)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reading, T, numbers", [
    (READING, 16, [0, 2, 4, 6, 8, 10, 12, 14]), (READING, 100, [0, 2, 4, 6, 8, 10, 12, 14]), (READING, 8, [0, 2, 4, 6]),
    (READING, 9, [0, 2, 4, 6, 8, 8, 8, 8]), (READING, 1, [0, 0, 0, 0]),
    (VideoReading(frames=2, clips=2, sampling="segments"), 16, [2, 6, 10, 14]),
    (VideoReading(frames=2, clips=2, sampling="segments"), 4, [0, 1, 2, 3]),
    (VideoReading(frames=2, clips=2, sampling="segments"), 2, [0, 0, 1, 1]),
    (VideoReading(frames=2, clips=2, sampling="segments"), 1, [0, 0, 0, 0]),
    (VideoReading(frames=1, clips=1, sampling="segments"), 9, [4])])
def test_the_frames_that_are_wanted(reading, T, numbers):
    assert reading.wanted(T).tolist() == numbers


def test_frames_in_strides_and_in_segments(tmp_path):
    path = grey_film(tmp_path / "a.mp4", 24)
    film = read_film(path, READING)
    assert film.frames.shape == (8, 16, 16, 3) and film.frames.dtype == np.uint8
    assert (film.width, film.height) == (32, 24) and film.numbers.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    same_grey(film.frames, levels(24)[:16:2])
    film = read_film(path, VideoReading(frames=3, clips=2, sampling="segments", size=16))
    assert film.numbers.tolist() == [2, 6, 10, 14, 18, 22]
    same_grey(film.frames, levels(24)[film.numbers])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_video_that_is_shorter_than_a_clip_stands_still_at_its_end(tmp_path, count):
    film = read_film(grey_film(tmp_path / "a.mp4", count), READING)
    assert len(film.frames) == 4
    same_grey(film.frames, levels(count)[np.minimum([0, 2, 4, 6], count - 1)])
    segments = read_film(tmp_path / "a.mp4", VideoReading(frames=4, clips=2, sampling="segments", size=16))
    same_grey(segments.frames, levels(count)[(2 * np.arange(8) + 1) * count // 16])


@pytest.mark.parametrize("width, height", [(33, 25), (31, 17), (18, 50), (16, 16), (130, 21)])
def test_odd_sizes_and_portrait_give_the_square_in_the_middle(tmp_path, width, height):
    """Dark, but for a bright square in the middle with a dark left upper corner"""
    side = min(width, height)
    picture = grey(20, width, height)
    x, y = (width - side) // 2, (height - side) // 2
    picture[y:y + side, x:x + side] = 220
    picture[y:y + side // 2, x:x + side // 2] = 20
    film = read_film(encode(tmp_path / "a.mp4", [picture] * 3), READING)
    assert (film.width, film.height) == (width, height)
    inner = film.frames[1].mean(-1)
    assert inner[10:14, 3:13].min() > 170 and inner[3:13, 10:14].min() > 170 and inner[2:5, 2:5].max() < 80


def test_what_is_scaled_and_what_is_cut_out():
    assert scaled(640, 480, 256) == (341, 256) and scaled(480, 640, 224) == (224, 299) and scaled(5, 5, 8) == (8, 8)
    assert crop_corner(341, 256, 224) == (58, 16)


def test_a_wider_margin_is_cut_away(tmp_path):
    picture = grey(20, 64, 64)
    picture[16:48, 16:48] = 220
    path = encode(tmp_path / "a.mp4", [picture] * 3)
    assert read_film(path, VideoReading(frames=1, clips=1, size=16, resize=32)).frames[0, 2:-2, 2:-2].min() > 180
    assert read_film(path, VideoReading(frames=1, clips=1, size=16)).frames[0, :3].max() < 70


def test_frames_are_counted_where_they_come_at_uneven_times(tmp_path):
    times = np.cumsum([0, 10, 200, 10, 10, 500, 40, 40, 1000, 10, 10, 10]).tolist()
    film = read_film(grey_film(tmp_path / "a.mp4", 12, times=times), VideoReading(frames=6, clips=1, stride=2, size=16))
    same_grey(film.frames, levels(12)[::2])


def test_a_track_of_sound_is_passed_over(tmp_path):
    same_grey(read_film(grey_film(tmp_path / "a.mp4", 12, audio=True), READING).frames, levels(12)[
        [0, 2, 4, 6, 8, 10, 11, 11]])


@pytest.mark.parametrize("name", ["ein Küchenfilm mit Löffel.mp4", "台所 🍵.mp4", "http:x?y=1.mp4", "-i #%20.MP4",
                                  "concat:a|b.mp4"])
def test_names_of_any_characters(tmp_path, name):
    grey_film(tmp_path / "a.mp4").rename(tmp_path / name)
    assert len(read_film(tmp_path / name, READING).frames) == 8


def test_h264_with_frames_that_refer_to_later_ones(tmp_path):
    import av

    if "libx264" not in av.codecs_available:
        pytest.skip("this FFmpeg does not encode H.264")
    film = read_film(grey_film(tmp_path / "a.mp4", 24, width=64, height=48, codec="libx264"), READING)
    same_grey(film.frames, levels(24)[:16:2])


def test_a_picture_that_was_filmed_sideways_is_turned(tmp_path):
    picture = np.arange(12).reshape(2, 2, 3)
    np.testing.assert_array_equal(decoding.upright(picture, 90)[1, 0], picture[0, 0])        # counterclockwise
    np.testing.assert_array_equal(decoding.upright(picture, -90)[0, 1], picture[0, 0])
    np.testing.assert_array_equal(decoding.upright(picture, 180)[1, 1], picture[0, 0])
    np.testing.assert_array_equal(decoding.upright(picture, 0), picture)


def test_files_that_break_off(tmp_path):
    whole = grey_film(tmp_path / "a.mp4", 60).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[:len(whole) // 2])                 # the index stood at the end
    broken(cut, "it cannot be decoded: |breaks off after")
    whole = grey_film(tmp_path / "b.mp4", 60, options={"movflags": "faststart"}).read_bytes()
    cut.write_bytes(whole[:-len(whole) // 3])                # the index stands first, and frames are missing
    broken(cut, r"it breaks off after \d+ of 60 frames")
    segments = VideoReading(frames=4, clips=2, sampling="segments", size=16)
    broken(cut, r"it breaks off after \d+ of 60 frames", segments)


def test_files_that_are_no_videos(tmp_path):
    for name, content, words in [("empty.mp4", b"", "it is empty"), ("text.mp4", b"I am a text.\n" * 99,
                                                                      "it cannot be decoded: "),
                                 ("list.mp4", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "it cannot be decoded: "),
                                 ("zeros.avi", bytes(5000), "it cannot be decoded: "),
                                 ("film.txt", b"x", r"its name ends in '.txt', expected \.mp4, ")]:
        (tmp_path / name).write_bytes(content)
        broken(tmp_path / name, words)
    broken(tmp_path / "none.mp4", "it cannot be read: No such file")
    (tmp_path / "folder.mp4").mkdir()
    broken(tmp_path / "folder.mp4", "it cannot be read: ")


def test_sound_alone_is_no_video(tmp_path):
    import av

    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    broken(tmp_path / "sound.mp4", "it has no video stream")


def test_without_pyav_one_line_says_what_to_install(tmp_path, monkeypatch):
    path = grey_film(tmp_path / "a.mp4")
    monkeypatch.setitem(sys.modules, "av.error", None)
    with pytest.raises(DataError, match=r"PyAV, which is not there; run: pip install \"minicrt\[video\]\""):
        read_film(path, READING)


@pytest.mark.parametrize("settings, words", [
    ({"frames": 0}, "frames is 0, expected 1 to"), ({"clips": 0}, "clips is 0"), ({"stride": 0}, "stride is 0"),
    ({"size": 7}, "size is 7"), ({"size": 64, "resize": 63}, "resize is 63, expected size, 64, or more"),
    ({"sampling": "segment"}, "did you mean 'segments'")])
def test_readings_that_cannot_be(settings, words):
    with pytest.raises(ConfigurationError, match=words):
        VideoReading(**settings)
    assert VideoReading(**to_mapping(READING)) == READING
