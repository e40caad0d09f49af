"""`minicrt train --task video`: whole runs, resumed, and options that do not go together"""

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.cli.evaluate_videos import some
from minicrt.data import video_source as source
from minicrt.errors import ConfigurationError
from minicrt.models.video import create_video_model
from minicrt.training import load_video_run
from minicrt.training.video_run_trainer import check_model
from tests.data.films import grey_film

SMALL = ["width=8", "layers=1", "heads=2", "inner=8", "evaluations=1", "warmup_steps=1", "steps=2", "batch=2"]
SETTINGS = [word for key in SMALL for word in ("--set", key)]
TINY = [word for key in ("cues=2", "motions=2", "clips=2", "frames=2", "size=16") for word in ("--set", key)]


@pytest.fixture(autouse=True)
def few_videos(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(source, "VALIDATED", 10)
    monkeypatch.setattr(source, "TESTED", 10)


def ran(capsys, *arguments):
    code = main([*map(str, arguments)])
    return (code, *capsys.readouterr())


VIDEO = ("train", "--task", "video", "--quiet")


def test_a_preset_of_videos_says_that_it_is_about_videos(capsys):
    code, out, _ = ran(capsys, "train", "--preset", "video-tiny", "--quiet", *TINY, "--set", "steps=1", "--set",
                       "evaluations=1", "--out", "run")
    assert code == 0 and "videos    synthetic-video: " in out and load_video_run("run").summary["steps"] == 1


def test_synthetic_videos(tmp_path, capsys):
    code, out, _ = ran(capsys, *VIDEO, *SETTINGS, *TINY)
    assert code == 0
    for words in ("videos    synthetic-video: 4 classes, clips of 2 frames, 16 x 16 pixels; 1,024 to train on an "
                  "epoch, 10 to validate, 10 to test", "test mean class accuracy", "memory cut", "confusion.png"):
        assert words in out, out
    folder = tmp_path / "runs" / "synthetic-video-001"
    run = load_video_run(folder)
    assert run.summary["steps"] == 2 and (folder / "confusion.png").exists()
    config = run.model.config
    assert 0.3 < config.pixel_mean < 0.4 and 0.1 < config.pixel_deviation < 0.2              # of the videos it saw
    code, again, _ = ran(capsys, "train", "--resume", folder, "--quiet")
    assert code == 0 and "test mean class accuracy" in again
    code, out, _ = ran(capsys, *VIDEO, *SETTINGS, *TINY, "--set", "model=vit", "--set", "pixel_mean=0.45", "--set",
                       "pixel_deviation=0.225", "--out", "b")
    assert code == 0 and out.count("this model has none") == 3
    assert load_video_run("b").model.config.pixel_mean == 0.45


def test_a_folder_of_films(tmp_path, capsys, monkeypatch):
    pytest.importorskip("av")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("walk", "sit"):
        (tmp_path / "films" / name).mkdir(parents=True)
        for i in range(4):
            grey_film(tmp_path / "films" / name / f"{i}.mp4", 6 + i)
    (tmp_path / "films" / "walk" / "broken.mp4").write_bytes(b"")
    code, out, err = ran(capsys, *VIDEO, "--corpus", "films", *SETTINGS, "--out", "run",
                         *[word for key in ("frames=2", "stride=1", "size=16") for word in ("--set", key)])
    assert code == 0 and "films: 2 classes, clips of 2 frames, 16 x 16 pixels; 4 to train on, 2 to" in out, out
    assert "1 of 9 videos of films could not be read" in err
    assert load_video_run("run").classes == ("sit", "walk")
    code, again, _ = ran(capsys, "train", "--resume", "run", "--quiet")
    assert code == 0 and np.isfinite(load_video_run("run").parameters.flat).all()


@pytest.mark.parametrize("arguments, words", [
    ((*VIDEO, "--data", "a.csv"), "--data is not for videos"),
    ((*VIDEO, "--level", "word"), "--level is not for videos"),
    ((*VIDEO, "--preset", "tiny"), "unknown preset 'tiny' of --task video; there are: video-tiny, crvit-base"),
    ((*VIDEO, "--set", "widht=8"), "did you mean 'width'"),
    ((*VIDEO, "--set", "vocabulary=8"), "vocabulary is decided by the videos, the number of their classes"),
    ((*VIDEO, "--set", "stride=2"), "unknown key 'stride' in --set: it is of videos that are files"),
    ((*VIDEO, "--set", "output=adaptive"), "output is 'adaptive', which is for models of words"),
    ((*VIDEO, "--set", "model=vti"), "model is 'vti'"),
    ((*VIDEO, "--set", "patch_size=5"), "patch_size 5 does not divide frame_size 16"),
    ((*VIDEO, "--set", "epochs=1", "--epochs", "2"), "--set epochs and --epochs are both given"),
    ((*VIDEO, "--corpus", "nowhere"), "there is no folder nowhere"),
    ((*VIDEO, "--corpus", "smarthome:nowhere"), "there is no folder nowhere; Toyota Smarthome is given on request"),
    ((*VIDEO, "--preset", "crvit-base"), "there is no folder Smarthome; Toyota Smarthome is given on request"),
    ((*VIDEO, "--corpus", "smarthome:nowhere", "--set", "protocol=CV"), "protocol is 'CV', expected one of"),
    (("train", "--preset", "video-tiny", "--level", "word"), "--level is not for videos"),
    (("train", "--preset", "video-tiny", "--task", "forecast"), "--preset"),
    ((*VIDEO, "--corpus", "synthetic-videos"), "there is no folder synthetic-videos; did you mean synthetic-video?"),
    (("train", "--preset", "video-tinny"), "unknown preset 'video-tinny'; did you mean 'video-tiny'?"),
    (("info", "--preset", "crvit-bas"), "unknown preset 'crvit-bas'; did you mean 'crvit-base'?")])
def test_what_does_not_go_together(capsys, arguments, words):
    code, out, err = ran(capsys, *arguments)
    assert code == 2 and words in err and len(err.strip().splitlines()) == 1, err


@pytest.mark.parametrize("assignment, words", [
    ("inner=0", "inner is 0"), ("patch_size=0", "patch_size is 0"), ("tube_frames=3", "tube_frames = 3"),
    ("heads=-1", "heads is -1"), ("smoothing=nan", "smoothing is nan"), ("channels=1", "channels is decided by"),
    ("segment_length=4", "segment_length is decided by"), ("frame_size=8", "frame_size is decided by"),
    ("pixel_deviation=7", "pixel_deviation is 7.0"), ("batch=0", "batch is 0"), ("noise=2", "noise is 2"),
    ("clips=1", "clips is 1"), ("corpus=5", "corpus is 5")])
def test_nonsense_is_found_before_a_video_is_read(capsys, monkeypatch, tmp_path, assignment, words):
    monkeypatch.setattr("minicrt.video_settings.video_source", None)
    code, _, err = ran(capsys, *VIDEO, "--set", assignment)
    assert code == 2 and words in err and err.count("\n") == 1, err
    assert list(tmp_path.iterdir()) == []


def test_modules_for_other_joints_than_the_videos_have(capsys, monkeypatch):
    code, _, err = ran(capsys, *VIDEO, *SETTINGS, *TINY, "--set", "joints=3")
    assert code == 2 and "joints = 3" in err and "13 joints; set joints to 13" in err and err.count("\n") == 1, err
    videos = source.video_source("synthetic-video", {"cues": 2, "motions": 2, "clips": 2, "frames": 2, "size": 16})
    with pytest.raises(ConfigurationError, match="channels = 1"):
        check_model(create_video_model(4, 2, frame_size=16, channels=1), videos)
    with_module = create_video_model(4, 2, frame_size=16, joint_features=3)
    check_model(with_module, videos)
    monkeypatch.setattr(source.SyntheticSource, "joints", 0)
    with pytest.raises(ConfigurationError, match="no joints; leave both out"):
        check_model(with_module, videos)


def test_what_resume_leaves_as_it_is(capsys):
    ran(capsys, *VIDEO, *SETTINGS, *TINY, "--out", "run")
    for more, words in ((("--task", "video"), "got --task as well"), (("--epochs", "2"), "got --epochs as well"),
                        (("--target", "x"), "--target is not for videos")):
        code, _, err = ran(capsys, "train", "--resume", "run", "--quiet", *more)
        assert code == 2 and words in err, err


def test_a_run_is_scored_again_with_parts_of_its_state_cut(tmp_path, capsys):
    code, out, _ = ran(capsys, *VIDEO, *SETTINGS, *TINY, "--out", "run")
    assert code == 0 and all((tmp_path / "run" / name).read_bytes().startswith(b"\x89PNG")
                             for name in ("curves.png", "attention.png", "confusion.png")) and "attention.png" in out
    summary = load_video_run("run").summary

    def figure(key):
        return f"{100 * summary[key]:.1f} %"

    code, out, _ = ran(capsys, "eval", "run", "--split", "test", "--picture", "c.png")
    assert code == 0 and f"test mean class accuracy {figure('test_mean_class_accuracy')}, accuracy " in out
    assert "10 videos of synthetic-video scored" in out and "carried: memory; weights of step" in out
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = ran(capsys, "eval", "run/checkpoint.safetensors", "--cut", "memory", "--batch", "3")
    assert code == 0 and "weights of step 2" in out          # the last; the summary is of the best
    code, out, _ = ran(capsys, "eval", "run", "--cut", "memory", "--batch", "3")
    assert code == 0 and f"valid mean class accuracy {figure('valid_mean_class_accuracy_memory_cut')}" in out
    assert "batch 3," in out and "carried: nothing;" in out
    code, out, _ = ran(capsys, "eval", "run", "--cut", "state")
    worth = 100 * (summary["valid_mean_class_accuracy"] - summary["valid_mean_class_accuracy_state_cut"])
    assert code == 0 and "carried: nothing" in out and f"the cut costs {worth:.1f} points" in out
    for more, words in ((("--data", "a.csv"), "--data is not for videos"), (("--dynamic",), "--dynamic is not for"),
                        (("--segment-length", "2"), "--segment-length is not for videos"),
                        (("--cut", "memry"), "memry"), (("--picture", "c.png"), "is there already"),
                        (("--corpus", "nowhere"), "nowhere")):
        code, _, err = ran(capsys, "eval", "run", *more)
        assert code == 2 and words in err and len(err.strip().splitlines()) == 1, err
    code, out, _ = ran(capsys, "info", "run")
    assert code == 0 and "kept of the clips" in out and "2 steps" in out and "patch.weight" in out
    for command in (("generate", "run"), ("surprise", "run", "a.txt"), ("budget", "run"),
                    ("quantize", "run", "--bits", "8", "--out", "q"), ("export", "run", "--format", "c", "--out", "q")):
        code, _, err = ran(capsys, *command)
        assert code == 2 and len(err.strip().splitlines()) == 1, err


def test_what_the_size_of_the_paper_takes(capsys, monkeypatch):
    from minicrt.accounting import video_step

    monkeypatch.setattr(video_step, "kept_of_a_clip", lambda model: 2 ** 30)     # half a minute of work
    code, out, _ = ran(capsys, "info", "--preset", "crvit-base")
    assert code == 0 and "121,863,199" in out and "262,144.0 MiB" in out         # 64 videos of 4 clips
    assert "TFLOP a step" in out and "15 epochs of 10,000 videos" in out


def test_classes_are_named_as_many_as_there_are():
    assert some("ab") == "a, b" and some("abcde") == "a, b, c, d, … (5 in all)"
