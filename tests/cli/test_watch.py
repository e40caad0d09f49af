"""`minicrt watch`: a film clip after clip, as the run's videos were read, and what cannot be watched"""

import sys

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.cli.watch import reading_of
from minicrt.data.video_files import VideoReading, read_film, watching
from minicrt.data.video_source import SyntheticSource
from minicrt.inference import VideoStream
from minicrt.training import load_video_run
from tests.cli.running import refused
from tests.data.films import brightness, grey_film, levels
from tests.training.test_video_run import BRIEF, TASK, few_videos, model, train_videos  # noqa: F401

av = pytest.importorskip("av")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    train_videos(path, model(), SyntheticSource(TASK), progress=False, **BRIEF | {"steps": 1, "evaluations": 1})
    return path


def test_a_line_a_clip_is_what_the_stream_says_and_a_picture(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grey_film(tmp_path / "film.mp4", 5, 20, 16)
    assert main(["watch", str(folder), "film.mp4", "--picture", "p.png"]) == 0
    out = capsys.readouterr().out.splitlines()
    run = load_video_run(folder)
    stream = VideoStream(run.model, run.parameters)
    frames = read_film(tmp_path / "film.mp4", VideoReading(frames=2, clips=3, stride=1, size=16)).frames
    assert len(out) == 5 and len(frames) == 6
    for text, p, seconds in zip(out, stream.feed(frames), (0.04, 0.12, 0.16)):
        best = p.argmax()
        assert text.startswith(f"{seconds:9.2f} s") and f"{run.classes[best]} {p[best]:.2f}" in text, text
    assert out[3].startswith("6 frames read, 3 clips of 2;") and out[4] == "p.png"
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "is there already" in refused(capsys, "watch", folder, "film.mp4", "--picture", "p.png")
    assert main(["watch", str(folder), "film.mp4", "--stride", "3"]) == 0
    assert "2 frames read, 1 clips of 2" in capsys.readouterr().out


@pytest.mark.parametrize("settings", [{"stride": 1}, {"stride": 3}, {"stride": 3, "frames": 3},
                                      {"sampling": "segments", "clips": 2}, {"sampling": "segments", "clips": 7}])
def test_frames_are_those_that_a_run_reads(tmp_path, settings):
    path = grey_film(tmp_path / "film.mp4", 11)
    reading = VideoReading(**{"frames": 2, "clips": 1000, "size": 16, "resize": 20, **settings})
    shots = list(watching.film_shots(path, reading))
    film = read_film(path, reading)
    np.testing.assert_array_equal([shot.frame for shot in shots], film.frames)
    np.testing.assert_allclose([shot.seconds for shot in shots], film.numbers / 25)
    assert abs(brightness(film.frames) - levels(11)[film.numbers]).max() < 4


def test_a_run_on_films_is_watched_as_it_read_them():
    class Run:
        configuration = {"data": {"videos": "films", "settings": {"frames": 2, "clips": 3, "stride": 5, "size": 16,
                                                                  "resize": 20, "protocol": "CS"}}}
        model = model()

    assert reading_of(Run, None) == VideoReading(frames=2, clips=3, stride=5, size=16, resize=20)
    assert reading_of(Run, 2).stride == 2


def test_what_cannot_be_watched(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grey_film(tmp_path / "whole.mp4", 12)
    data = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[:len(data) // 2])
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.txt").write_text("words", encoding="utf-8")
    for film, words in (("none.mp4", "none.mp4 cannot be watched: it cannot be read: No such file"),
                        ("half.mp4", "half.mp4 cannot be watched: it"), ("empty.mp4", "it is empty"),
                        ("text.txt", "its name ends in '.txt', expected .mp4"), (".", "its name ends in ''")):
        assert words in refused(capsys, "watch", folder, film)
    assert "'0' is not a whole number of 1" in refused(capsys, "watch", folder, "whole.mp4", "--stride", "0")
    assert "no run in" in refused(capsys, "watch", tmp_path, "whole.mp4")
    assert "p.png cannot be written: none is no folder" in refused(capsys, "watch", folder, "whole.mp4", "--picture",
                                                                   "none/p.png")


def test_a_camera_and_its_absence(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(watching.CAMERAS, sys.platform, ("mp4", "no-such-camera"))
    message = refused(capsys, "watch", folder, "camera")
    assert "there is no camera at 'no-such-camera': No such file or directory; name another as camera:DEVICE" in message
    monkeypatch.setitem(watching.CAMERAS, sys.platform, ("no-such-form", "x"))
    assert "there is no camera at 'x'" in refused(capsys, "watch", folder, "camera")
    grey_film(tmp_path / "film.mp4", 4, 20, 16)              # a device that films, for all that the command knows
    monkeypatch.setitem(watching.CAMERAS, sys.platform, ("mp4", "x"))
    assert main(["watch", str(folder), "camera:film.mp4"]) == 0
    assert "4 frames read, 2 clips of 2" in capsys.readouterr().out


def test_ctrl_c_ends_it_with_what_was_seen(folder, tmp_path, capsys, monkeypatch):
    def interrupted(path, reading):
        for second in range(5):
            yield watching.Shot(second, np.zeros((16, 16, 3), np.uint8))
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "film_shots", interrupted)
    monkeypatch.chdir(tmp_path)
    assert main(["watch", str(folder), "film.mp4", "--picture", "p.png"]) == 0
    assert "5 frames read, 2 clips of 2" in capsys.readouterr().out and (tmp_path / "p.png").exists()
