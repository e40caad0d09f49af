"""Runs on videos: figures, resuming to the same bits, loading, refusals"""

import io
import json
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from minicrt.data import video_source as source
from minicrt.data.synthetic_video import SyntheticVideo
from minicrt.data.video_source import SyntheticSource, video_source
from minicrt.errors import CheckpointError, ConfigurationError, InputError
from minicrt.models.video import create_video_model, run_video
from minicrt.training import (
    Bar,
    Interrupted,
    Lines,
    Progress,
    accuracy,
    confusion_matrix,
    cut_entries,
    load_run,
    load_sensor_run,
    load_video_run,
    mean_class_accuracy,
    resume_videos,
    score_videos,
    train_videos,
    video_run,
)
from minicrt.training.video_run import is_video_run

TASK = SyntheticVideo(cues=2, motions=2, clips=3, shortest=2, frames=2, size=16)
SMALL = {"width": 8, "layers": 1, "heads": 2, "inner": 8, "frame_size": 16, "patch_size": 8}
VALID, TEST = 20, 30
BRIEF = {"steps": 4, "warmup_steps": 1, "evaluations": 2, "batch": 4, "evaluation_batch": 16, "bptt_segments": 3}
VIDEOS = SyntheticSource(TASK)


def model(name="crvit", frames=2, **changes):
    return create_video_model(4, frames, name, **{**SMALL, **changes})


class StopAt(Progress):
    """What a signal does, at a step"""

    def __init__(self, at):
        self.at = at

    def step(self, step, loss, tokens):
        if step == self.at:
            raise Interrupted("stopped")


@pytest.fixture(scope="module", autouse=True)
def few_videos():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "VALIDATED", VALID)
        patch.setattr(source, "TESTED", TEST)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train_videos(tmp_path_factory.mktemp("runs") / "run", model(), VIDEOS, progress=False, **BRIEF)


def test_scores_are_those_of_the_videos_one_by_one():
    net = model()
    parameters = net.initialize(np.random.default_rng(0))
    batches = [TASK.batch(np.random.default_rng(seed), size) for seed, size in ((0, 6), (1, 3))]
    found = score_videos(net, parameters, batches)
    labels, taken, losses = [], [], []
    for batch in batches:
        for b, length in enumerate(batch.lengths):
            one = run_video(net, parameters, batch.clips[:length, b:b + 1], batch.labels[b:b + 1])
            labels.append(batch.labels[b])
            taken.append(int(one.scores.argmax()))
            losses.append(float(one.loss))
    np.testing.assert_array_equal(found.confusion, confusion_matrix(labels, taken, 4))
    assert found.loss == pytest.approx(np.mean(losses), rel=1e-5)
    cut = score_videos(net, parameters, batches, cut=cut_entries(net, "state"))
    assert cut.loss != found.loss
    with pytest.raises(InputError, match="no video to be scored"):
        score_videos(net, parameters, [])


