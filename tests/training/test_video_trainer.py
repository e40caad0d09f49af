"""Training a model of video on arrays: what each arm reads, that it learns across clips, and refusals"""

import numpy as np
import pytest

from minicrt.data.synthetic_video import SyntheticVideo
from minicrt.data.video_batch import VideoBatch
from minicrt.data.video_source import SyntheticSource
from minicrt.errors import InputError, TrainingError
from minicrt.models.video import create_video_model
from minicrt.training import AdamW, evaluate_video, mean_class_accuracy, train_on_batches, video_step
from minicrt.training.video_trainer import watched

SMALL = {"frame_size": 16, "patch_size": 8, "width": 8, "heads": 2, "inner": 16, "layers": 1}
VIDEOS = SyntheticVideo(clips=3, frames=2, size=16, shortest=2)


def model_of(classes=16, frames=2, model="crvit", **changes):
    return create_video_model(classes, frames, model, **{**SMALL, **changes})


def blinking(rng, batch):
    """The class is whether the first of two clips is bright; the second is grey."""
    labels = rng.integers(0, 2, batch)
    clips = np.full((2, batch, 2, 16, 16, 3), 0.5, np.float32)
    clips[0] += (labels[:, None, None, None, None] - 0.5) * 0.8
    nobody = np.full(batch, -1)
    return VideoBatch(clips, labels, np.full(batch, 2), None, None, nobody, nobody)


def test_what_each_arm_reads():
    batch = VIDEOS.batch(np.random.default_rng(0), 20)
    assert set(batch.lengths) == {2, 3}
    clips, last, frames = (watched(model_of(), batch, reads) for reads in ("clips", "last", "frames"))
    assert [clip.shape for clip in clips.clips] == [(20, 2, 16, 16, 3)] * 3
    assert np.array_equal(clips.lengths, batch.lengths)
    for i, n in enumerate(batch.lengths):
        np.testing.assert_array_equal(last.clips[0][i], batch.clips[n - 1, i])
    np.testing.assert_array_equal(frames.clips[0][:, 2:4], batch.clips[1])
    assert len(last.clips) == len(frames.clips) == 1 and frames.clips[0].shape[1] == 6
    assert set(last.lengths) == set(frames.lengths) == {1} and clips.skeletons is None


@pytest.mark.parametrize("reads", ["clips", "last", "frames"])
def test_the_modules_get_the_joints_of_what_is_read(reads):
    batch, J = VIDEOS.batch(np.random.default_rng(0), 5), VIDEOS.batch(np.random.default_rng(0), 5).joints.shape[3]
    model = model_of(frames=6 if reads == "frames" else 2, model="crvit" if reads == "clips" else "vit", joints=J,
                     joint_features=4)
    seen = watched(model, batch, reads)
    assert len(seen.skeletons) == len(seen.clips)
    for skeleton, clip in zip(seen.skeletons, seen.clips):
        assert skeleton.joints.shape[:2] == skeleton.visible.shape[:2] == clip.shape[:2]
        assert skeleton.features.shape == (5, 4)
    p = model.initialize(np.random.default_rng(1))
    before = p.copy()
    video_step(model, p, p.zeros_like(), AdamW(p, 1e-3), batch, reads=reads)
    assert (p["joints.hidden.weight"] != before["joints.hidden.weight"]).any()
    assert (p["features.weight"] != before["features.weight"]).any()
    no_joints = blinking(np.random.default_rng(0), 3)
    with pytest.raises(InputError, match="these videos have none"):
        watched(model, no_joints, reads)


def test_what_the_first_clip_shows_is_learned_across_clips_and_lost_with_a_cut():
    rng = np.random.default_rng(2)
    model = model_of(2, position_carry=False)
    trained = train_on_batches(model, (blinking(rng, 16) for _ in range(60)), 60, rng=rng, learning_rate=1e-2, warmup=5)
    tests = [blinking(np.random.default_rng(9), 64)]
    whole = evaluate_video(model, trained.parameters, tests)
    cut = evaluate_video(model, trained.parameters, tests, cut=["memory"])
    assert len(trained.losses) == 60 and whole.sum() == 64
    assert mean_class_accuracy(whole).mean == 1 and mean_class_accuracy(cut).mean == 0.5
    assert evaluate_video(model, trained.parameters, tests, reads="last").max(0).min() == 0      # always the same class


def test_a_cue_and_a_motion_are_learned_where_pixels_are_centred_and_scaled():
    """Of synthetic videos, with the memory as the only carrier, by a model made as `minicrt train` makes one. Where
    2x − 1 is read and the time steps start close together, the loss is near 0.7 then, and not near 0.01."""
    source = SyntheticSource(SyntheticVideo(cues=2, motions=2, clips=2, frames=4, size=16, distractors=0))
    mean, deviation = source.pixels()
    model = model_of(4, 4, width=32, heads=4, inner=64, positions="learned", pixel_mean=mean, pixel_deviation=deviation)
    batches = (source.training_batch(0, step, 32) for step in range(70))
    trained = train_on_batches(model, batches, 70, rng=np.random.default_rng(0), learning_rate=3e-3, warmup=40)

    def scored(**options):
        tests = source.task.fixed_set(0, 80, 40, "valid")
        return mean_class_accuracy(evaluate_video(model, trained.parameters, tests, **options)).mean

    assert np.mean(trained.losses[-10:]) < 0.3, trained.losses
    assert scored() > 0.9 and scored(cut=["memory"]) <= 0.5


def test_a_seed_gives_a_run_and_dropout_draws_from_it():
    losses = [train_on_batches(model_of(2, dropout=0.2, path_dropout=0.2), [blinking(np.random.default_rng(3), 4)] * 2,
                               2, rng=np.random.default_rng(seed)).losses for seed in (5, 5, 6)]
    assert losses[0] == losses[1] != losses[2]


def test_refusals():
    model, batch = model_of(2), blinking(np.random.default_rng(3), 4)
    with pytest.raises(InputError, match="there are 1 batches, expected one for each of 2 steps"):
        train_on_batches(model, [batch], 2, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="the batch is a list, expected a VideoBatch"):
        watched(model, [1, 2])
    with pytest.raises(InputError, match="reads is 'all', expected clips, last, frames"):
        watched(model, batch, "all")
    p = model.initialize(np.random.default_rng(0))
    p["output.bias"] = np.inf
    before = p.flat.copy()
    with pytest.raises(TrainingError, match="step 1: the loss is"):
        video_step(model, p, p.zeros_like(), AdamW(p, 1e-3), batch)
    np.testing.assert_array_equal(p.flat, before)