def test_the_figures_of_a_run(run):
    summary = run.summary
    assert summary["steps"] == 4 and summary["task"] == "video" and summary["classes"] == list(TASK.classes)
    for part, videos in (("valid", VALID), ("test", TEST)):
        found = score_videos(run.model, run.parameters, VIDEOS.scored(part, 16))
        assert found.confusion.sum() == videos and summary[f"{part}_loss"] == pytest.approx(found.loss, rel=1e-6)
        assert summary[f"{part}_accuracy"] == accuracy(found.confusion)
        assert summary[f"{part}_mean_class_accuracy"] == mean_class_accuracy(found.confusion).mean
        if part == "test":
            assert summary["confusion"] == found.confusion.tolist() and summary["without"] == []
    cut = score_videos(run.model, run.parameters, VIDEOS.scored("valid", 16), cut=cut_entries(run.model, "memory"))
    assert summary["valid_mean_class_accuracy_memory_cut"] == mean_class_accuracy(cut.confusion).mean
    assert summary["state_carried"] == sorted(run.model.state_shapes(1).keys() - run.model.detached_entries)
    assert "memory" in summary["state_carried"]
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines][-1] == 4 and all("valid_mean_class_accuracy" in line for line in lines)
    assert (run.folder / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_made_takes_nothing_from_a_run(run, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    (folder / "confusion.png").unlink()

    def full(*_):
        raise OSError(28, "No space left on device")
    said = []
    progress = Progress()
    monkeypatch.setattr(progress, "say", said.append)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video_run, "write_atomically", full)
        assert resume_videos(folder, progress=progress).summary == run.summary
    assert "confusion.png could not be made: [Errno 28] No space left on device" in said[0]
    resume_videos(folder, progress=progress)
    assert (folder / "confusion.png").exists() and len(said) == 1


def test_a_run_comes_back_as_it_was(run):
    again = load_video_run(run.folder)
    assert again.parameters.flat.tobytes() == run.parameters.flat.tobytes() and again.classes == TASK.classes
    assert again.model.layout == run.model.layout and again.step == run.step and again.summary == run.summary
    assert load_video_run(run.folder / "checkpoint.safetensors").classes == TASK.classes
    assert resume_videos(run.folder, progress=False).parameters.flat.tobytes() == run.parameters.flat.tobytes()
    assert is_video_run(run.folder) and "4 classes" in repr(run)


@pytest.mark.parametrize("at", [1, 3])
def test_a_run_that_was_stopped_ends_with_the_same_bits(run, tmp_path, at):
    with pytest.raises(Interrupted):
        train_videos(tmp_path / "run", model(), VIDEOS, progress=StopAt(at), **BRIEF)
    assert resume_videos(tmp_path / "run", progress=False).parameters.flat.tobytes() == run.parameters.flat.tobytes()


def test_a_run_of_minutes_is_planned(tmp_path):
    made = train_videos(tmp_path / "run", model(), VIDEOS, progress=False, minutes=0.02, warmup_steps=10,
                           evaluations=1, batch=2, evaluation_batch=16)
    assert made.summary["steps"] >= 1


def test_other_videos_and_other_runs_are_refused(run, tmp_path):
    with pytest.raises(Interrupted):
        train_videos(tmp_path / "run", model(), VIDEOS, progress=StopAt(1), **BRIEF)
    with pytest.raises(CheckpointError, match="the videos synthetic-video are not those that the run was trained on"):
        resume_videos(tmp_path / "run", SyntheticSource(SyntheticVideo(cues=2, motions=2, frames=2, size=16)), False)
    with pytest.raises(CheckpointError, match="is of a run on videos, where one on text is expected; give one of "
                                              "these, or load it, from Python, with minicrt.training.load_video_run"):
        load_run(run.folder)
    with pytest.raises(CheckpointError, match="is of a run on videos, where one on sensor readings is expected; "
                                              "give one of these, or load it, from Python, with minicrt.training.load"):
        load_sensor_run(run.folder)
    for wrong, words in [(lambda: model(frames=3), "the model has 4 classes, 3 frames a clip and pictures of 16 "
                                                   "pixels; the videos have 4, 2 and 16: create_video_model"),
                         (lambda: create_video_model(5, 2, **SMALL), "the model has 5 classes")]:
        with pytest.raises(ConfigurationError, match=words):
            train_videos(tmp_path / "other", wrong(), VIDEOS, progress=False, **BRIEF)
    with pytest.raises(ConfigurationError, match="restart_rate cuts a stream of text or of readings"):
        train_videos(tmp_path / "other", model(), VIDEOS, progress=False, **{**BRIEF, "restart_rate": 0.1})
    with pytest.raises(InputError, match="videos is a SyntheticVideo, expected videos; load them with video_source"):
        train_videos(tmp_path / "other", model(), TASK, progress=False)


def test_the_mean_and_the_deviation_of_the_pixels_are_those_of_what_is_shown(monkeypatch):
    """Videos of two and three clips: the black behind the shorter ones' end does not count."""
    monkeypatch.setattr(source, "PIXELS_OF", 20)
    batches = [VIDEOS.training_batch(0, step, 16) for step in (0, 1)]
    shown = [batch.clips[n, b] for batch in batches for b in range(16) for n in range(batch.lengths[b])]
    assert {2, 3} == {int(length) for batch in batches for length in batch.lengths}
    assert VIDEOS.pixels() == pytest.approx((np.mean(shown), np.std(shown)), abs=6e-4)
    monkeypatch.setattr(VIDEOS, "training_batch", lambda *_: replace(batches[0], clips=0.5 + 0 * batches[0].clips))
    assert VIDEOS.pixels() == (0.5, 0.004)


@pytest.mark.parametrize("kind", [partial(Lines, seconds=0), Bar], ids=["Lines", "Bar"])
def test_what_is_counted_a_second_are_videos(tmp_path, kind):
    stream = io.StringIO()
    train_videos(tmp_path / "run", model(), VIDEOS, steps=2, batch=4, progress=kind(stream))
    assert "videos/s" in stream.getvalue() and "tokens" not in stream.getvalue()


def test_videos_by_name():
    videos = video_source("synthetic-video", {"clips": 2, "frames": 2, "size": 16})
    assert videos.clip == (2, 16) and len(videos.classes) == 16 and videos.training_batches(16) == 64
    one, two = (videos.training_batch(1, 5, 3) for _ in range(2))
    assert one.clips.tobytes() == two.clips.tobytes() != videos.training_batch(1, 6, 3).clips.tobytes()
    assert [videos.counts(part).sum() for part in ("train", "valid", "test")] == [1024, VALID, TEST]
    with pytest.raises(ConfigurationError, match="unknown key 'stride'"):
        video_source("synthetic-video", {"stride": 2})
    with pytest.raises(ConfigurationError, match="unknown key 'protocol' in the reading of videos"):
        video_source("a folder", {"protocol": "CS"})
